//! Exports what a module has for itself, so that the fuzzer can look at what is saved in its memory.

use core::convert::Infallible;

use anyhow::{Context, Result};
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{ExportKind, ExportSection, Module};
use wasmparser::{KnownCustom, Name, Parser, Payload};

/// Tells how many bytes the frame has that begins with a number. Only a module has it whose functions are
/// resumed one by one.
pub(super) const FRAME_SIZE: &str = "asyncify_frame_size";

/// The module, with that function exported if it has it.
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

/// The function of this name.
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
