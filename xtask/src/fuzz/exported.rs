//! Exports an internal function of a module, so that the fuzzer can check what is saved in its memory.

use core::convert::Infallible;

use anyhow::{Context, Result};
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{ExportKind, ExportSection, Module};
use wasmparser::{KnownCustom, Name, Parser, Payload};

/// The name of the function that returns the size of a frame by the number at its beginning. Only modules whose
/// functions are resumed one by one have it.
pub(super) const FRAME_SIZE: &str = "asyncify_frame_size";

/// The module, with that function exported if it exists.
pub(super) fn with_frame_size(wasm: &[u8]) -> Result<Vec<u8>> {
    let Some(function) = named(wasm, FRAME_SIZE)? else { return Ok(wasm.to_vec()) };
    let mut module = Module::new();
    Exporter { function }
        .parse_core_module(&mut module, Parser::new(0), wasm)
        .context("cannot write the module anew")?;
    Ok(module.finish())
}

struct Exporter {
    function: u32,
}

impl Reencode for Exporter {
    type Error = Infallible;

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: wasmparser::ExportSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_export_section(self, exports, section)?;
        exports.export(FRAME_SIZE, ExportKind::Func, self.function);
        Ok(())
    }
}

/// The function with this name.
fn named(wasm: &[u8], name: &str) -> Result<Option<u32>> {
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::CustomSection(section) = payload? else { continue };
        let KnownCustom::Name(names) = section.as_known() else { continue };
        for part in names {
            let Name::Function(functions) = part? else { continue };
            for naming in functions {
                let naming = naming?;
                if naming.name == name {
                    return Ok(Some(naming.index));
                }
            }
        }
    }
    Ok(None)
}
