//! Says in a stack trace of Node's or Chromium's where in the program its places are: they show offsets in
//! the module, since they do not read DWARF.
//!
//! ```text
//!   at _ZN4demo5waits17h…E (wasm://wasm/demo-0a1b2c3d:wasm-function[12]:0x1b31)
//!   at demo::waits (/home/me/demo/src/main.rs:7:9) wasm-function[12]:0x1b31
//! ```
//!
//! A trace is rewritten when there is one, so nobody waits for it who has none: `run` gives Node a script
//! that calls this program when the stack of an error is looked at. Source maps would have to be
//! made in each build, and Node reads none for WebAssembly.

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

/// The script. It begins with the command by which a trace is rewritten.
const SCRIPT: &str = include_str!("trace.mjs");

/// Node with traces that say where in the program they are, if it runs this module.
pub(crate) fn node(module: &Path) -> Result<Command> {
    let (node, major) = crate::setup::node_and_major()?;
    let mut command = Command::new(node);
    // Node 18 has not had the option from the beginning.
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

/// Rewrites the trace on the standard input, which is of this module.
pub(crate) fn rewrite_input(module: &Path) -> Result<()> {
    let wasm = fs::read(module).with_context(|| format!("cannot read `{}`", module.display()))?;
    let mut trace = String::new();
    io::stdin().read_to_string(&mut trace).context("cannot read the trace")?;
    let rewritten = Module::read(&wasm)?.rewrite(&trace);
    io::stdout().write_all(rewritten.as_bytes()).context("cannot write the trace")
}

type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// What has to be known of a module.
struct Module<'a> {
    imported: usize,
    /// Where in the module each function's body is.
    bodies: Vec<Range<u64>>,
    /// Where addresses count from.
    code: u64,
    lines: Lines<Slice<'a>>,
}

/// A place as engines show it.
struct Place<'a> {
    /// What comes before it on the line: spaces, `at`, and a name.
    before: &'a str,
    /// The place itself, with what of the module there is in front of it.
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

    /// A line as it was, or as many as there are calls in that place, the innermost first.
    fn line(&self, line: &str) -> String {
        let Some(place) = Place::find(line.trim_end()) else { return line.to_owned() };
        let end = &line[line.trim_end().len()..];
        let is_there = |body: &Range<u64>| body.contains(&place.offset);
        let body = place.function.checked_sub(self.imported).and_then(|it| self.bodies.get(it));
        if !body.is_some_and(is_there) {
            // It is of another module.
            return line.to_owned();
        }
        let (indent, name) = place.before.split_once("at ").unwrap_or_default();
        // V8 says whose name it is, if it cannot read that.
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

    /// The functions that an address is in, if they are known, and where.
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
    /// The place on a line, if that is of a trace.
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
