//! `bysyncify::wasi`: a command-line program that waits for its input and for timers at the same time, under
//! Node's WASI, wasmtime, and as a component.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use cargo_bysyncify::setup;

use super::projects::{DEV, Profile, Projects, RELEASE, WASI, WASI2};
use super::{component, wasi};
use crate::process;
use crate::steps::Steps;
use crate::tools;

const PROJECT: &str = "block-on";
const WASMTIME: &str = include_str!("block_on.py");

/// The modes that end by themselves, with their output.
const WAYS: [(&str, &str); 2] =
    [("busy", "polled 2 times\n"), ("closed", "99 is ready\n-1 is ready\n")];

/// The mistakes that end the program, with their messages.
const MISTAKES: [(&str, &str); 3] = [
    (
        "deadlock",
        "deadlock: what `wasi::block_on` runs waits, and nothing is left that could wake it",
    ),
    (
        "nested",
        "`wasi::block_on` is running already: wait with `embed` in a coroutine that it polls",
    ),
    (
        "outside",
        "a future of `bysyncify::wasi` was polled outside `wasi::block_on`, so nobody would wake it",
    ),
];

pub(super) fn check(projects: &Projects, steps: &mut Steps<'_>) -> Result<()> {
    for profile in [DEV, RELEASE] {
        steps.test(&format!("node:wasi, {}", profile.name), || {
            let module = build(projects, profile)?;
            check_all(|| {
                let mut node = projects.command(setup::node()?, wasi::PROJECT, &[])?;
                node.arg("node.mjs").arg(&module);
                Ok(node)
            })
        });
    }
    steps.test("as a component", || {
        let mut cargo = projects.cargo("build", PROJECT, WASI2, &[])?;
        process::must_succeed(cargo.args(["--profile", RELEASE.name]))?;
        let program = projects.module("everywhere-block-on.wasm", WASI2, RELEASE);
        let output = projects.target.join("components").join(PROJECT);
        let component = component::transpile(&program, &output, &[])?;
        check_all(|| {
            let mut node = projects.command(setup::node()?, wasi::PROJECT, &[])?;
            node.arg("component.mjs").arg(&component);
            Ok(node)
        })
    });
    let Some(wasmtime) = steps.found(tools::from_pypi(tools::WASMTIME)) else { return Ok(()) };
    steps.test("wasmtime", || {
        let module = build(projects, RELEASE)?;
        check_all(|| {
            let mut python = Command::new("python3");
            python.args(["-c", WASMTIME]).arg(&module).env("PYTHONPATH", &wasmtime);
            Ok(python)
        })
    });
    Ok(())
}

fn build(projects: &Projects, profile: Profile) -> Result<std::path::PathBuf> {
    let mut cargo = projects.cargo("build", PROJECT, WASI, &[])?;
    process::must_succeed(cargo.args(["--profile", profile.name]))?;
    Ok(projects.module("everywhere-block-on.wasm", WASI, profile))
}

/// Runs the program in all its modes. Returns how many there are.
fn check_all(program: impl Fn() -> Result<Command>) -> Result<usize> {
    talk(program()?.arg("ticks"))?;
    for (name, wanted) in WAYS {
        let printed = process::must_succeed(program()?.arg(name))?;
        let printed = String::from_utf8_lossy(&printed);
        ensure!(printed == wanted, "`{name}` says, and not {wanted:?}:\n{printed}");
    }
    for (name, message) in MISTAKES {
        let mut command = program()?;
        let output = command.arg(name).output()?;
        let text = process::all_text(&output);
        let says = text.lines().any(|line| line == message);
        ensure!(says && !output.status.success(), "`{name}` says, and not `{message}`:\n{text}");
    }
    Ok(1 + WAYS.len() + MISTAKES.len())
}

/// Checks the output while there is no input, and after each line of input. If waiting for the input stopped the clock,
/// this would never write a line.
fn talk(command: &mut Command) -> Result<()> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().context("the program cannot be run")?;
    let mut input = child.stdin.take();
    let output = child.stdout.take().context("the output is a pipe")?;
    let mut trace = Vec::new();
    for line in BufReader::new(output).lines() {
        let line = line?;
        match (line.as_str(), &mut input) {
            ("tick 2", Some(input)) => input.write_all(b"one\n")?,
            (r#"read "one\n""#, Some(input)) => input.write_all(b"two\n")?,
            (r#"read "two\n""#, input) => *input = None,
            _ => {}
        }
        trace.push(line);
    }
    ensure!(child.wait()?.success(), "the program failed after {trace:#?}");
    // At the beginning, and once for each line: to write is not waited for in vain.
    let wanted =
        ["tick 1", "tick 2", r#"read "one\n""#, r#"read "two\n""#, r#"read """#, "polled 8 times"];
    ensure!(trace == wanted, "the program printed {trace:#?}\nand not {wanted:#?}");
    Ok(())
}
