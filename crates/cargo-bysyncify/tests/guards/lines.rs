//! Which file and line the calls of a module are of, by its DWARF. Shares no code with what corrects
//! that.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use gimli::{Dwarf, EndianSlice, LittleEndian};
use wasmparser::{KnownCustom, Name, Operator, Parser, Payload, TypeRef};

/// A call: whom it is of, and where it stands, as `file:line`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) callee: String,
    pub(crate) place: Option<String>,
}

/// By address: what begins there.
type Table = BTreeMap<u64, Option<String>>;

/// The calls in each function that has a body, in order; with the function's name.
pub(crate) fn calls(wasm: &[u8]) -> Vec<(String, Vec<Call>)> {
    let mut sections = HashMap::new();
    let mut names = HashMap::new();
    let mut bodies = Vec::new();
    let mut imported: Vec<String> = Vec::new();
    let mut code = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.unwrap() {
            Payload::ImportSection(section) => {
                let imports = section.into_imports().map(Result::unwrap);
                let functions = imports.filter(|it| matches!(it.ty, TypeRef::Func(_)));
                imported = functions.map(|it| format!("{}.{}", it.module, it.name)).collect();
            }
            Payload::CodeSectionStart { unchecked_range, .. } => code = unchecked_range.start,
            Payload::CodeSectionEntry(body) => bodies.push(body),
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(subsections) = section.as_known() {
                    for subsection in subsections {
                        if let Name::Function(map) = subsection.unwrap() {
                            let all = map.into_iter().map(Result::unwrap);
                            names.extend(all.map(|it| (it.index, it.name.to_owned())));
                        }
                    }
                }
                sections.insert(section.name().to_owned(), section.data());
            }
            _ => {}
        }
    }
    let table = table(&load(&sections));
    let name = |index: u32| {
        let name = imported.get(index as usize).or(names.get(&index)).cloned();
        let name = name.unwrap_or_default();
        // What guards call in place of a function is called `bysyncify guard: …: function`.
        name.rsplit(": ").next().unwrap_or_default().to_owned()
    };
    let functions = (imported.len() as u32..).zip(bodies).map(|(index, body)| {
        let mut calls = Vec::new();
        for operator in body.get_operators_reader().unwrap().into_iter_with_offsets() {
            let (operator, offset) = operator.unwrap();
            let callee = match operator {
                Operator::Call { function_index } => name(function_index),
                Operator::CallIndirect { type_index, .. } => format!("type {type_index}"),
                _ => continue,
            };
            let place = table.range(..=offset - code).next_back();
            calls.push(Call { callee, place: place.and_then(|(_, place)| place.clone()) });
        }
        (name(index), calls)
    });
    functions.collect()
}

type Slice<'a> = EndianSlice<'a, LittleEndian>;

fn load<'a>(sections: &HashMap<String, &'a [u8]>) -> Dwarf<Slice<'a>> {
    let section = |id: gimli::SectionId| {
        let data = sections.get(id.name()).copied().unwrap_or_default();
        Ok::<_, gimli::Error>(EndianSlice::new(data, LittleEndian))
    };
    Dwarf::load(section).unwrap()
}

/// Asserts that a function with DWARF is from where a body begins to where it ends, and that all ranges in
/// it, and those of locations, are of whole instructions of its. The result is how many of the latter there are.
pub(crate) fn assert_well_formed(wasm: &[u8]) -> usize {
    let mut sections = HashMap::new();
    // By where a function begins: its end, and where its instructions begin.
    let mut bodies: BTreeMap<u64, (u64, BTreeSet<u64>)> = BTreeMap::new();
    let mut code = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.unwrap() {
            Payload::CodeSectionStart { unchecked_range, .. } => code = unchecked_range.start,
            Payload::CodeSectionEntry(body) => {
                let operators = body.get_operators_reader().unwrap().into_iter_with_offsets();
                let begins = operators.map(|it| it.unwrap().1 - code).collect();
                let range = body.range();
                bodies.insert(range.start - code, (range.end - code, begins));
            }
            Payload::CustomSection(section) => {
                sections.insert(section.name().to_owned(), section.data());
            }
            _ => {}
        }
    }
    let dwarf = load(&sections);
    let (mut functions, mut locations_found) = (0, 0);
    let mut units = dwarf.units();
    while let Some(header) = units.next().unwrap() {
        let unit = dwarf.unit(header).unwrap();
        let mut entries = unit.entries();
        while let Some(entry) = entries.next_dfs().unwrap() {
            let mut found = Vec::new();
            if entry.tag() != gimli::DW_TAG_compile_unit {
                let mut ranges = dwarf.die_ranges(&unit, entry).unwrap();
                while let Some(range) = ranges.next().unwrap() {
                    found.push(range);
                }
            }
            let location = entry.attr_value(gimli::DW_AT_location);
            let locations = location.and_then(|it| dwarf.attr_locations(&unit, it).unwrap());
            if let Some(mut locations) = locations {
                while let Some(location) = locations.next().unwrap() {
                    found.push(location.range);
                    locations_found += 1;
                }
            }
            for range in found.into_iter().filter(|range| range.begin < range.end) {
                let Some((begin, (end, instructions))) = bodies.range(..=range.begin).next_back()
                else {
                    continue;
                };
                if range.begin > *end {
                    // The linker has left it out.
                    continue;
                }
                if entry.tag() == gimli::DW_TAG_subprogram {
                    assert_eq!((range.begin, range.end), (*begin, *end));
                    functions += 1;
                }
                let is_edge = |at| [begin, end].contains(&at) || instructions.contains(at);
                assert!(
                    is_edge(&range.begin) && is_edge(&range.end),
                    "{:?} {range:?}",
                    entry.tag()
                );
                assert!(range.end <= *end);
            }
        }
    }
    assert!(functions > 200, "{functions}");
    locations_found
}

fn table(dwarf: &Dwarf<Slice<'_>>) -> Table {
    let mut table = Table::new();
    let mut units = dwarf.units();
    while let Some(header) = units.next().unwrap() {
        let unit = dwarf.unit(header).unwrap();
        let Some(program) = unit.line_program.clone() else { continue };
        let mut rows = program.rows();
        while let Some((header, row)) = rows.next_row().unwrap() {
            if row.end_sequence() {
                // Unless the next sequence begins there.
                table.entry(row.address()).or_default();
                continue;
            }
            let file = row.file(header).unwrap();
            let path = dwarf.attr_string(&unit, file.path_name()).unwrap().to_string_lossy();
            let line = row.line().map_or(0, |line| line.get());
            table.insert(row.address(), Some(format!("{path}:{line}")));
        }
    }
    table
}
