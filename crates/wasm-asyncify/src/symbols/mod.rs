//! The data with which a suspended program can describe its own frames: for backtraces.
//!
//! ```text
//!   instrument ─► frame maps ──┐
//!                              ├─► encode.rs ─► a passive data segment ◄─ bysyncify_symbols copies from it
//!   names, DWARF ─► places.rs ─┘
//! ```
//!
//! The code of a module is the same with the data and without. The segment exists only if the program calls
//! `bysyncify_symbols`, as it does if it requests a backtrace. `build/linker_abi.rs` of the library defines the
//! format.

mod encode;
mod places;

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{DataSection, Encode, Section};
use wasmparser::{Operator, Parser, Payload};

use crate::abi;
use crate::error::{Context, Result};
use crate::instrument::FrameMap;
use crate::module::ModuleInfo;

use encode::Encoder;
use places::Places;

/// What the data says about functions, apart from the contents of their frames.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told<'a> {
    /// Whether it contains their names, and their places in the source.
    pub(crate) names: bool,
    /// File names are shown relative to this folder.
    pub(crate) folder: Option<&'a str>,
    /// The module with its DWARF, if it is not in the module itself.
    pub(crate) with_dwarf: Option<&'a [u8]>,
}

/// Fills the segment, if the module has one.
///
/// # Errors
///
/// If the module cannot be read.
pub(crate) fn fill(
    module: &mut Vec<u8>,
    maps: &[FrameMap],
    is_flat: bool,
    told: Told<'_>,
) -> Result<()> {
    let info = ModuleInfo::read(module)?;
    let Some(segment) = segment(&info)? else { return Ok(()) };
    let places = match told.names {
        true => Places::read(told.with_dwarf.unwrap_or(module), told.folder)?,
        false => Places::default(),
    };
    let text = Encoder::new(&info, maps, is_flat, places).encode()?;
    let written = with_data(module, &info, segment, &text)?;
    *module = written;
    Ok(())
}

/// The data segment that `bysyncify_symbols` copies from.
fn segment(info: &ModuleInfo<'_>) -> Result<Option<u32>> {
    let mut named = info.function_names.iter().filter(|(_, name)| **name == abi::SYMBOLS);
    let Some(body) = named.next().and_then(|(function, _)| info.body(*function)) else {
        return Ok(None);
    };
    for operator in body.get_operators_reader()? {
        if let Operator::MemoryInit { data_index, .. } = operator? {
            return Ok(Some(data_index));
        }
    }
    Ok(None)
}

/// The module with other bytes in a segment. Sections before the data do not move, so neither does code.
fn with_data(module: &[u8], info: &ModuleInfo<'_>, segment: u32, bytes: &[u8]) -> Result<Vec<u8>> {
    let mut data = DataSection::new();
    for (index, old) in (0..).zip(&info.data) {
        if index == segment {
            data.passive(bytes.iter().copied());
        } else {
            RoundtripReencoder.parse_data(&mut data, old.clone())?;
        }
    }
    // A section's range begins after its length field, so each section begins where the one before ends.
    let mut end = 0;
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        let Some((_, range)) = payload.as_section() else {
            if let Payload::Version { range, .. } = payload {
                end = usize::try_from(range.end)?;
            }
            continue;
        };
        let next = usize::try_from(range.end)?;
        if matches!(payload, Payload::DataSection(_)) {
            let mut written = module.get(..end).context("sections out of order")?.to_vec();
            written.push(data.id());
            data.encode(&mut written);
            written.extend(module.get(next..).context("sections out of order")?);
            return Ok(written);
        }
        end = next;
    }
    Err(crate::error::Error::invalid("a segment without a section"))
}
