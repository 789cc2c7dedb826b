//! How many bytes each function of a module takes.

use std::collections::HashMap;

use anyhow::Result;
use wasm_asyncify::module;
use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

/// The bytes of a module as it would be shipped: without names and debug information.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sizes {
    /// The functions' names and bytes.
    pub(super) functions: Vec<(String, u64)>,
    /// Everything that is not in a function.
    pub(super) rest: u64,
}

impl Sizes {
    pub(super) fn read(wasm: &[u8]) -> Result<Self> {
        let mut imports = 0;
        let mut bytes = Vec::new();
        let mut names = HashMap::new();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        imports += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    let range = body.range();
                    let length = range.end - range.start;
                    bytes.push(length + leb_bytes(length));
                }
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(subsections) = section.as_known() {
                        for subsection in subsections {
                            let Name::Function(map) = subsection? else { continue };
                            for naming in map {
                                let naming = naming?;
                                names.insert(naming.index, naming.name);
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        let shipped = module::without_sections(wasm, is_not_shipped)?.len() as u64;
        let rest = shipped - bytes.iter().sum::<u64>();
        let functions = (imports..).zip(bytes).map(|(index, bytes)| {
            let name =
                names.get(&index).map_or_else(|| format!("function {index}"), ToString::to_string);
            (name, bytes)
        });
        Ok(Self { functions: functions.collect(), rest })
    }
}

/// Whether `strip` removes this section.
fn is_not_shipped(section: &str) -> bool {
    ["name", "producers", "target_features"].contains(&section) || section.starts_with(".debug_")
}

/// The number of bytes of a number in LEB128.
fn leb_bytes(number: u64) -> u64 {
    u64::from((u64::BITS - number.leading_zeros()).div_ceil(7).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_byte_is_counted_once() {
        let text = r#"(module
            (import "env" "a" (func $a))
            (memory 1)
            (func $b call $a call $a)
            (func)
            (data (i32.const 0) "data")
            (@custom "producers" "not shipped")
            (@custom "mine" "shipped"))"#;
        let long = format!("(func $long {})", "call $a ".repeat(70));
        let wasm = wat::parse_str(text.replace("(func)", &format!("(func) {long}"))).unwrap();
        let sizes = Sizes::read(&wasm).unwrap();
        let named = |name: &str, bytes| (name.to_owned(), bytes);
        // Each has its length before it, a count of locals, and an end.
        let functions = [named("b", 1 + 1 + 4 + 1), named("function 2", 3), named("long", 144)];
        assert_eq!(sizes.functions, functions);
        let stripped = module::without_sections(&wasm, |name| name != "mine").unwrap();
        assert_eq!(sizes.rest, stripped.len() as u64 - 7 - 3 - 144);
    }
}
