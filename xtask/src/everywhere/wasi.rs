//! `wasm32-wasip1`: a program built by plain cargo under Node's WASI, and `cargo bysyncify run`.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use cargo_bysyncify::setup;

use super::projects::{DEV, Projects, SMALL};
use super::steps::Steps;
use crate::process;

const PROJECT: &str = "wasi";
pub(super) const WASI: &str = "wasm32-wasip1";

/// What is given to the program, and what it must print and return.
struct Case {
    arguments: &'static [&'static str],
    stdin: &'static str,
    stdout: &'static str,
    stderr: &'static str,
    status: i32,
}

/// Four bytes of each file are read in turns: that makes the order of lines.
const CASES: [Case; 2] = [
    Case {
        arguments: &["data/a.txt", "data/b.txt", "-"],
        stdin: "from outside\nand more\n",
        stdout: "\
data/a.txt 1: one
data/a.txt 2: two
data/b.txt 1: alpha
data/b.txt 2: beta
- 1: from outside
data/a.txt 3: three is longer
- 2: and more
[Some(3), Some(2), Some(2)] lines for everybody
",
        stderr: "",
        status: 0,
    },
    Case {
        arguments: &["data/missing.txt", "data/b.txt"],
        stdin: "",
        stdout: "\
data/b.txt 1: alpha
data/b.txt 2: beta
[None, Some(2)] lines for everybody
",
        stderr: "data/missing.txt: No such file or directory (os error 44)\n",
        status: 3,
    },
];

pub(super) fn check(projects: &Projects, steps: &mut Steps<'_>) -> Result<()> {
    for profile in [DEV, SMALL] {
        steps.test(&format!("node:wasi, {}", profile.name), || {
            let mut cargo = projects.cargo("build", PROJECT, WASI, &[])?;
            process::must_succeed(cargo.args(["--profile", profile.name]))?;
            let module = projects.module("everywhere-wasi.wasm", WASI, profile);
            run_all(|| {
                let mut node = projects.command(setup::node()?, PROJECT, &[])?;
                node.arg("node.mjs").arg(&module);
                Ok(node)
            })
        });
    }
    steps.test("cargo bysyncify run", || {
        run_all(|| {
            let mut command = projects.bysyncify(PROJECT)?;
            command.args(["run", "--quiet", "--target", WASI, "--"]);
            Ok(command)
        })
    });
    Ok(())
}

/// Runs the program with each case's arguments; how many have passed.
fn run_all(program: impl Fn() -> Result<Command>) -> Result<usize> {
    for case in &CASES {
        run(case, &mut program()?)?;
    }
    Ok(CASES.len())
}

fn run(case: &Case, command: &mut Command) -> Result<()> {
    command.args(case.arguments).env("WHO", "everybody");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("the program cannot be run")?;
    let mut stdin = child.stdin.take().context("the input is a pipe")?;
    stdin.write_all(case.stdin.as_bytes())?;
    drop(stdin);
    let output = child.wait_with_output()?;
    let is_expected = output.stdout == case.stdout.as_bytes()
        && output.stderr == case.stderr.as_bytes()
        && output.status.code() == Some(case.status);
    if !is_expected {
        bail!(
            "`{}` ended with {} after:\n{}\nand not with {} after:\n{}{}",
            process::show(command),
            output.status,
            process::all_text(&output),
            case.status,
            case.stdout,
            case.stderr
        );
    }
    Ok(())
}
