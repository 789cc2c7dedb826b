//! Rewrites the lists of DWARF 5, `.debug_rnglists` and `.debug_loclists`, and corrects `.debug_addr`, which
//! contains their addresses.
//!
//! ```text
//!   contribution: length version sizes count │ offsets of lists │ list list list …
//!                                            ▲
//!                                            └ the unit's base, which offsets count from
//!   list: entry entry … 0
//! ```
//!
//! The numbers in an entry have variable length (LEB128), so lists move, and references to them are corrected.

use std::collections::{BTreeMap, BTreeSet};

use gimli::{EndianSlice, LittleEndian, Reader};

use super::addresses::Addresses;
use super::bytes;
use super::entries::{ListSection, Lists, OfUnit};
use crate::error::{Context, Result, bail};

/// A rewritten section.
pub(super) struct Rewritten {
    pub(super) section: Vec<u8>,
    /// The new offsets of bases and lists, by their old ones.
    pub(super) offsets: BTreeMap<u64, u64>,
}

/// The kind of an entry, from its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    End,
    BaseIndex,
    Indices,
    IndexAndLength,
    Offsets,
    Default,
    Base,
    Addresses,
    AddressAndLength,
}

impl Kind {
    fn parse(section: ListSection, byte: u8) -> Result<Self> {
        // Location lists have one more kind, in the middle.
        let number = match section {
            ListSection::LocationLists => byte,
            _ if byte >= 5 => byte + 1,
            _ => byte,
        };
        Ok(match number {
            0 => Self::End,
            1 => Self::BaseIndex,
            2 => Self::Indices,
            3 => Self::IndexAndLength,
            4 => Self::Offsets,
            5 => Self::Default,
            6 => Self::Base,
            7 => Self::Addresses,
            8 => Self::AddressAndLength,
            _ => bail!("a list with entries of an unknown kind, {byte}"),
        })
    }
}

/// Rewrites a section. `lists` are the lists that are referred to; the function adds to `indexed` the places in
/// `.debug_addr` with addresses of code.
pub(super) fn rewrite(
    section: ListSection,
    old: &[u8],
    debug_addr: &[u8],
    lists: &Lists,
    addresses: &Addresses<'_>,
    indexed: &mut BTreeSet<(u64, u8)>,
) -> Result<Rewritten> {
    let mut new = Rewritten { section: Vec::with_capacity(old.len()), offsets: BTreeMap::new() };
    let mut at = 0;
    while at < old.len() {
        if bytes::read(old, at, 4)? >= 0xffff_fff0 {
            bail!("lists in the form for 64 bits");
        }
        let end = at + 4 + bytes::read(old, at, 4)? as usize;
        let begin = new.section.len();
        let base = at + 12;
        let count = bytes::read(old, at + 8, 4)? as usize;
        let new_base = begin + 12;
        new.offsets.insert(base as u64, new_base as u64);
        let first = base + 4 * count;
        new.section.extend_from_slice(old.get(at..first).context("lists that are cut off")?);
        // All lists of a contribution belong to one unit.
        let unit = lists.range(at as u64..end as u64).next().map(|(_, unit)| *unit);
        let Some(unit) = unit else {
            // No entry refers to these lists.
            new.section.truncate(begin);
            at = end;
            continue;
        };
        let mut writer = List {
            section,
            old,
            at: first,
            new: &mut new.section,
            unit,
            debug_addr,
            addresses,
            indexed,
        };
        while writer.at < end {
            new.offsets.insert(writer.at as u64, writer.new.len() as u64);
            writer.unit = lists.get(&(writer.at as u64)).copied().unwrap_or(unit);
            writer.list()?;
        }
        for number in 0..count {
            let place = 4 * number;
            let list = base as u64 + bytes::read(old, base + place, 4)?;
            let moved = new.offsets.get(&list).context("a list that is not where one begins")?;
            bytes::write(&mut new.section, new_base + place, 4, moved - new_base as u64)?;
        }
        let length = (new.section.len() - begin - 4) as u64;
        bytes::write(&mut new.section, begin, 4, length)?;
        at = end;
    }
    Ok(new)
}

/// Rewrites one list after the other.
struct List<'a> {
    section: ListSection,
    old: &'a [u8],
    /// The offset of the next byte to read.
    at: usize,
    new: &'a mut Vec<u8>,
    unit: OfUnit,
    debug_addr: &'a [u8],
    addresses: &'a Addresses<'a>,
    indexed: &'a mut BTreeSet<(u64, u8)>,
}

impl List<'_> {
    fn list(&mut self) -> Result<()> {
        let mut base = self.unit.base;
        loop {
            let byte = bytes::read(self.old, self.at, 1)? as u8;
            self.at += 1;
            self.new.push(byte);
            let kind = Kind::parse(self.section, byte)?;
            match kind {
                Kind::End => return Ok(()),
                Kind::BaseIndex => {
                    base = self.index()?;
                    continue;
                }
                Kind::Base => {
                    base = self.address()?;
                    self.push_address(base)?;
                    continue;
                }
                Kind::Indices => {
                    self.index()?;
                    self.index()?;
                }
                Kind::IndexAndLength => {
                    let begin = self.index()?;
                    self.length(begin)?;
                }
                Kind::Offsets => {
                    let [begin, end] = [self.uleb()?, self.uleb()?];
                    let range = base.wrapping_add(begin)..base.wrapping_add(end);
                    let from = self.addresses.new_address(base).unwrap_or(base);
                    let new = self.addresses.new_range(range);
                    let new = new.map(|new| (new.start.checked_sub(from), new.end - from));
                    let (begin, end) = match new {
                        Some((Some(begin), end)) => (begin, end),
                        Some((None, _)) => bail!("a range before the base that it counts from"),
                        None => (begin, end),
                    };
                    bytes::push_uleb(self.new, begin);
                    bytes::push_uleb(self.new, end);
                }
                Kind::Default => {}
                Kind::Addresses => {
                    for _ in 0..2 {
                        let address = self.address()?;
                        self.push_address(address)?;
                    }
                }
                Kind::AddressAndLength => {
                    let begin = self.address()?;
                    self.push_address(begin)?;
                    self.length(begin)?;
                }
            }
            if self.section == ListSection::LocationLists {
                let length = self.uleb()?;
                bytes::push_uleb(self.new, length);
                let expression = self.old.get(self.at..self.at + length as usize);
                self.new.extend_from_slice(expression.context("an expression that is cut off")?);
                self.at += length as usize;
            }
        }
    }

    fn uleb(&mut self) -> Result<u64> {
        let rest = self.old.get(self.at..).context("a list that is cut off")?;
        let mut reader = EndianSlice::new(rest, LittleEndian);
        let value = reader.read_uleb128()?;
        self.at += rest.len() - reader.len();
        Ok(value)
    }

    fn address(&mut self) -> Result<u64> {
        let size = usize::from(self.unit.address_size);
        self.at += size;
        bytes::read(self.old, self.at - size, size)
    }

    fn push_address(&mut self, old: u64) -> Result<()> {
        let size = usize::from(self.unit.address_size);
        let new = self.addresses.new_address(old).unwrap_or(old);
        let at = self.new.len();
        self.new.resize(at + size, 0);
        bytes::write(self.new, at, size, new)
    }

    /// Copies the index of an address, and returns the address.
    fn index(&mut self) -> Result<u64> {
        let index = self.uleb()?;
        bytes::push_uleb(self.new, index);
        let OfUnit { addresses, address_size, .. } = self.unit;
        let at = addresses + index * u64::from(address_size);
        self.indexed.insert((at, address_size));
        bytes::read(self.debug_addr, at as usize, address_size.into())
    }

    /// Rewrites the length of a range that begins at `begin`.
    fn length(&mut self, begin: u64) -> Result<()> {
        let old = self.uleb()?;
        let new = self.addresses.new_range(begin..begin.saturating_add(old));
        bytes::push_uleb(self.new, new.map_or(old, |new| new.end - new.start));
        Ok(())
    }
}

/// Corrects the addresses of code in `.debug_addr`. It also contains addresses of the memory.
pub(super) fn correct_indexed(
    section: &mut [u8],
    indexed: &BTreeSet<(u64, u8)>,
    addresses: &Addresses<'_>,
) -> Result<()> {
    for (at, size) in indexed {
        let (at, size) = (*at as usize, usize::from(*size));
        if let Some(new) = addresses.new_address(bytes::read(section, at, size)?) {
            bytes::write(section, at, size, new)?;
        }
    }
    Ok(())
}
