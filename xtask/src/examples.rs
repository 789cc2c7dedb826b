//! Packages with tests of their own, examples most of them: each is built as a user builds it,
//! then its command is run.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::guests::TARGET;
use crate::report::Report;
use crate::workspace::{Package, Workspace};
use crate::{bindgen, process};

/// The row of the report.
pub(crate) const ROW: &str = "examples";

/// Tests every package that has `test = ["program", "argument", …]` in its
/// `[package.metadata.xtask]`. The command finds the module in `BYSYNCIFY_WASM`, and with
/// `wasm-bindgen = "<version>"` what that made of it in `BYSYNCIFY_JS`. `wasm-opt-level` is for
/// those whose wasm-opt would take too long.
pub(crate) fn run(workspace: &Workspace, report: &mut Report) {
    for example in workspace.with_own_tests() {
        let test = example.list("test");
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
    if let Some(level) = example.setting("wasm-opt-level") {
        build.env("BYSYNCIFY_OPT", level);
    }
    process::must_succeed(&mut build)?;

    let artefact = example.artefact.as_ref().context("the package builds no program")?;
    let wasm = workspace.target.join(TARGET).join("release").join(format!("{artefact}.wasm"));
    let program = match test[0].as_str() {
        "node" => cargo_bysyncify::setup::node()?,
        other => other.into(),
    };
    let mut command = Command::new(program);
    command.args(&test[1..]).current_dir(&example.folder).env("BYSYNCIFY_WASM", &wasm);
    if let Some(version) = example.setting("wasm-bindgen") {
        let folder = workspace.target.join("wasm-bindgen").join(&example.name);
        command.env("BYSYNCIFY_JS", bindgen::for_node(version, &wasm, &folder)?);
    }
    process::must_succeed(&mut command).map(drop)
}
