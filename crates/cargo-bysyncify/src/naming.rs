//! Function names that survive `wasm-opt` unchanged.
//!
//! If two functions have the same name, Binaryen renames one, and its messages escape special characters. So while it
//! works on a module the functions are called `f0`, `f1`, … by their indexes. Afterwards they get their names back.

use std::collections::HashMap;

use anyhow::Result;
use wasm_asyncify::analysis::readable;
use wasm_asyncify::module::FunctionIndex;
use wasm_encoder::{NameMap, NameSection, Section as _};
use wasmparser::{BinaryReader, NameMap as NameMapReader, Parser, Payload};

/// The temporary name of a function.
pub(crate) fn number(index: FunctionIndex) -> String {
    format!("f{index}")
}

/// The original names of functions.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Names(HashMap<FunctionIndex, String>);

impl Names {
    /// The original name for a numbered one.
    fn behind(&self, numbered: &str) -> Option<&str> {
        let index = numbered.strip_prefix('f')?.parse().ok()?;
        self.0.get(&FunctionIndex(index)).map(String::as_str)
    }

    /// Replaces the numbered names in a text, such as Binaryen's messages.
    pub(crate) fn in_text(&self, text: &str) -> String {
        let mut words = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(|c: char| c.is_alphanumeric() || c == '_') {
            let (before, from) = rest.split_at(start);
            let end = from.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(from.len());
            let (word, after) = from.split_at(end);
            words.push_str(before);
            words.push_str(&self.behind(word).map_or(word.into(), readable));
            rest = after;
        }
        words.push_str(rest);
        words
    }
}

/// Renames all functions to their numbers.
pub(crate) fn with_numbers(wasm: &[u8]) -> Result<(Vec<u8>, Names)> {
    let mut names = Names::default();
    let mut functions = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let is_function = matches!(import?.ty, wasmparser::TypeRef::Func(_));
                    functions += u32::from(is_function);
                }
            }
            Payload::FunctionSection(section) => functions += section.count(),
            _ => {}
        }
    }
    let wasm = rename(wasm, |named| {
        names.0 = named.into_iter().collect();
        (0..functions).map(FunctionIndex).map(|index| (index, number(index))).collect()
    })?;
    Ok((wasm, names))
}

/// Gives the functions of a transformed module their original names.
pub(crate) fn with_names(wasm: &[u8], names: &Names) -> Result<Vec<u8>> {
    rename(wasm, |mut named| {
        for (_, name) in &mut named {
            if let Some(before) = names.behind(name) {
                *name = before.to_owned();
            }
        }
        named
    })
}

/// Replaces the names of functions, and leaves other names unchanged.
fn rename(
    wasm: &[u8],
    replace: impl FnOnce(Vec<(FunctionIndex, String)>) -> Vec<(FunctionIndex, String)>,
) -> Result<Vec<u8>> {
    let (before, section, after) = around_names(wasm)?;
    let mut functions = Vec::new();
    let mut others = Vec::new();
    let mut reader = BinaryReader::new(section, 0);
    while !reader.eof() {
        let id = reader.read_u8()?;
        let size = reader.read_var_u32()? as usize;
        let content = reader.read_bytes(size)?;
        if id == FUNCTIONS {
            for naming in NameMapReader::new(BinaryReader::new(content, 0))? {
                let naming = naming?;
                functions.push((FunctionIndex(naming.index), naming.name.to_owned()));
            }
        } else {
            others.push((id, content));
        }
    }
    let mut map = NameMap::new();
    for (index, name) in replace(functions) {
        map.append(index.0, &name);
    }
    let mut names = NameSection::new();
    for (id, content) in others.iter().filter(|(id, _)| *id < FUNCTIONS) {
        names.raw(*id, content);
    }
    names.functions(&map);
    for (id, content) in others.iter().filter(|(id, _)| *id > FUNCTIONS) {
        names.raw(*id, content);
    }
    let mut renamed = before.to_vec();
    names.append_to(&mut renamed);
    renamed.extend_from_slice(after);
    Ok(renamed)
}

/// The subsection with the names of functions.
const FUNCTIONS: u8 = 1;

/// What comes before the name section, its content, and what comes after.
fn around_names(wasm: &[u8]) -> Result<(&[u8], &[u8], &[u8])> {
    let mut start = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        let end = match &payload {
            Payload::Version { range, .. } => range.end,
            _ => match payload.as_section() {
                Some((_, range)) => range.end,
                None => continue,
            },
        };
        let end = usize::try_from(end)?;
        if let Payload::CustomSection(section) = payload
            && section.name() == "name"
        {
            let content = &wasm[end - section.data().len()..end];
            return Ok((&wasm[..start], content, &wasm[end..]));
        }
        // A section's range begins after its length. So each section extends from the end of the previous one.
        start = end;
    }
    Ok((wasm, &[], &[]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_asyncify::module;

    const TEXT: &str = r#"(module $demo
        (import "env" "a" (func $"a,b"))
        (global $counter i32 (i32.const 0))
        (func $"<T as X>::f")
        (func)
        (func $"<T as X>::f"))"#;

    fn printed(wasm: &[u8]) -> Vec<(FunctionIndex, String)> {
        let mut found = Vec::new();
        rename(wasm, |names| {
            found.clone_from(&names);
            names
        })
        .unwrap();
        found
    }

    fn named(names: &[(u32, &str)]) -> Vec<(FunctionIndex, String)> {
        names.iter().map(|(index, name)| (FunctionIndex(*index), (*name).to_owned())).collect()
    }

    #[test]
    fn functions_are_numbered_and_get_their_names_back() {
        let text = TEXT.replacen("(func $\"<T as X>::f\")", "(func $f)", 1);
        let wasm = wat::parse_str(text).unwrap();
        let (numbered, names) = with_numbers(&wasm).unwrap();
        assert_eq!(printed(&numbered), named(&[(0, "f0"), (1, "f1"), (2, "f2"), (3, "f3")]));
        let back = with_names(&numbered, &names).unwrap();
        // A function that had no name keeps its number, to tell it from others.
        assert_eq!(printed(&back), named(&[(0, "a,b"), (1, "f"), (2, "f2"), (3, "<T as X>::f")]));
        // Everything else is unchanged.
        let others = |wasm| module::without_sections(wasm, |name| name == "name").unwrap();
        assert_eq!(others(&back), others(&wasm));
        let custom =
            wat::parse_str(r#"(module (func $f) (@custom "z" (after data) "1"))"#).unwrap();
        assert_eq!(with_names(&custom, &Names::default()).unwrap(), custom);
    }

    #[test]
    fn numbers_in_a_message_are_replaced() {
        let names =
            Names([(FunctionIndex(7), "_ZN4core3fmt5write17h0123456789abcdefE".to_owned())].into());
        assert_eq!(
            names.in_text("Fatal: bad f7, in $f7 (f8; if70)"),
            "Fatal: bad core::fmt::write, in $core::fmt::write (f8; if70)"
        );
    }
}
