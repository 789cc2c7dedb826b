//! The tests of the examples: each is built as a user builds it, then its own command is run.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::guests::TARGET;
use crate::process;
use crate::report::Report;
use crate::workspace::{Kind, Package, Workspace};

/// The row of the report.
pub(crate) const ROW: &str = "examples";

/// Tests every example that has `test = ["program", "argument", …]` in its
/// `[package.metadata.xtask]`.
pub(crate) fn run(workspace: &Workspace, report: &mut Report) {
    for example in workspace.of_kind(Kind::Example) {
        let test = example.list("test");
        if test.is_empty() {
            continue;
        }
        println!("example {} …", example.name);
        let started = Instant::now();
        let result = run_example(workspace, example, &test);
        let seconds = started.elapsed().as_secs_f32();
        match result {
            Ok(()) => {
                report.count(ROW, 1, 0);
                println!("example {:<16} {seconds:>6.1} s  ok", example.name);
            }
            Err(error) => {
                report.fail(ROW, &format!("{}: see above", example.name));
                println!("FAILED  example {}: {error:#}", example.name);
            }
        }
    }
}

fn run_example(workspace: &Workspace, example: &Package, test: &[String]) -> Result<()> {
    let mut build = process::cargo();
    build.current_dir(&workspace.root);
    build.args(["bysyncify", "build", "--release", "--package", &example.name]);
    process::must_succeed(&mut build)?;

    let artefact = example.artefact.as_ref().context("the package builds no program")?;
    let wasm = workspace.target.join(TARGET).join("release").join(format!("{artefact}.wasm"));
    let program = match test[0].as_str() {
        "node" => cargo_bysyncify::setup::node()?,
        other => other.into(),
    };
    let mut command = Command::new(program);
    command.args(&test[1..]).current_dir(&example.folder).env("BYSYNCIFY_WASM", wasm);
    process::must_succeed(&mut command).map(drop)
}
