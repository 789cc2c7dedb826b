//! The corrected DWARF, as a debugger would read it. Real programs are tested in `cargo-bysyncify/tests/guards`.

mod sample;

use core::fmt::Write as _;
use core::ops::Range;
use std::collections::BTreeMap;

use gimli::{ColumnType, Dwarf, EndianSlice, LittleEndian};
use golden::assert_golden;
use wasmparser::{Parser, Payload};

use self::sample::{Function, functions, with_dwarf};
use super::entries::Reader;
use crate::analysis::{Choice, Imports};
use crate::{Compact, Options, Producer, transform};

/// A program that all passes change: it has a parameter of a block, a legacy handler, a loop, and calls with other
/// operands on the stack.
const PROGRAM: &str = r#"(module
  (import "env" "f" (func $f (param i32) (result i32)))
  (memory (export "memory") 1)
  (tag $exception (param i32))
  (func $unchanged (param i32) (result i32)
    (i32.add (local.get 0) (i32.const 100)))
  (func (export "waits") (param i32) (result i32)
    (i32.add (call $f (local.get 0)) (call $f (local.get 0)))
    (block (param i32) (result i32) (call $f)))
  (func (export "loops") (param i32)
    (loop (br_if 0 (call $f (call $unchanged (local.get 0))))))
  (func (export "catches") (result i32)
    try (result i32) (call $f (i32.const 7)) catch $exception (call $f) end))"#;

/// The transformed program, with DWARF of this version; all imports suspend.
fn made(version: u16, compact: Compact) -> Vec<u8> {
    let wasm = with_dwarf(&wat::parse_str(PROGRAM).unwrap(), version);
    let options = Options {
        producer: Producer::Any,
        choice: Choice { imports: Imports::All, ..Choice::default() },
        driven_by_host: true,
        verify: true,
        debug_info: true,
        compact,
        ..Options::default()
    };
    let made = transform(&wasm, &options).unwrap();
    assert_eq!(made.lost_debug_info, None);
    made.module
}

/// A module's DWARF.
fn dwarf(wasm: &[u8]) -> Dwarf<Reader<'_>> {
    let section = |id: gimli::SectionId| {
        let mut sections = Parser::new(0).parse_all(wasm).filter_map(|it| match it.unwrap() {
            Payload::CustomSection(section) => Some(section),
            _ => None,
        });
        let found = sections.find(|section| section.name() == id.name());
        Ok::<_, gimli::Error>(EndianSlice::new(found.map_or(&[], |it| it.data()), LittleEndian))
    };
    Dwarf::load(section).unwrap()
}

/// The ranges of all entries with this tag.
fn ranges(dwarf: &Dwarf<Reader<'_>>, tag: gimli::DwTag) -> Vec<Range<u64>> {
    let header = dwarf.units().next().unwrap().unwrap();
    let unit = dwarf.unit(header).unwrap();
    let mut found = Vec::new();
    let mut entries = unit.entries();
    while let Some(entry) = entries.next_dfs().unwrap() {
        if entry.tag() != tag {
            continue;
        }
        if let Some(location) = entry.attr_value(gimli::DW_AT_location) {
            let mut locations = dwarf.attr_locations(&unit, location).unwrap().unwrap();
            while let Some(location) = locations.next().unwrap() {
                // DW_OP_WASM_location of local 0.
                assert_eq!(location.data.0.slice(), [0xed, 0, 0]);
                found.push(location.range);
            }
        } else {
            let mut ranges = dwarf.die_ranges(&unit, entry).unwrap();
            while let Some(range) = ranges.next().unwrap() {
                found.push(range);
            }
        }
    }
    found.into_iter().map(|range| range.begin..range.end).collect()
}

/// By address: the line that begins there, if any. Asserts that the rest of the row is as it was.
fn rows(dwarf: &Dwarf<Reader<'_>>) -> BTreeMap<u64, Option<u64>> {
    let header = dwarf.units().next().unwrap().unwrap();
    let unit = dwarf.unit(header).unwrap();
    let mut rows = unit.line_program.clone().unwrap().rows();
    let mut table = BTreeMap::new();
    while let Some((_, row)) = rows.next_row().unwrap() {
        if row.end_sequence() {
            table.entry(row.address()).or_default();
            continue;
        }
        let line = row.line().unwrap().get();
        let column = match row.column() {
            ColumnType::LeftEdge => 0,
            ColumnType::Column(column) => column.get(),
        };
        assert_eq!((column, row.is_stmt()), (line % 2, line % 5 != 0), "{line}");
        assert_eq!(row.discriminator(), line % 3, "{line}");
        table.insert(row.address(), Some(line));
    }
    table
}

/// For each row its line, the instruction there, and whether that is in the ranges of the block and of the
/// variable.
fn listing(wasm: &[u8]) -> String {
    let dwarf = dwarf(wasm);
    let rows = rows(&dwarf);
    let is_in = |ranges: &[Range<u64>], address| ranges.iter().any(|it| it.contains(&address));
    let [block, variable] =
        [gimli::DW_TAG_lexical_block, gimli::DW_TAG_variable].map(|tag| ranges(&dwarf, tag));
    let mut text = String::new();
    for Function { body, instructions } in functions(wasm) {
        for (address, line) in rows.range(body) {
            let Some(line) = line else { continue };
            let instruction = instructions.iter().find(|(at, _)| at == address);
            let instruction = instruction.map_or("the beginning", |(_, text)| text);
            let block = if is_in(&block, *address) { "block" } else { "" };
            let variable = if is_in(&variable, *address) { "variable" } else { "" };
            let row = format!("{line:2} {instruction:30} {block:5} {variable}");
            writeln!(text, "{}", row.trim_end()).unwrap();
        }
    }
    text
}

/// Both versions of DWARF share the golden files.
#[test]
fn each_instruction_is_of_the_line_and_in_the_ranges_that_it_was_in() {
    for version in [4, 5] {
        let before = with_dwarf(&wat::parse_str(PROGRAM).unwrap(), version);
        assert_golden!("tests/before.expected", listing(&before));
        assert_golden!("tests/fast.expected", listing(&made(version, Compact::None)));
        assert_golden!("tests/compact.expected", listing(&made(version, Compact::All)));
    }
}

#[test]
fn function_is_as_long_as_its_body() {
    for version in [4, 5] {
        let made = made(version, Compact::None);
        let mut bodies: Vec<_> = functions(&made).into_iter().map(|it| it.body).collect();
        // Added functions are in no unit.
        bodies.drain(..bodies.len() - 4);
        let dwarf = dwarf(&made);
        assert_eq!(ranges(&dwarf, gimli::DW_TAG_subprogram), bodies);
        assert_eq!(ranges(&dwarf, gimli::DW_TAG_compile_unit), bodies);
    }
}
