//! Random modules: each has many small programs, which share only the switch.

mod code;
mod exceptions;
mod lookalikes;
mod memory;
mod sections;
mod shape;
mod statements;
mod values;

use core::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use self::code::{Writer, markers};
pub(super) use self::memory::HEADER;
use self::memory::Memory;
use self::sections::{Address, Part};
use self::shape::{Kind, Shape, Type};
use super::random::{self, Random};

/// The largest number of programs in a module: so many have different types.
pub(super) const PROGRAMS: usize = 27;

/// The functions that all programs share, imported ones first; see `switch.wat`.
const SHARED_FUNCTIONS: u32 = 17;
/// The same, if they throw exceptions; see `exceptions.rs`.
const SHARED_FUNCTIONS_THROWING: u32 = SHARED_FUNCTIONS + 2;

const PAGE: u32 = 0x1_0000;

/// A random module.
pub(super) struct Module {
    pub(super) text: String,
    pub(super) wasm: Vec<u8>,
    /// The number of functions that belong to programs.
    pub(super) functions: u32,
    /// The number of tables that look like vtables, and are copied, changed and called through.
    pub(super) lookalikes: usize,
}

struct Program {
    shape: Shape,
    memory: Memory,
    first_function: u32,
    code: String,
    in_code: Vec<Address>,
}

/// The module for this seed, with only those of its programs that have these numbers.
pub(super) fn module(seed: u64, numbers: &[usize]) -> Result<Module> {
    made(seed, numbers, false)
}

/// The same, with programs that throw and catch exceptions.
pub(super) fn throwing_module(seed: u64, numbers: &[usize]) -> Result<Module> {
    made(seed, numbers, true)
}

fn made(seed: u64, numbers: &[usize], throws: bool) -> Result<Module> {
    let mut random = Random::new(seed);
    let changes_table = random.percent(25);
    let exports_table = random.percent(15);
    let has_relocations = random.percent(75);
    let mut programs: Vec<Program> = Vec::new();
    let shared = if throws { SHARED_FUNCTIONS_THROWING } else { SHARED_FUNCTIONS };
    let (mut functions, mut entries, mut symbols) = (shared, 1, 0);
    for (place, number) in (0..).zip(numbers) {
        let mut random = Random::new(random::part(seed, *number as u64 + 1));
        let shape = Shape::random(*number, &mut random);
        let memory =
            Memory::new(&shape, PAGE + place * memory::SIZE, entries, symbols, &mut random);
        let writer = Writer::new(&shape, &memory, *number, changes_table, throws, &mut random);
        let (code, in_code) = writer.finish();
        let first_function = functions;
        // Its panic, its entry and the function that the host calls.
        functions += shape.functions.len() as u32 + 3;
        entries += memory.table.len() as u32 + 1;
        symbols += memory.symbols.len();
        programs.push(Program { shape, memory, first_function, code, in_code });
    }
    let text = text(&programs, numbers, entries, exports_table, throws);
    let mut wasm = wat::parse_str(&text).context("the text is no module")?;
    if has_relocations {
        let parts: Vec<Part<'_>> = programs.iter().map(Program::part).collect();
        sections::append(&mut wasm, &parts, functions)?;
    }
    let lookalikes = programs.iter().map(|program| program.shape.lookalikes.len()).sum();
    Ok(Module { text, wasm, functions: functions - shared, lookalikes })
}

/// Writes that module into this folder, and its text beside it. Returns its path.
pub(super) fn write(folder: &Path, seed: u64, numbers: &[usize]) -> Result<PathBuf> {
    module(seed, numbers)?.write(folder, seed)
}

impl Module {
    /// Writes it into this folder, and its text beside it. Returns its path.
    pub(super) fn write(&self, folder: &Path, seed: u64) -> Result<PathBuf> {
        fs::create_dir_all(folder)?;
        let file = folder.join(format!("{seed:x}.wasm"));
        fs::write(&file, &self.wasm)?;
        fs::write(file.with_extension("wat"), &self.text)?;
        Ok(file)
    }
}

impl Program {
    fn part(&self) -> Part<'_> {
        Part {
            symbols: &self.memory.symbols,
            first_function: self.first_function,
            in_code: &self.in_code,
            in_data: &self.memory.addresses,
        }
    }
}

fn text(
    programs: &[Program],
    numbers: &[usize],
    entries: u32,
    exports_table: bool,
    throws: bool,
) -> String {
    let mut text = String::from("(module\n");
    for (program, number) in programs.iter().zip(numbers) {
        for (index, found) in program.shape.types.iter().enumerate() {
            // And another type that is equal.
            for name in ["t", "same"] {
                let ty = function_type(found, *number);
                let _ = writeln!(text, "  (type $p{number}{name}{index} {ty})");
            }
        }
    }
    match throws {
        true => text.push_str(&exceptions::switch(include_str!("switch.wat"))),
        false => text.push_str(include_str!("switch.wat")),
    }
    let export = if exports_table { "(export \"table\") " } else { "" };
    let _ = writeln!(text, "  (table $table {export}{entries} funcref)");
    let pages = 1 + (programs.len() as u32 * memory::SIZE).div_ceil(PAGE);
    let _ = writeln!(text, "  (memory (export \"memory\") {pages})");
    for (Program { memory, code, .. }, number) in programs.iter().zip(numbers) {
        let _ = write!(text, "  (elem (i32.const {}) func", memory.first_entry);
        for function in &memory.table {
            let _ = write!(text, " $p{number}f{function}");
        }
        let _ = writeln!(text, " $p{number}entry)");
        let _ = write!(text, "  (data (i32.const {}) \"", memory.data_address());
        for byte in &memory.data {
            let _ = write!(text, "\\{byte:02x}");
        }
        text.push_str("\")\n");
        text.push_str(code);
    }
    let features = ["mutable-globals", "sign-ext", "multivalue", "reference-types", "bulk-memory"];
    let features = features.into_iter().chain(throws.then_some("exception-handling"));
    let features: Vec<_> = features.collect();
    let _ = write!(text, "  (@custom \"target_features\" \"\\{:02x}", features.len());
    for feature in features {
        let _ = write!(text, "+\\{:02x}{feature}", feature.len());
    }
    text.push_str("\"))\n");
    text
}

fn function_type(found: &Type, number: usize) -> String {
    let words = |kinds: &[Kind]| " i32".repeat(kinds.len());
    let markers = markers(number).join(" ");
    let (parameters, results) = (words(&found.parameters), words(&found.results));
    format!("(func (param i32 i32{parameters} {markers}) (result{results}))")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use wasmparser::{KnownCustom, Linking, Parser, Payload, Validator};

    use super::*;

    fn all() -> Vec<usize> {
        (0..PROGRAMS).collect()
    }

    #[test]
    fn a_seed_makes_the_same_module_every_time() {
        let (one, other) = (module(7, &all()).unwrap(), module(7, &all()).unwrap());
        assert_eq!(one.text, other.text);
        assert_eq!(one.wasm, other.wasm);
        assert_ne!(one.wasm, module(8, &all()).unwrap().wasm);
    }

    #[test]
    fn a_program_alone_is_the_same_program() {
        let (among_all, alone) = (module(7, &all()).unwrap(), module(7, &[5]).unwrap());
        let lines = |text: &str| {
            let own = text.lines().filter(|line| line.starts_with("(func $p5"));
            own.map(str::to_owned).collect::<Vec<_>>()
        };
        let functions = lines(&alone.text);
        assert!(!functions.is_empty());
        assert_eq!(functions, lines(&among_all.text));
    }

    #[test]
    fn programs_share_no_types() {
        let types: BTreeSet<_> = (0..PROGRAMS).map(markers).collect();
        assert_eq!(types.len(), PROGRAMS);
    }

    #[test]
    fn tables_that_look_like_vtables_are_copied_changed_and_called() {
        let texts = (0..4).map(|seed| module(seed, &all()).unwrap().text).collect::<String>();
        let module = module(0, &all()).unwrap();
        assert!(module.text.contains("(call_indirect (type $p0same"), "by an equal type");
        assert!(texts.contains("(memory.copy "), "copied as a whole");
        assert!(texts.contains("(i32.store offset=12 (i32.const "), "its functions written");
        assert!(texts.contains("(i32.load offset=12 (select (i32.const "), "one or the other");
    }

    #[test]
    fn modules_are_valid_and_some_have_all_the_sections_of_a_linker() {
        let mut found = BTreeSet::new();
        for seed in 0..8 {
            let Module { wasm, .. } = module(seed, &[0, 1]).unwrap();
            Validator::new().validate_all(&wasm).unwrap();
            for payload in Parser::new(0).parse_all(&wasm) {
                let Payload::CustomSection(section) = payload.unwrap() else { continue };
                let parts = match section.as_known() {
                    KnownCustom::Linking(linking) => linking
                        .subsections()
                        .map(|part| match part.unwrap() {
                            Linking::SymbolTable(symbols) => symbols.into_iter().count(),
                            _ => 0,
                        })
                        .sum(),
                    KnownCustom::Reloc(relocations) => relocations.entries().into_iter().count(),
                    _ => 0,
                };
                if parts > 0 {
                    found.insert(section.name().to_owned());
                }
            }
        }
        let expected = ["linking", "reloc.CODE", "reloc.DATA"].map(str::to_owned);
        assert_eq!(found, BTreeSet::from(expected));
    }
}
