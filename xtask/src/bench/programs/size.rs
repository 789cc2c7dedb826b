//! Measures how large a module is, and how much of it Asyncify has instrumented.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use wasmparser::{
    ExternalKind, FunctionBody, KnownCustom, Name, NameSectionReader, Operator, Parser, Payload,
    TypeRef,
};

/// The function that Binaryen's Asyncify exports to read its state. It does nothing else.
const GET_STATE: &str = "asyncify_get_state";

/// The name of the global in which our linker keeps the state.
const STATE: &str = "asyncify_state";

/// The figures of a module.
#[derive(Debug, PartialEq)]
pub(super) struct Size {
    /// Bytes without custom sections, which have names and data of tools.
    pub(super) bytes: usize,
    /// Bytes of the code section.
    pub(super) code: usize,
    pub(super) functions: usize,
    /// The number of functions that read Asyncify's state, which all instrumented functions do. `None` if the state
    /// cannot be identified, as in a module that was not asyncified.
    pub(super) instrumented: Option<usize>,
}

impl Size {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let read = || Self::of_module(&fs::read(path)?);
        read().with_context(|| format!("cannot measure `{}`", path.display()))
    }

    fn of_module(wasm: &[u8]) -> Result<Self> {
        let (mut bytes, mut code, mut last_end) = (0, 0, 0);
        let (mut imported, mut get_state, mut state) = (0, None, None);
        let mut bodies = Vec::new();
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload?;
            let end = match &payload {
                Payload::Version { range, .. } => Some(range.end),
                _ => payload.as_section().map(|(_, range)| range.end),
            };
            if let Some(end) = end {
                // A section's range begins after its length, so the length is counted from the end of the previous
                // section.
                let len = usize::try_from(end)? - last_end;
                last_end += len;
                match payload {
                    Payload::CustomSection(_) => {}
                    Payload::CodeSectionStart { .. } => (bytes, code) = (bytes + len, len),
                    _ => bytes += len,
                }
            }
            match payload {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        imported += usize::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export?;
                        if export.kind == ExternalKind::Func && export.name == GET_STATE {
                            get_state = Some(usize::try_from(export.index)?);
                        }
                    }
                }
                Payload::CodeSectionEntry(body) => bodies.push(body),
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(names) = section.as_known() {
                        state = state.or(global_named(names, STATE)?);
                    }
                }
                _ => {}
            }
        }
        let get_state = get_state.and_then(|index| bodies.get(index.checked_sub(imported)?));
        if let Some(get_state) = get_state {
            state = globals_read(get_state)?.first().copied();
        }
        let instrumented = state.map(|state| readers(&bodies, state)).transpose()?;
        // Do not count that function itself.
        let instrumented = instrumented.map(|count| count - usize::from(get_state.is_some()));
        Ok(Self { bytes, code, functions: bodies.len(), instrumented })
    }
}

fn global_named(names: NameSectionReader<'_>, name: &str) -> Result<Option<u32>> {
    for subsection in names {
        if let Name::Global(map) = subsection? {
            for naming in map {
                let naming = naming?;
                if naming.name == name {
                    return Ok(Some(naming.index));
                }
            }
        }
    }
    Ok(None)
}

/// The number of functions that read a global.
fn readers(bodies: &[FunctionBody<'_>], global: u32) -> Result<usize> {
    let mut count = 0;
    for body in bodies {
        count += usize::from(globals_read(body)?.contains(&global));
    }
    Ok(count)
}

fn globals_read(body: &FunctionBody<'_>) -> Result<Vec<u32>> {
    let mut read = Vec::new();
    for operator in body.get_operators_reader()? {
        if let Operator::GlobalGet { global_index } = operator? {
            read.push(global_index);
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(text: &str) -> Size {
        Size::of_module(&wat::parse_str(text).expect("a module")).expect("a size")
    }

    #[test]
    fn custom_sections_are_not_counted() {
        let text = r#"(memory 1) (func) (func) (data (i32.const 0) "four")"#;
        let without = wat::parse_str(format!("(module {text})")).expect("a module").len();
        assert_eq!(
            size(&format!(r#"(module (@custom "name" "") {text} (@custom "x" "more"))"#)),
            // The code section has: id, length, count, and for each function its length, number of locals and end.
            Size { bytes: without, code: 3 + 2 * 3, functions: 2, instrumented: None }
        );
    }

    #[test]
    fn who_reads_the_state_is_instrumented() {
        let found = size(
            r#"(module
                (import "env" "f" (func))
                (global $stack (mut i32) (i32.const 0))
                (global $state (mut i32) (i32.const 0))
                (func (result i32) global.get $stack)
                (func (result i32) global.get $stack drop global.get $state)
                (func (export "asyncify_get_state") (result i32) global.get $state)
                (func (export "asyncify_stop_unwind") i32.const 0 global.set $state))"#,
        );
        assert_eq!((found.functions, found.instrumented), (4, Some(1)));
        // The state is found by the name that our linker gives it.
        let found = size(
            "(module
                (global $stack (mut i32) (i32.const 0))
                (global $asyncify_state (mut i32) (i32.const 0))
                (func (result i32) global.get $stack)
                (func (result i32) global.get $stack drop global.get $asyncify_state))",
        );
        assert_eq!((found.functions, found.instrumented), (2, Some(1)));
    }
}
