//! Packages with their own test command, most of them examples: each is built as a user would build it, then its
//! command is run.

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

/// Tests every package that has `test = ["program", "argument", …]` in its `[package.metadata.xtask]`, or only the
/// one named by `only`. The command finds the module in `BYSYNCIFY_WASM`. Other keys:
///
/// - `wasm-bindgen = "<version>"`: its output is in `BYSYNCIFY_JS`, for Node unless `wasm-bindgen-target` says
///   otherwise;
/// - `wasm-opt-level`: for packages where wasm-opt would take too long;
/// - `everything = true`, `debug = true`: also tested with everything instrumented that Binaryen would instrument,
///   and as a debug build;
/// - `clang = true`: has C code;
/// - `wasi = true`: there is also a module for WASI, in `BYSYNCIFY_WASI`;
/// - `browser = true`: there is a browser, in `BYSYNCIFY_CHROMIUM`;
/// - `npm = ["name@version", …]`: Node finds these packages.
pub(crate) fn run(workspace: &Workspace, only: Option<&str>, report: &mut Report) {
    run_those(workspace, |example| only.is_none_or(|name| example.name == name), report);
}

/// The same for the packages of `--only safe`: those with `safe = true`.
pub(crate) fn run_safe(workspace: &Workspace, report: &mut Report) {
    run_those(workspace, |example| example.flag("safe"), report);
}

fn run_those(workspace: &Workspace, is_meant: impl Fn(&Package) -> bool, report: &mut Report) {
    for example in workspace.with_own_tests().filter(|example| is_meant(example)) {
        run_and_count(workspace, example, &RELEASE, report);
        for build in [&EVERYTHING, &DEBUG] {
            if example.flag(build.name) {
                run_and_count(workspace, example, build, report);
            }
        }
    }
}

/// A way to build an example.
pub(crate) struct Build {
    /// The key in `[package.metadata.xtask]` that asks for a test of this build.
    name: &'static str,
    /// Options for `cargo bysyncify build`.
    options: &'static [&'static str],
    /// The folder of the module.
    folder: &'static str,
}

pub(crate) const RELEASE: Build = Build { name: "", options: &["--release"], folder: "release" };
const EVERYTHING: Build =
    Build { name: "everything", options: &["--release", "--everything"], folder: "release" };
pub(crate) const DEBUG: Build = Build { name: "debug", options: &[], folder: "debug" };

fn run_and_count(workspace: &Workspace, example: &Package, build: &Build, report: &mut Report) {
    let title = format!("{} {}", example.name, build.name);
    let title = title.trim_end();
    println!("example {title} …");
    let started = Instant::now();
    let result = run_example(workspace, example, build);
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

/// Makes one build, and runs the test command.
fn run_example(workspace: &Workspace, example: &Package, build: &Build) -> Result<()> {
    process::must_succeed(&mut command(workspace, example, "test", build)?).map(drop)
}

/// Builds a package. Returns its command with the name `key` in `[package.metadata.xtask]`.
pub(crate) fn command(
    workspace: &Workspace,
    example: &Package,
    key: &str,
    way: &Build,
) -> Result<Command> {
    let words = example.list(key);
    let (program, arguments) =
        words.split_first().with_context(|| format!("{} has no `{key}`", example.name))?;
    let wasm = build(workspace, example, TARGET, way)?;
    let program = match program.as_str() {
        "node" => cargo_bysyncify::setup::node()?,
        other => other.into(),
    };
    let mut command = Command::new(program);
    command.args(arguments).current_dir(&example.folder).env("BYSYNCIFY_WASM", &wasm);
    if example.flag("wasi") {
        command.env("BYSYNCIFY_WASI", build(workspace, example, WASI, way)?);
    }
    let packages = example.list("npm");
    if !packages.is_empty() {
        let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
        command.env("NODE_PATH", tools::from_npm(&packages)?.join("node_modules"));
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

/// Builds it for a target. Returns the path of the module.
fn build(workspace: &Workspace, example: &Package, target: &str, way: &Build) -> Result<PathBuf> {
    let mut build = process::cargo();
    build.current_dir(&workspace.root);
    build.args(["bysyncify", "build", "--target", target]);
    build.args(["--package", &example.name]).args(way.options);
    if let Some(level) = example.setting("wasm-opt-level") {
        build.env("BYSYNCIFY_OPT", level);
    }
    if example.flag("clang") {
        tools::clang()?.compile_for_wasm(&mut build);
    }
    process::must_succeed(&mut build)?;
    let artefact = example.artefact.as_ref().context("the package builds no program")?;
    Ok(workspace.target.join(target).join(way.folder).join(format!("{artefact}.wasm")))
}
