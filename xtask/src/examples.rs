//! Packages with tests of their own, examples most of them: each is built as a user builds it,
//! then its command is run.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::guests::TARGET;
use crate::report::Report;
use crate::workspace::{Package, Workspace};
use crate::{bindgen, process, tools};

const WASI: &str = "wasm32-wasip1";

/// The row of the report.
pub(crate) const ROW: &str = "examples";

/// Tests every package that has `test = ["program", "argument", …]` in its
/// `[package.metadata.xtask]`. The command finds the module in `BYSYNCIFY_WASM`, and with
/// `wasm-bindgen = "<version>"` what that made of it in `BYSYNCIFY_JS`. `wasm-opt-level` is for
/// those whose wasm-opt would take too long, and `everything = true` for those that are also tested
/// with all that Binaryen would instrument. With `wasi = true` there is also a module for WASI, in
/// `BYSYNCIFY_WASI`, and with `browser = true` a browser, in `BYSYNCIFY_CHROMIUM`. What wasm-bindgen
/// makes is for Node, unless `wasm-bindgen-target` says otherwise. `only` names the one to test, if
/// not all.
pub(crate) fn run(workspace: &Workspace, only: Option<&str>, report: &mut Report) {
    let is_meant = |example: &&Package| only.is_none_or(|name| example.name == name);
    for example in workspace.with_own_tests().filter(is_meant) {
        run_and_count(workspace, example, None, report);
        if example.flag("everything") {
            run_and_count(workspace, example, Some("--everything"), report);
        }
    }
}

fn run_and_count(
    workspace: &Workspace,
    example: &Package,
    option: Option<&str>,
    report: &mut Report,
) {
    let title = [Some(&*example.name), option].into_iter().flatten().collect::<Vec<_>>().join(" ");
    println!("example {title} …");
    let started = Instant::now();
    let result = run_example(workspace, example, option);
    let seconds = started.elapsed().as_secs_f32();
    match result {
        Ok(()) => {
            report.count(ROW, 1, 0);
            println!("example {title:<26} {seconds:>6.1} s  ok");
        }
        Err(error) => {
            report.fail(ROW, &format!("{title}: see above"));
            println!("FAILED  example {title}: {error:#}");
        }
    }
}

/// Builds it, with this option of `cargo bysyncify build`, and runs its test command.
fn run_example(workspace: &Workspace, example: &Package, option: Option<&str>) -> Result<()> {
    process::must_succeed(&mut command(workspace, example, "test", option)?).map(drop)
}

/// Builds a package, with this option of `cargo bysyncify build`; the command of its that `key`
/// names in its `[package.metadata.xtask]`.
pub(crate) fn command(
    workspace: &Workspace,
    example: &Package,
    key: &str,
    option: Option<&str>,
) -> Result<Command> {
    let words = example.list(key);
    let (program, arguments) =
        words.split_first().with_context(|| format!("{} has no `{key}`", example.name))?;
    let wasm = build(workspace, example, TARGET, option)?;
    let program = match program.as_str() {
        "node" => cargo_bysyncify::setup::node()?,
        other => other.into(),
    };
    let mut command = Command::new(program);
    command.args(arguments).current_dir(&example.folder).env("BYSYNCIFY_WASM", &wasm);
    if example.flag("wasi") {
        command.env("BYSYNCIFY_WASI", build(workspace, example, WASI, option)?);
    }
    if example.flag("browser") {
        command.env("BYSYNCIFY_CHROMIUM", tools::chromium()?.browser);
    }
    if let Some(version) = example.setting("wasm-bindgen") {
        let target = example.setting("wasm-bindgen-target").unwrap_or("nodejs");
        let folder = workspace.target.join("wasm-bindgen").join(&example.name);
        command.env("BYSYNCIFY_JS", bindgen::script(version, target, &wasm, &folder)?);
    }
    Ok(command)
}

/// Builds it for a target; the module.
fn build(
    workspace: &Workspace,
    example: &Package,
    target: &str,
    option: Option<&str>,
) -> Result<PathBuf> {
    let mut build = process::cargo();
    build.current_dir(&workspace.root);
    build.args(["bysyncify", "build", "--release", "--target", target]);
    build.args(["--package", &example.name]).args(option);
    if let Some(level) = example.setting("wasm-opt-level") {
        build.env("BYSYNCIFY_OPT", level);
    }
    process::must_succeed(&mut build)?;
    let artefact = example.artefact.as_ref().context("the package builds no program")?;
    Ok(workspace.target.join(target).join("release").join(format!("{artefact}.wasm")))
}
