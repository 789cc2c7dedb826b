//! Writes numbers in DWARF's encodings: in place, or appended.

use crate::error::{Context, Result, bail};

/// Writes a little-endian number of `size` bytes.
pub(super) fn write(section: &mut [u8], at: usize, size: usize, value: u64) -> Result<()> {
    if size < 8 && value >> (8 * size) != 0 {
        bail!("{value} does not go into {size} bytes");
    }
    let place = section.get_mut(at..at + size).context("a place outside of its section")?;
    place.copy_from_slice(value.to_le_bytes().get(..size).context("a number of no known size")?);
    Ok(())
}

/// Reads the number of `size` bytes at a place.
pub(super) fn read(section: &[u8], at: usize, size: usize) -> Result<u64> {
    let place = section.get(at..at + size).context("a place outside of its section")?;
    let mut value = [0; 8];
    value.get_mut(..size).context("a number of no known size")?.copy_from_slice(place);
    Ok(u64::from_le_bytes(value))
}

/// Overwrites a LEB128 number of `size` bytes with another one of the same size.
pub(super) fn write_uleb(section: &mut [u8], at: usize, size: usize, mut value: u64) -> Result<()> {
    let given = value;
    let place = section.get_mut(at..at + size).context("a place outside of its section")?;
    let (last, others) = place.split_last_mut().context("a number of no bytes")?;
    for byte in others {
        *byte = (value & 0x7f) as u8 | 0x80;
        value >>= 7;
    }
    if value > 0x7f {
        bail!("{given} does not go into {size} bytes");
    }
    *last = value as u8;
    Ok(())
}

pub(super) fn push_uleb(bytes: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

pub(super) fn push_sleb(bytes: &mut Vec<u8>, mut value: i64) {
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        let is_last = value == if byte & 0x40 == 0 { 0 } else { -1 };
        bytes.push(if is_last { byte } else { byte | 0x80 });
        if is_last {
            return;
        }
    }
}
