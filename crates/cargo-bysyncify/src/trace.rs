//! Adds source locations to a stack trace of Node or Chromium. These engines show only offsets in the module, because
//! they do not read DWARF.
//!
//! ```text
//!   at _ZN4demo5waits17h…E (wasm://wasm/demo-0a1b2c3d:wasm-function[12]:0x1b31)
//!   at demo::waits (/home/me/demo/src/main.rs:7:9) wasm-function[12]:0x1b31
//! ```
//!
//! A trace is rewritten only when there is one, so programs without traces do not pay for it: `run` gives Node a
//! script that calls this program when an error's stack is read. Source maps would have to be made in each build, and
//! Node reads none for WebAssembly.

use std::env;
use std::fs;
use std::io::{self, Read, Write};
use std::ops::Range;
use std::path::Path;
use std::process::Command;

use addr2line::gimli::{Dwarf, EndianSlice, LittleEndian, SectionId};
use addr2line::{Context as Lines, Frame, LookupResult};
use anyhow::{Context, Result};
use wasm_asyncify::analysis::readable;
use wasmparser::{Parser, Payload, TypeRef};

/// The script. A definition of the command that rewrites a trace is put before it.
const SCRIPT: &str = include_str!("trace.mjs");

/// The command for Node, with traces that have source locations if it runs this module.
pub(crate) fn node(module: &Path) -> Result<Command> {
    let (node, major) = crate::setup::node_and_major()?;
    let mut command = Command::new(node);
    // The first versions of Node 18 do not have the option.
    if let (20.., Ok(program), Some(module)) = (major, env::current_exe(), module.to_str()) {
        let words = [program.to_str(), Some("trace"), Some(module)];
        let words: Option<Vec<_>> = words.into_iter().collect();
        let script = words
            .map(|words| format!("const command = {};\n{SCRIPT}", serde_json::Value::from(words)));
        command.args(script.map(|script| {
            let escaped: String = script.bytes().map(|byte| format!("%{byte:02x}")).collect();
            format!("--import=data:text/javascript,{escaped}")
        }));
    }
    Ok(command)
}

/// Rewrites the trace on the standard input, which is from this module.
pub(crate) fn rewrite_input(module: &Path) -> Result<()> {
    let wasm = fs::read(module).with_context(|| format!("cannot read `{}`", module.display()))?;
    let mut trace = String::new();
    io::stdin().read_to_string(&mut trace).context("cannot read the trace")?;
    let rewritten = Module::read(&wasm)?.rewrite(&trace);
    io::stdout().write_all(rewritten.as_bytes()).context("cannot write the trace")
}

type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// What the rewriting needs from a module.
struct Module<'a> {
    imported: usize,
    /// The range of each function's body in the module.
    bodies: Vec<Range<u64>>,
    /// The offset that addresses are relative to.
    code: u64,
    lines: Lines<Slice<'a>>,
}

/// A code location as engines show it.
struct Place<'a> {
    /// The text before it on the line: spaces, `at`, and a name.
    before: &'a str,
    /// The location itself, with the part of the module's name before it.
    text: &'a str,
    function: usize,
    offset: u64,
}

impl<'a> Module<'a> {
    fn read(wasm: &'a [u8]) -> Result<Self> {
        let (mut imported, mut bodies, mut code) = (0, Vec::new(), 0);
        let mut sections = Vec::new();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        imported += usize::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::CodeSectionStart { unchecked_range, .. } => code = unchecked_range.start,
                Payload::CodeSectionEntry(body) => bodies.push(body.range()),
                Payload::CustomSection(section) => sections.push(section),
                _ => {}
            }
        }
        let dwarf = Dwarf::load(|id: SectionId| {
            let section = sections.iter().find(|section| section.name() == id.name());
            let data = section.map_or(&[][..], |section| section.data());
            Ok::<_, addr2line::gimli::Error>(EndianSlice::new(data, LittleEndian))
        });
        let lines = dwarf.and_then(Lines::from_dwarf).context("cannot read its DWARF")?;
        Ok(Self { imported, bodies, code, lines })
    }

    fn rewrite(&self, trace: &str) -> String {
        trace.split_inclusive('\n').map(|line| self.line(line)).collect()
    }

    /// Rewrites a line: to itself, or to one line per inlined call at that address, the innermost first.
    fn line(&self, line: &str) -> String {
        let Some(place) = Place::find(line.trim_end()) else { return line.to_owned() };
        let end = &line[line.trim_end().len()..];
        let is_there = |body: &Range<u64>| body.contains(&place.offset);
        let body = place.function.checked_sub(self.imported).and_then(|it| self.bodies.get(it));
        if !body.is_some_and(is_there) {
            // It belongs to another module.
            return line.to_owned();
        }
        let (indent, name) = place.before.split_once("at ").unwrap_or_default();
        // V8 puts the module's name before a function's name that it cannot read.
        let name = name.trim_end();
        let name = readable(name.split_once(".wasm.").map_or(name, |(_, name)| name));
        let frames = self.frames(place.offset - self.code);
        if frames.is_empty() {
            return format!("{indent}at {name} ({}){end}", place.text);
        }
        let (function, offset) = (place.function, place.offset);
        let lines = frames.into_iter().map(|(inlined, at)| {
            let name = inlined.as_ref().unwrap_or(&name);
            format!("{indent}at {name} ({at}) wasm-function[{function}]:{offset:#x}")
        });
        lines.collect::<Vec<_>>().join("\n") + end
    }

    /// The functions at an address, if they are known, and their source locations.
    fn frames(&self, address: u64) -> Vec<(Option<String>, String)> {
        let LookupResult::Output(Ok(mut frames)) = self.lines.find_frames(address) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        while let Ok(Some(Frame { function, location, .. })) = frames.next() {
            let Some((file, line)) = location.as_ref().and_then(|it| Some((it.file?, it.line?)))
            else {
                continue;
            };
            let column = location.and_then(|it| it.column).filter(|column| *column > 0);
            let column = column.map(|column| format!(":{column}")).unwrap_or_default();
            let name = function.and_then(|it| Some(readable(&it.raw_name().ok()?)));
            found.push((name, format!("{file}:{line}{column}")));
        }
        found
    }
}

impl<'a> Place<'a> {
    /// The location on a line, if the line is part of a trace.
    fn find(line: &'a str) -> Option<Self> {
        const FUNCTION: &str = "wasm-function[";
        let at = line.find(FUNCTION)?;
        let (function, offset) = line[at + FUNCTION.len()..].split_once("]:0x")?;
        let offset = offset.strip_suffix(')').unwrap_or(offset);
        let start = line[..at].rfind([' ', '(']).map(|it| it + 1)?;
        let before = line[..start].trim_end_matches('(');
        if !before.trim_start().starts_with("at ") {
            return None;
        }
        Some(Self {
            before,
            text: line[start..].trim_end_matches(')'),
            function: function.parse().ok()?,
            offset: u64::from_str_radix(offset, 16).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_what_is_of_others_stays() {
        let wasm = wat::parse_str(r#"(module (import "a" "b" (func)) (func call 0) (func nop))"#);
        let wasm = wasm.unwrap();
        let module = Module::read(&wasm).unwrap();
        let body = module.bodies[0].clone();
        let inside = |function: u32, offset: u64| {
            format!(
                "Error: no\n    at _ZN4demo5waits17h0123456789abcdefE \
                 (wasm://wasm/demo-01:wasm-function[{function}]:{offset:#x})\n    at main.js:1:2"
            )
        };
        // Without DWARF.
        let named =
            inside(1, body.start + 1).replace("_ZN4demo5waits17h0123456789abcdefE", "demo::waits");
        assert_eq!(module.rewrite(&inside(1, body.start + 1)), named);
        for other in [inside(2, body.start + 1), inside(0, body.start), inside(9, 1), inside(1, 1)]
        {
            assert_eq!(module.rewrite(&other), other);
        }
        let of_module = inside(1, body.start + 1).replace("_ZN", "demo-0123.wasm._ZN");
        assert_eq!(module.rewrite(&of_module), named);
        for other in
            ["wasm-function[1]:0x3", "at wasm-function[x]:0x1\n", "at a wasm-function[1]:0x"]
        {
            assert_eq!(module.rewrite(other), other);
        }
    }
}
