//! `wasm32-wasip1`: a program built by plain cargo under Node's WASI, and `cargo bysyncify run`.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use cargo_bysyncify::setup;

use super::projects::{DEV, Projects, SMALL, WASI};
use crate::process;
use crate::steps::Steps;

pub(super) const PROJECT: &str = "wasi";
pub(super) const PROGRAM: &str = "everywhere-wasi.wasm";

/// The input of the program, and its expected output and exit status.
pub(super) struct Case {
    arguments: &'static [&'static str],
    stdin: &'static str,
    stdout: &'static str,
    stderr: &'static str,
    status: i32,
}

/// Sources that need no files. Four bytes of each are read in turns: this determines the order of the lines.
pub(super) const WITHOUT_FILES: Case = Case {
    arguments: &["-", "=one\ntwo\nthree is longer", "=alpha\nbeta"],
    stdin: "from outside\nand more\n",
    stdout: "\
2.1: one
2.2: two
3.1: alpha
1.1: from outside
3.2: beta
1.2: and more
2.3: three is longer
[Some(2), Some(3), Some(2)] lines for everybody
",
    stderr: "",
    status: 0,
};

const WITH_FILES: Case = Case {
    arguments: &["data/long.txt", "data/missing.txt", "data/short.txt"],
    stdin: "",
    stdout: "\
1.1: un
1.2: deux
3.1: eins
1.3: trois et quatre
[Some(3), None, Some(1)] lines for everybody
",
    stderr: "data/missing.txt: No such file or directory (os error 44)\n",
    status: 3,
};

pub(super) fn check(projects: &Projects, steps: &mut Steps<'_>) -> Result<()> {
    for profile in [DEV, SMALL] {
        steps.test(&format!("node:wasi, {}", profile.name), || {
            let mut cargo = projects.cargo("build", PROJECT, WASI, &[])?;
            process::must_succeed(cargo.args(["--profile", profile.name]))?;
            let module = projects.module(PROGRAM, WASI, profile);
            run(&[WITH_FILES, WITHOUT_FILES], || {
                let mut node = projects.command(setup::node()?, PROJECT, &[])?;
                node.arg("node.mjs").arg(&module);
                Ok(node)
            })
        });
    }
    steps.test("cargo bysyncify run", || {
        run(&[WITH_FILES, WITHOUT_FILES], || {
            let mut command = projects.bysyncify(PROJECT)?;
            command.args(["run", "--quiet", "--target", WASI, "--"]);
            Ok(command)
        })
    });
    Ok(())
}

/// Runs the program for each case. Returns how many have passed.
pub(super) fn run(cases: &[Case], program: impl Fn() -> Result<Command>) -> Result<usize> {
    for case in cases {
        run_case(case, &mut program()?)?;
    }
    Ok(cases.len())
}

fn run_case(case: &Case, command: &mut Command) -> Result<()> {
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
