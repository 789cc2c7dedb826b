//! Corrects the lists of DWARF 2 to 4, in place: `.debug_ranges`, `.debug_loc`, and `.debug_aranges`.
//!
//! A list consists of pairs of addresses, relative to a base. The base is the unit's, or is set by a pair whose
//! first number is the largest possible one. The list ends with a pair of zeroes. In a location list an expression
//! follows each pair.

use super::addresses::Addresses;
use super::bytes;
use super::entries::{Lists, OfUnit};
use crate::error::{Result, bail};

/// Corrects the given lists of a section.
pub(super) fn correct(
    section: &mut [u8],
    lists: &Lists,
    has_expressions: bool,
    addresses: &Addresses<'_>,
) -> Result<()> {
    for (offset, unit) in lists {
        correct_one(section, *offset as usize, *unit, has_expressions, addresses)?;
    }
    Ok(())
}

fn correct_one(
    section: &mut [u8],
    mut at: usize,
    unit: OfUnit,
    has_expressions: bool,
    addresses: &Addresses<'_>,
) -> Result<()> {
    let size = usize::from(unit.address_size);
    let largest = largest(size)?;
    let new_base = |base: u64| addresses.new_address(base).unwrap_or(base);
    let mut base = unit.base;
    loop {
        let [first, second] =
            [bytes::read(section, at, size)?, bytes::read(section, at + size, size)?];
        let [first_at, second_at] = [at, at + size];
        at += 2 * size;
        if first == 0 && second == 0 {
            return Ok(());
        }
        if first == largest {
            base = second;
            bytes::write(section, second_at, size, new_base(base))?;
            continue;
        }
        let begin = base.wrapping_add(first) & largest;
        let end = base.wrapping_add(second) & largest;
        // Code that the linker has removed is in no function.
        if let Some(range) = addresses.new_range(begin..end) {
            let from = new_base(base);
            bytes::write(section, first_at, size, range.start.wrapping_sub(from) & largest)?;
            bytes::write(section, second_at, size, range.end.wrapping_sub(from) & largest)?;
        }
        if has_expressions {
            at += 2 + bytes::read(section, at, 2)? as usize;
        }
    }
}

fn largest(size: usize) -> Result<u64> {
    match size {
        4 => Ok(u32::MAX.into()),
        8 => Ok(u64::MAX),
        _ => bail!("addresses of {size} bytes"),
    }
}

/// Corrects `.debug_aranges`: which unit has code at which addresses.
pub(super) fn correct_aranges(section: &mut [u8], addresses: &Addresses<'_>) -> Result<()> {
    let mut unit = 0;
    while unit < section.len() {
        let length = bytes::read(section, unit, 4)?;
        if length >= 0xffff_fff0 {
            bail!("`.debug_aranges` in the form for 64 bits");
        }
        let end = unit + 4 + length as usize;
        let size = bytes::read(section, unit + 10, 1)? as usize;
        largest(size)?;
        // The pairs are aligned to their size.
        let mut at = unit + 12_usize.next_multiple_of(2 * size);
        while at + 2 * size <= end {
            let begin = bytes::read(section, at, size)?;
            let end = begin.saturating_add(bytes::read(section, at + size, size)?);
            if let Some(range) = addresses.new_range(begin..end) {
                bytes::write(section, at, size, range.start)?;
                bytes::write(section, at + size, size, range.end - range.start)?;
            }
            at += 2 * size;
        }
        unit = end;
    }
    Ok(())
}
