//! The sections that `--emit-relocs` leaves in a module: `linking`, `reloc.CODE`, `reloc.DATA`.

use anyhow::{Context, Result};
use wasm_encoder::{
    CustomSection, DataSymbolDefinition, Encode, LinkingSection, Section, SymbolTable,
};
use wasmparser::{Parser, Payload};

/// The target of an address in code or data.
#[derive(Clone, Copy, Debug)]
pub(super) enum Address {
    /// A function, by its index in its program.
    Function(usize),
    /// Data, by its number among all data symbols of the module.
    Data { symbol: usize, addend: u32 },
}

/// An item in a program's data.
pub(super) struct Symbol {
    pub(super) name: String,
    pub(super) offset: u32,
    pub(super) size: u32,
}

/// The contents of these sections for one program.
pub(super) struct Part<'a> {
    pub(super) symbols: &'a [Symbol],
    /// The index in the module of the program's first function.
    pub(super) first_function: u32,
    pub(super) in_code: &'a [Address],
    pub(super) in_data: &'a [(u32, Address)],
}

const TABLE_INDEX_SLEB: u8 = 1;
const TABLE_INDEX_I32: u8 = 2;
const MEMORY_ADDR_SLEB: u8 = 4;
const MEMORY_ADDR_I32: u8 = 5;

/// Appends the sections to the module. The data of the `n`th part is in the `n`th segment. `functions` is the number
/// of functions.
pub(super) fn append(wasm: &mut Vec<u8>, parts: &[Part<'_>], functions: u32) -> Result<()> {
    let layout = Layout::read(wasm)?;
    let mut table = SymbolTable::new();
    for index in 0..functions {
        // An imported function gets its name from the import.
        let name = format!("function{index}");
        let (flags, name) = if index < layout.imports {
            (SymbolTable::WASM_SYM_UNDEFINED, None)
        } else {
            (0, Some(name.as_str()))
        };
        table.function(flags, index, name);
    }
    for (segment, part) in (0..).zip(parts) {
        for Symbol { name, offset, size } in part.symbols {
            let definition = DataSymbolDefinition { index: segment, offset: *offset, size: *size };
            table.data(0, name, Some(definition));
        }
    }
    LinkingSection::new().symbol_table(&table).append_to(wasm);

    let mut in_code = Relocations { bytes: Vec::new(), count: 0, functions };
    let mut in_data = Relocations { bytes: Vec::new(), count: 0, functions };
    for (part, segment) in parts.iter().zip(&layout.segments) {
        for address in part.in_code {
            // The offset in the code does not matter.
            in_code.add([TABLE_INDEX_SLEB, MEMORY_ADDR_SLEB], 0, *address, part);
        }
        for (offset, address) in part.in_data {
            in_data.add([TABLE_INDEX_I32, MEMORY_ADDR_I32], segment + offset, *address, part);
        }
    }
    in_code.append(wasm, "reloc.CODE", layout.code);
    in_data.append(wasm, "reloc.DATA", layout.data);
    Ok(())
}

struct Relocations {
    bytes: Vec<u8>,
    count: u32,
    functions: u32,
}

impl Relocations {
    fn add(&mut self, types: [u8; 2], offset: u32, address: Address, part: &Part<'_>) {
        self.count += 1;
        let [of_function, of_data] = types;
        match address {
            Address::Function(function) => {
                self.bytes.push(of_function);
                offset.encode(&mut self.bytes);
                (part.first_function + function as u32).encode(&mut self.bytes);
            }
            Address::Data { symbol, addend } => {
                self.bytes.push(of_data);
                offset.encode(&mut self.bytes);
                (self.functions + symbol as u32).encode(&mut self.bytes);
                addend.cast_signed().encode(&mut self.bytes);
            }
        }
    }

    fn append(&self, wasm: &mut Vec<u8>, name: &str, section: u32) {
        let mut data = Vec::new();
        section.encode(&mut data);
        self.count.encode(&mut data);
        data.extend(&self.bytes);
        CustomSection { name: name.into(), data: data.into() }.append_to(wasm);
    }
}

/// Positions in a module.
#[derive(Default)]
struct Layout {
    /// The number of imported functions.
    imports: u32,
    /// The index of the code section among all sections, and the index of the data section.
    code: u32,
    data: u32,
    /// The offset in the data section of each segment's contents.
    segments: Vec<u32>,
}

impl Layout {
    fn read(wasm: &[u8]) -> Result<Self> {
        let mut layout = Self::default();
        let mut sections = 0;
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload?;
            match &payload {
                Payload::ImportSection(section) => {
                    for import in section.clone().into_imports() {
                        let is_function = matches!(import?.ty, wasmparser::TypeRef::Func(_));
                        layout.imports += u32::from(is_function);
                    }
                }
                Payload::CodeSectionStart { .. } => layout.code = sections,
                Payload::DataSection(section) => {
                    layout.data = sections;
                    let start = section.range().start;
                    for segment in section.clone() {
                        let segment = segment?;
                        let contents = segment.range.end - segment.data.len() as u64;
                        let offset = contents.checked_sub(start).context("a segment outside")?;
                        layout.segments.push(u32::try_from(offset)?);
                    }
                }
                _ => {}
            }
            sections += u32::from(payload.as_section().is_some());
        }
        Ok(layout)
    }
}
