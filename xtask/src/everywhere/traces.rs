//! A debug build that traps in a coroutine: each function on its stack is shown with its file and line, by Node
//! as `cargo bysyncify run` starts it, and by wasmtime, which reads DWARF by itself.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::projects::{DEV, Projects, UNKNOWN};
use crate::process;
use crate::steps::Steps;
use crate::tools;

const PROJECT: &str = "traces";
const SCRIPT: &str = include_str!("traces.py");

/// The lines that are shown, by what their comments say, and in which functions they are. The innermost is first.
const LINES: [(&str, &str); 5] = [
    ("traps", "waits_and_traps"),
    ("descends", "descends"),
    ("descends", "descends"),
    ("begins", "main::{{closure}}"),
    ("polls", "main"),
];

pub(super) fn check(projects: &Projects, steps: &mut Steps<'_>) -> Result<()> {
    let source = projects.folder(PROJECT).join("src/main.rs");
    let source = fs::read_to_string(&source).context("cannot read the program")?;
    steps.test("node", || {
        let mut run = projects.bysyncify(PROJECT)?;
        let output = run.args(["run", "--quiet"]).output()?;
        check_trace(&process::all_text(&output), &source)
    });
    let Some(wasmtime) = steps.found(tools::from_pypi(tools::WASMTIME)) else { return Ok(()) };
    steps.test("wasmtime", || {
        let mut cargo = projects.cargo("build", PROJECT, UNKNOWN, &[])?;
        process::must_succeed(&mut cargo)?;
        let module = projects.module("everywhere-traces.wasm", UNKNOWN, DEV);
        let mut python = Command::new("python3");
        python.args(["-c", SCRIPT]).arg(module);
        python.env("PYTHONPATH", &wasmtime).env("WASMTIME_BACKTRACE_DETAILS", "1");
        let trace = process::must_succeed(&mut python)?;
        check_trace(&String::from_utf8(trace)?, &source)
    });
    Ok(())
}

/// Checks that these lines of the program are shown in order, each with its function, on the same line of the
/// trace or on the one before.
fn check_trace(trace: &str, source: &str) -> Result<usize> {
    let mut rest = trace.lines().zip(trace.lines().skip(1));
    for (comment, function) in LINES {
        let number = source.lines().position(|line| line.ends_with(&format!("// {comment}")));
        let number = number.with_context(|| format!("no line is `{comment}`"))? + 1;
        let place = format!("src/main.rs:{number}:");
        let name = format!("everywhere_traces::{function}");
        let is_it = |(before, line): (&str, &str)| {
            line.contains(&place) && (before.contains(&name) || line.contains(&name))
        };
        ensure!(rest.any(is_it), "`{name}` is not shown at `{place}` in its place:\n{trace}");
    }
    Ok(LINES.len())
}
