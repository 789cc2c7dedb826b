//! Debug builds that trap and that panic in a coroutine. Each function on its stack must be shown with its file and
//! line: by Node in `cargo bysyncify run`, in a trace of Chromium that `cargo bysyncify trace` has rewritten, and by
//! wasmtime, which reads DWARF itself.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::browser;
use super::projects::{DEV, Projects, UNKNOWN};
use crate::process;
use crate::steps::Steps;
use crate::tools;

const PROJECT: &str = "traces";
const SCRIPT: &str = include_str!("traces.py");

/// A program, and the line that ends it.
struct Program {
    binary: &'static str,
    end: Line,
}

/// A line that must be shown: its file, its comment, and its function.
struct Line(&'static str, &'static str, &'static str);

const PROGRAMS: [Program; 2] = [
    Program {
        binary: "everywhere-traces",
        end: Line("src/main.rs", "traps", "everywhere_traces::traps"),
    },
    Program { binary: "panics", end: Line("src/bin/panics.rs", "panics", "panics::panics") },
];

/// The lines that must be shown after that one. The innermost is first.
const LINES: [Line; 5] = [
    Line("src/lib.rs", "ends", "everywhere_traces::waits"),
    Line("src/lib.rs", "descends", "everywhere_traces::descends"),
    Line("src/lib.rs", "descends", "everywhere_traces::descends"),
    Line("src/lib.rs", "begins", "everywhere_traces::waits_before::{{closure}}"),
    Line("src/lib.rs", "polls", "everywhere_traces::waits_before"),
];

pub(super) fn check(projects: &Projects, steps: &mut Steps<'_>) -> Result<()> {
    let wasmtime = steps.found(tools::from_pypi(tools::WASMTIME));
    for program in PROGRAMS {
        let binary = program.binary;
        let check = |trace: &str, lines: &[Line]| {
            check_trace(trace, [&program.end].into_iter().chain(lines), &projects.folder(PROJECT))
        };
        let build = || -> Result<PathBuf> {
            let mut cargo = projects.cargo("build", PROJECT, UNKNOWN, &[])?;
            process::must_succeed(cargo.args(["--bin", binary]))?;
            Ok(projects.module(&format!("{binary}.wasm"), UNKNOWN, DEV))
        };
        steps.test(&format!("{binary} in Node"), || {
            let mut run = projects.bysyncify(PROJECT)?;
            let output = run.args(["run", "--quiet", "--bin", binary]).output()?;
            check(&process::all_text(&output), &LINES)
        });
        let Some(module) = steps.make(&format!("{binary} for others"), build) else { continue };
        steps.test(&format!("{binary} in Chromium"), || {
            let page = format!("page.html?/{binary}.wasm");
            let built = module.parent().context("it is in a folder")?;
            let trace = browser::show(&page, &[&projects.folder(PROJECT), built])?;
            check(&rewritten(projects, &module, &trace)?, &LINES)
        });
        let Some(wasmtime) = &wasmtime else { continue };
        steps.test(&format!("{binary} in wasmtime"), || {
            let mut python = Command::new("python3");
            python.args(["-c", SCRIPT]).arg(&module);
            python.env("PYTHONPATH", wasmtime).env("WASMTIME_BACKTRACE_DETAILS", "1");
            // It shows no more than 20 functions, of which a panic alone has 8.
            let lines = &LINES[..LINES.len() - 1];
            check(&String::from_utf8(process::must_succeed(&mut python)?)?, lines)
        });
    }
    Ok(())
}

/// Returns the output of `cargo bysyncify trace` for a trace.
fn rewritten(projects: &Projects, module: &Path, trace: &[u8]) -> Result<String> {
    let mut command = projects.bysyncify(PROJECT)?;
    command.arg("trace").arg(module).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = command.spawn().context("cannot start it")?;
    running.stdin.take().context("it reads a trace")?.write_all(trace)?;
    let output = running.wait_with_output()?;
    ensure!(output.status.success(), "`{}` failed", process::show(&command));
    Ok(String::from_utf8(output.stdout)?)
}

/// Checks that the lines of the program are shown in order, each with its function, on the same line of the
/// trace or on the one before.
fn check_trace<'a>(
    trace: &str,
    lines: impl Iterator<Item = &'a Line>,
    project: &Path,
) -> Result<usize> {
    let mut found = 0;
    let mut rest = trace.lines().zip(trace.lines().skip(1));
    for Line(file, comment, function) in lines {
        let source = fs::read_to_string(project.join(file)).context("cannot read the program")?;
        let number = source.lines().position(|line| line.ends_with(&format!("// {comment}")));
        let number = number.with_context(|| format!("no line is `{comment}`"))? + 1;
        let place = format!("{file}:{number}:");
        let is_it = |(before, line): (&str, &str)| {
            line.contains(&place) && (before.contains(function) || line.contains(function))
        };
        ensure!(rest.any(is_it), "`{function}` is not shown at `{place}` in its place:\n{trace}");
        found += 1;
    }
    Ok(found)
}
