//! Runs modules with all features in Node (`node.mjs`), many in one process.

use std::ffi::OsStr;
use std::fmt::Write;
use std::fs;
use std::process::Command;

use wasmparser::{ExternalKind, Parser, Payload, TypeRef, ValType};

use crate::host::Waits;

/// The available imports, some with references, in the text format. Vectors and exceptions are missing, because
/// JavaScript cannot be called with them; and so are references that cannot be null, because wasm-smith has no
/// constants of such types.
const IMPORTS: [(&[&str], &[&str]); 14] = [
    (&[], &[]),
    (&["i32"], &["i32"]),
    (&["i64", "f64"], &["f32"]),
    (&["f32"], &["i64"]),
    (&["i32", "i32", "i64"], &[]),
    (&[], &["f64"]),
    (&[], &["(ref null extern)"]),
    (&["(ref null extern)", "(ref null func)"], &[]),
    (&["(ref null extern)"], &["(ref null extern)", "i32"]),
    (&["(ref null any)"], &["(ref null any)"]),
    (&["(ref null eq)", "i32"], &["(ref null i31)"]),
    (&["(ref null struct)"], &["(ref null struct)", "i64"]),
    (&["(ref null array)"], &["(ref null array)"]),
    (&["(ref null func)"], &["(ref null func)"]),
];

/// A module that has all of these imports.
pub(crate) fn imports() -> Vec<u8> {
    let mut text = String::from("(module");
    for (number, (parameters, results)) in IMPORTS.iter().enumerate() {
        let (parameters, results) = (parameters.join(" "), results.join(" "));
        write!(text, r#"(import "env" "{number}" (func (param {parameters}) (result {results})))"#)
            .unwrap();
    }
    wat::parse_str(text + ")").unwrap()
}

/// A module, and its pausable form.
pub(crate) struct Case {
    pub(crate) seed: u64,
    pub(crate) plain: Vec<u8>,
    pub(crate) made: Vec<u8>,
    pub(crate) waits: Waits,
}

/// The results of several cases.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) ran: usize,
    pub(crate) suspended: usize,
    /// The number of modules that cannot be instantiated, or have no room for frames.
    pub(crate) could_not: usize,
    pub(crate) differs: Vec<String>,
}

/// Runs each module, plain and suspended.
pub(crate) fn run(node: &OsStr, cases: &[Case], outcome: &mut Outcome) {
    let folder = tempfile::tempdir().unwrap();
    let mut told = Vec::new();
    for (number, Case { seed, plain, made, waits }) in cases.iter().enumerate() {
        let Some(description) = description(plain) else { continue };
        let stays = *waits == Waits::There;
        told.push(format!("{{\"seed\":{seed},\"file\":{number},\"stays\":{stays},{description}}}"));
        fs::write(folder.path().join(format!("{number}.plain.wasm")), plain).unwrap();
        fs::write(folder.path().join(format!("{number}.wasm")), made).unwrap();
    }
    let imports: Vec<_> = IMPORTS.iter().map(|it| format!("[{:?},{:?}]", it.0, it.1)).collect();
    let (imports, told) = (imports.join(","), told.join(",\n"));
    let text = format!("{{\"imports\":[{imports}],\n\"cases\":[{told}]}}");
    fs::write(folder.path().join("cases.json"), text).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/modules/node.mjs");
    let output = Command::new(node).arg(script).arg(folder.path()).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    if !output.status.success() {
        let kept = folder.keep();
        let said = String::from_utf8_lossy(&output.stderr);
        panic!("{printed}{said}in {}", kept.display());
    }
    for line in printed.lines() {
        let number = |name: &str| {
            let (_, rest) = line.split_once(&format!("\"{name}\":"))?;
            rest.split([',', '}']).next()?.parse::<usize>().ok()
        };
        if line.contains("\"differs\":") {
            outcome.differs.push(line.to_owned());
        } else if line.contains("\"refused\":") {
            outcome.could_not += 1;
        } else {
            outcome.ran += 1;
            outcome.suspended += number("suspended").unwrap();
        }
    }
}

/// The description of a module for `node.mjs`. None if it has no exported memory of its own.
fn description(wasm: &[u8]) -> Option<String> {
    let mut types = Vec::new();
    let (mut functions, mut globals) = (Vec::new(), Vec::new());
    let (mut wide, mut memory, mut exports) = (false, None, Vec::new());
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.unwrap() {
            Payload::TypeSection(section) => {
                for group in section {
                    types.extend(group.unwrap().into_types());
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    if let TypeRef::Func(ty) = import.unwrap().ty {
                        functions.push(ty);
                    }
                }
            }
            Payload::FunctionSection(section) => {
                functions.extend(section.into_iter().map(Result::unwrap));
            }
            Payload::GlobalSection(section) => {
                globals.extend(section.into_iter().map(|it| it.unwrap().ty.content_type));
            }
            Payload::MemorySection(section) => {
                wide = section.into_iter().next()?.unwrap().memory64;
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.unwrap();
                    let (name, index) = (quoted(export.name), export.index as usize);
                    match export.kind {
                        ExternalKind::Memory if index == 0 => memory = Some(name),
                        ExternalKind::Func => {
                            let ty = &types[functions[index] as usize];
                            let ty = ty.unwrap_func();
                            let parameters = ty.params().iter().map(given);
                            let Some(parameters) = parameters.collect::<Option<Vec<_>>>() else {
                                continue;
                            };
                            if ty.results().iter().all(can_be_told) {
                                exports.push(format!("[{name},\"func\",{parameters:?}]"));
                            }
                        }
                        ExternalKind::Global if can_be_told(&globals[index]) => {
                            exports.push(format!("[{name},\"global\",[]]"));
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    let exports = exports.join(",");
    Some(format!("\"memory\":{},\"wide\":{wide},\"exports\":[{exports}]", memory?))
}

/// An arbitrary name in JSON.
fn quoted(name: &str) -> String {
    let units: String = name.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    format!("\"{units}\"")
}

/// The name of a type in the description, if the host can make values of it.
fn given(ty: &ValType) -> Option<&'static str> {
    Some(match ty {
        ValType::I32 | ValType::F32 | ValType::F64 => "i32",
        ValType::I64 => "i64",
        ValType::Ref(reference) if reference.is_nullable() && can_be_told(ty) => "(ref null func)",
        _ => return None,
    })
}

/// Whether the host can hold values of a type.
fn can_be_told(ty: &ValType) -> bool {
    use wasmparser::AbstractHeapType::{Cont, Exn, NoCont, NoExn};
    match ty {
        ValType::V128 => false,
        ValType::Ref(reference) => !matches!(
            reference.heap_type(),
            wasmparser::HeapType::Abstract { ty: Exn | NoExn | Cont | NoCont, .. }
        ),
        _ => true,
    }
}
