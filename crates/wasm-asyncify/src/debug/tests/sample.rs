//! DWARF for a module in text form: each instruction has a line of its own.

use core::ops::Range;

use gimli::write::{
    Address, AttributeValue, DwarfUnit, EndianVec, Expression, LineProgram, LineString, Location,
    LocationList, RangeList, Sections,
};
use gimli::{Encoding, Format, LineEncoding, LittleEndian, constants as dw};
use wasm_encoder::{CustomSection, Encode, Section};
use wasmparser::{Parser, Payload};

/// A function: the range of its body, and the addresses of its instructions.
#[derive(Clone, Debug)]
pub(super) struct Function {
    pub(super) body: Range<u64>,
    pub(super) instructions: Vec<(u64, String)>,
}

/// The functions of a module, with DWARF's addresses.
pub(super) fn functions(wasm: &[u8]) -> Vec<Function> {
    let mut functions = Vec::new();
    let mut code = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.unwrap() {
            Payload::CodeSectionStart { unchecked_range, .. } => code = unchecked_range.start,
            Payload::CodeSectionEntry(body) => {
                let operators = body.get_operators_reader().unwrap().into_iter_with_offsets();
                let instructions = operators.map(|it| {
                    let (operator, offset) = it.unwrap();
                    (offset - code, format!("{operator:?}"))
                });
                functions.push(Function {
                    body: body.range().start - code..body.range().end - code,
                    instructions: instructions.collect(),
                });
            }
            _ => {}
        }
    }
    functions
}

/// The module with DWARF of this version. Each function is a subprogram. It contains a block, which is the second,
/// third and fifth instruction; and a variable that is in local 0 from the third instruction on.
pub(super) fn with_dwarf(wasm: &[u8], version: u16) -> Vec<u8> {
    let encoding = Encoding { address_size: 4, format: Format::Dwarf32, version };
    let mut dwarf = DwarfUnit::new(encoding);
    let name = LineString::new(&b"program"[..], encoding, &mut dwarf.line_strings);
    let lines = LineEncoding::default();
    let mut program = LineProgram::new(encoding, lines, name.clone(), None, name.clone(), None);
    let folder = program.default_directory();
    let file = program.add_file(name, folder, None);
    let root = dwarf.unit.root();
    let mut line = 0;
    let mut all = Vec::new();
    for Function { body, instructions } in functions(wasm) {
        program.begin_sequence(Some(Address::Constant(body.start)));
        for (address, _) in &instructions {
            line += 1;
            // The first row is at the function's beginning.
            let is_first = *address == instructions[0].0;
            program.row().address_offset = if is_first { 0 } else { address - body.start };
            program.row().line = line;
            program.row().file = file;
            program.row().column = line % 2;
            program.row().is_statement = line % 5 != 0;
            program.row().discriminator = line % 3;
            program.generate_row();
        }
        program.end_sequence(body.end - body.start);
        let at = |number: usize| instructions.get(number).map_or(body.end, |it| it.0);
        let ranges = [at(1)..at(3), at(4)..at(5)];
        let function = dwarf.unit.add(root, dw::DW_TAG_subprogram);
        let block = dwarf.unit.add(function, dw::DW_TAG_lexical_block);
        let variable = dwarf.unit.add(block, dw::DW_TAG_variable);
        let mut in_local = Expression::new();
        in_local.op_wasm_local(0);
        let base = gimli::write::Range::BaseAddress { address: Address::Constant(body.start) };
        let ranges = ranges.into_iter().filter(|range| !range.is_empty());
        let ranges = ranges.map(|range| gimli::write::Range::OffsetPair {
            begin: range.start - body.start,
            end: range.end - body.start,
        });
        let ranges = RangeList([base].into_iter().chain(ranges).collect());
        let ranges = dwarf.unit.ranges.add(ranges);
        let location = LocationList(vec![Location::StartEnd {
            begin: Address::Constant(at(2)),
            end: Address::Constant(body.end),
            data: in_local,
        }]);
        let location = dwarf.unit.locations.add(location);
        let entry = dwarf.unit.get_mut(function);
        entry.set(dw::DW_AT_low_pc, AttributeValue::Address(Address::Constant(body.start)));
        entry.set(dw::DW_AT_high_pc, AttributeValue::Data4((body.end - body.start) as u32));
        let entry = dwarf.unit.get_mut(block);
        entry.set(dw::DW_AT_ranges, AttributeValue::RangeListRef(ranges));
        let entry = dwarf.unit.get_mut(variable);
        entry.set(dw::DW_AT_location, AttributeValue::LocationListRef(location));
        all.push(gimli::write::Range::StartEnd {
            begin: Address::Constant(body.start),
            end: Address::Constant(body.end),
        });
    }
    dwarf.unit.line_program = program;
    let all = dwarf.unit.ranges.add(RangeList(all));
    let entry = dwarf.unit.get_mut(root);
    entry.set(dw::DW_AT_low_pc, AttributeValue::Address(Address::Constant(0)));
    entry.set(dw::DW_AT_ranges, AttributeValue::RangeListRef(all));
    let mut sections = Sections::new(EndianVec::new(LittleEndian));
    dwarf.write(&mut sections).unwrap();
    let mut module = wasm.to_vec();
    sections
        .for_each(|id, data| {
            if !data.slice().is_empty() {
                let section = CustomSection { name: id.name().into(), data: data.slice().into() };
                module.push(section.id());
                section.encode(&mut module);
            }
            Ok::<_, gimli::write::Error>(())
        })
        .unwrap();
    module
}
