//! What the tests look at in a linked module.

use std::collections::HashMap;
use std::path::Path;

use wasmparser::{ExternalKind, KnownCustom, Name, Operator, Parser, Payload, TypeRef};

#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
    pub(crate) custom_sections: Vec<String>,
    /// The names of the functions that Asyncify has instrumented, if names were kept.
    pub(crate) instrumented: Vec<String>,
}

pub(crate) fn contents(path: &Path) -> Contents {
    let wasm = std::fs::read(path).expect("module is there");
    let mut contents = Contents::default();
    let mut next_function = 0;
    let mut names = HashMap::new();
    let mut get_state = None;
    let mut state = None;
    // The globals that each function reads.
    let mut read_globals: Vec<(u32, Vec<u32>)> = Vec::new();
    for payload in Parser::new(0).parse_all(&wasm) {
        match payload.expect("module is valid") {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.unwrap();
                    next_function += u32::from(matches!(import.ty, TypeRef::Func(_)));
                    contents.imports.push(format!("{}.{}", import.module, import.name));
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.unwrap();
                    if export.name == "asyncify_get_state" && export.kind == ExternalKind::Func {
                        get_state = Some(export.index);
                    }
                    contents.exports.push(export.name.to_owned());
                }
            }
            Payload::CodeSectionEntry(body) => {
                let operators = body.get_operators_reader().unwrap().into_iter();
                let globals = operators.filter_map(|operator| match operator.unwrap() {
                    Operator::GlobalGet { global_index } => Some(global_index),
                    _ => None,
                });
                read_globals.push((next_function, globals.collect()));
                next_function += 1;
            }
            Payload::CustomSection(section) => {
                contents.custom_sections.push(section.name().to_owned());
                if let KnownCustom::Name(subsections) = section.as_known() {
                    for subsection in subsections {
                        match subsection.unwrap() {
                            Name::Function(map) => names.extend(map.into_iter().map(|naming| {
                                let naming = naming.unwrap();
                                (naming.index, naming.name.to_owned())
                            })),
                            Name::Global(map) => {
                                let mut globals = map.into_iter().map(Result::unwrap);
                                let ours = globals.find(|it| it.name == "asyncify_state");
                                state = ours.map(|naming| naming.index);
                            }
                            _ => {}
                        }
                    }
                }
            }
            _ => {}
        }
    }
    // Asyncify's state has a name if it is ours, and is what `asyncify_get_state` returns if it is
    // Binaryen's. Others read it if they are instrumented.
    let returned = read_globals.iter().find(|(index, _)| Some(*index) == get_state);
    if let Some(state) = state.or(returned.map(|(_, globals)| globals[0])) {
        let readers = read_globals.iter().filter(|(_, globals)| globals.contains(&state));
        let names = readers.filter_map(|(index, _)| names.get(index).cloned());
        contents.instrumented = names.filter(|name| !name.starts_with("asyncify_")).collect();
    }
    contents
}
