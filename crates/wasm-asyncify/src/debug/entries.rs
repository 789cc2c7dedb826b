//! Corrects `.debug_info` (and `.debug_types`), in place: the new value of an attribute has as many bytes as the
//! old one. So references to entries remain valid.
//!
//! | attribute | what is done |
//! |---|---|
//! | an address (`DW_AT_low_pc`, `DW_AT_call_pc`, …) | replaced |
//! | a length (`DW_AT_high_pc` as a constant) | replaced |
//! | an index of an address (DWARF 5) | the address is recorded, and corrected in `.debug_addr` |
//! | an offset in `.debug_line` | replaced |
//! | a list of ranges or locations | the list is recorded; in DWARF 5, lists move |
//!
//! Addresses in expressions (`DW_OP_addr`) are addresses of the memory, and stay. So do the indices of locals and
//! globals: passes only append to these.

use core::ops::Range;
use std::collections::{BTreeMap, BTreeSet};

use gimli::{AttributeValue, Dwarf, EndianSlice, LittleEndian, Unit, constants as dw};

use super::addresses::Addresses;
use super::bytes;
use crate::error::{Context, Result, bail};

pub(super) type Reader<'a> = EndianSlice<'a, LittleEndian>;

/// A section that contains lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ListSection {
    /// `.debug_ranges`, up to DWARF 4.
    Ranges,
    /// `.debug_loc`, up to DWARF 4.
    Locations,
    /// `.debug_rnglists`, from DWARF 5.
    RangeLists,
    /// `.debug_loclists`, from DWARF 5.
    LocationLists,
}

/// The data of a unit that its lists depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OfUnit {
    /// The base of its addresses, before the passes.
    pub(super) base: u64,
    /// The offset of its addresses in `.debug_addr`.
    pub(super) addresses: u64,
    pub(super) address_size: u8,
}

/// The lists that are referred to, by their offsets.
pub(super) type Lists = BTreeMap<u64, OfUnit>;

/// The corrected sections, except for references that [`finish`](Self::finish) corrects.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub(super) info: Vec<u8>,
    pub(super) types: Vec<u8>,
    pub(super) lists: BTreeMap<ListSection, Lists>,
    /// The offsets of code addresses in `.debug_addr`, each with its size.
    pub(super) indexed: BTreeSet<(u64, u8)>,
    references: Vec<Reference>,
}

/// A reference to an offset in a section whose contents move.
#[derive(Clone, Copy, Debug)]
struct Reference {
    is_in_types: bool,
    at: usize,
    size: usize,
    to: ListSection,
    old: u64,
}

/// Corrects all entries. `lines` maps old offsets in `.debug_line` to new ones.
pub(super) fn correct(
    dwarf: &Dwarf<Reader<'_>>,
    info: &[u8],
    types: &[u8],
    lines: &BTreeMap<u64, u64>,
    addresses: &Addresses<'_>,
) -> Result<Entries> {
    let mut entries = Entries { info: info.to_vec(), types: types.to_vec(), ..Entries::default() };
    let mut units = dwarf.units();
    while let Some(header) = units.next()? {
        let start = header.debug_info_offset().context("a unit that is nowhere")?.0;
        let unit = Walk::new(dwarf, dwarf.unit(header)?, false, start, lines, addresses);
        unit.correct(&mut entries)?;
    }
    let mut units = dwarf.type_units();
    while let Some(header) = units.next()? {
        let start = header.debug_types_offset().context("a unit that is nowhere")?.0;
        let unit = Walk::new(dwarf, dwarf.unit(header)?, true, start, lines, addresses);
        unit.correct(&mut entries)?;
    }
    Ok(entries)
}

impl Entries {
    /// Corrects references to lists that have moved. `offsets` maps old offsets to new ones.
    pub(super) fn finish(
        &mut self,
        section: ListSection,
        offsets: &BTreeMap<u64, u64>,
    ) -> Result<()> {
        for reference in self.references.iter().filter(|reference| reference.to == section) {
            let Reference { is_in_types, at, size, old, .. } = *reference;
            let new = offsets.get(&old).context("a list that is not where a list begins")?;
            let bytes = if is_in_types { &mut self.types } else { &mut self.info };
            bytes::write(bytes, at, size, *new)?;
        }
        Ok(())
    }
}

/// Corrects the entries of one unit.
struct Walk<'a> {
    dwarf: &'a Dwarf<Reader<'a>>,
    unit: Unit<Reader<'a>>,
    is_in_types: bool,
    /// The offset of the unit in its section.
    start: usize,
    lines: &'a BTreeMap<u64, u64>,
    addresses: &'a Addresses<'a>,
}

impl<'a> Walk<'a> {
    fn new(
        dwarf: &'a Dwarf<Reader<'a>>,
        unit: Unit<Reader<'a>>,
        is_in_types: bool,
        start: usize,
        lines: &'a BTreeMap<u64, u64>,
        addresses: &'a Addresses<'a>,
    ) -> Self {
        Self { dwarf, unit, is_in_types, start, lines, addresses }
    }

    fn of_unit(&self) -> OfUnit {
        OfUnit {
            base: self.unit.low_pc,
            addresses: self.unit.addr_base.0 as u64,
            address_size: self.unit.encoding().address_size,
        }
    }

    fn correct(&self, new: &mut Entries) -> Result<()> {
        let mut entries = self.unit.header.entries_raw(&self.unit.abbreviations, None)?;
        while !entries.is_empty() {
            let Some(abbreviation) = entries.read_abbreviation()? else { continue };
            let mut low = None;
            // The place of the length, its form and its value.
            let mut length = None;
            for spec in abbreviation.attributes() {
                let begin = entries.next_offset().0;
                let attribute = entries.read_attribute(*spec)?;
                let place = self.start + begin..self.start + entries.next_offset().0;
                let raw = attribute.raw_value();
                match (attribute.name(), raw) {
                    (dw::DW_AT_low_pc, AttributeValue::Addr(old)) => low = Some(old),
                    (dw::DW_AT_low_pc, AttributeValue::DebugAddrIndex(index)) => {
                        low = Some(self.dwarf.address(&self.unit, index)?);
                    }
                    // It should be an address; wast writes a constant.
                    (dw::DW_AT_low_pc, _) => low = raw.udata_value(),
                    (dw::DW_AT_high_pc, _) => {
                        let is_leb = attribute.form() == dw::DW_FORM_udata;
                        length = raw.udata_value().map(|value| (place.clone(), is_leb, value));
                    }
                    _ => {}
                }
                self.attribute(raw, attribute.value(), attribute.name(), place, new)?;
            }
            if let (Some(low), Some((place, is_leb, old))) = (low, length)
                && let Some(range) = self.addresses.new_range(low..low.saturating_add(old))
            {
                let (section, length) = (self.section(new), range.end - range.start);
                match is_leb {
                    true => bytes::write_uleb(section, place.start, place.len(), length),
                    false => bytes::write(section, place.start, place.len(), length),
                }
                .context("a function is too long now")?;
            }
        }
        Ok(())
    }

    fn section<'b>(&self, new: &'b mut Entries) -> &'b mut [u8] {
        if self.is_in_types { &mut new.types } else { &mut new.info }
    }

    /// Corrects an attribute, unless it is a length. `value` is `raw`, interpreted by the attribute's name.
    fn attribute(
        &self,
        raw: AttributeValue<Reader<'a>>,
        value: AttributeValue<Reader<'a>>,
        name: gimli::DwAt,
        place: Range<usize>,
        new: &mut Entries,
    ) -> Result<()> {
        let is_before_5 = self.unit.encoding().version < 5;
        match (raw, value) {
            (AttributeValue::Addr(old), _) => {
                if let Some(address) = self.addresses.new_address(old) {
                    bytes::write(self.section(new), place.start, place.len(), address)?;
                }
            }
            (AttributeValue::DebugAddrIndex(index), _) => {
                let OfUnit { addresses, address_size, .. } = self.of_unit();
                let at = index.0 as u64 * u64::from(address_size) + addresses;
                new.indexed.insert((at, address_size));
            }
            (_, AttributeValue::DebugLineRef(old)) => {
                let line = self.lines.get(&(old.0 as u64)).context("a line table is missing")?;
                bytes::write(self.section(new), place.start, place.len(), *line)?;
            }
            (_, AttributeValue::RangeListsRef(offset)) => {
                let to = match is_before_5 {
                    true => ListSection::Ranges,
                    false => ListSection::RangeLists,
                };
                self.list(to, offset.0 as u64, Some(place), new);
            }
            (_, AttributeValue::LocationListsRef(offset)) => {
                let to = match is_before_5 {
                    true => ListSection::Locations,
                    false => ListSection::LocationLists,
                };
                self.list(to, offset.0 as u64, Some(place), new);
            }
            (_, AttributeValue::DebugRngListsIndex(index)) => {
                let offset = self.dwarf.ranges_offset(&self.unit, index)?;
                self.list(ListSection::RangeLists, offset.0 as u64, None, new);
            }
            (_, AttributeValue::DebugLocListsIndex(index)) => {
                let offset = self.dwarf.locations_offset(&self.unit, index)?;
                self.list(ListSection::LocationLists, offset.0 as u64, None, new);
            }
            (_, AttributeValue::DebugRngListsBase(base)) => {
                self.refer(ListSection::RangeLists, base.0 as u64, place, new);
            }
            (_, AttributeValue::DebugLocListsBase(base)) => {
                self.refer(ListSection::LocationLists, base.0 as u64, place, new);
            }
            (_, AttributeValue::DebugMacroRef(_) | AttributeValue::DebugMacinfoRef(_)) => {}
            (raw, _) if name == dw::DW_AT_entry_pc && raw.udata_value().is_some() => {
                bail!("an entry that is an offset");
            }
            _ => {}
        }
        Ok(())
    }

    /// Records a list, and the reference to it at `place`.
    fn list(&self, to: ListSection, old: u64, place: Option<Range<usize>>, new: &mut Entries) {
        new.lists.entry(to).or_default().insert(old, self.of_unit());
        if let Some(place) = place {
            self.refer(to, old, place, new);
        }
    }

    fn refer(&self, to: ListSection, old: u64, place: Range<usize>, new: &mut Entries) {
        let (at, size, is_in_types) = (place.start, place.len(), self.is_in_types);
        new.references.push(Reference { is_in_types, at, size, to, old });
    }
}
