//! Clippy, with every warning as an error: on the host, and for wasm, because half of the code is only for wasm.

use std::process::Command;

use anyhow::Result;
use cargo_bysyncify::setup::{self, WasmTarget};

use super::{Context, EVERYWHERE, quietly};
use crate::guests::{TARGET, feature_arguments};
use crate::process;
use crate::workspace::{Kind, Package, Workspace};

/// The package that has clippy for Debian's compiler `rustc-web`.
const DEBIAN_PACKAGE: &str = "rust-web-clippy";

/// The project of `EVERYWHERE` that is only for the target `WASI`.
const FOR_WASI: &str = "everywhere-block-on";
const WASI: &str = "wasm32-wasip1";

/// Checks the library, the tools, and all their tests.
pub(super) fn host(context: &Context) -> Result<()> {
    let mut command = context.cargo("clippy");
    command.arg("--all-targets").args(host_packages(&context.workspace));
    quietly(deny_warnings(&mut command))
}

/// Checks the library and all packages that are only built for wasm. If there is no clippy for the wasm compiler, it
/// says so, and checks the compiler's own warnings.
pub(super) fn wasm(context: &Context) -> Result<()> {
    install(context);
    if wasm_clippy(context).is_none() {
        println!(
            "note: no clippy belongs to the compiler that has {TARGET}: only the compiler's own \
             warnings are looked at (on Debian: `apt-get install {DEBIAN_PACKAGE}`)"
        );
    }
    check_as_wasm(context, &library(&context.workspace)?)?;
    // One by one: otherwise they would share the features of their dependencies.
    for package in context.workspace.packages.iter().filter(|package| is_for_wasm(package)) {
        let mut arguments = vec!["--package".into(), package.name.clone()];
        arguments.extend(feature_arguments(package));
        check_as_wasm(context, &arguments)?;
    }
    let everywhere = ["--manifest-path", EVERYWHERE, "--workspace", "--all-targets"];
    let mut arguments = everywhere.map(String::from).to_vec();
    arguments.extend(["--exclude".into(), FOR_WASI.into()]);
    check_as_wasm(context, &arguments)?;
    // Only for WASI are the library's module `wasi`, and the project that uses it.
    let target = setup::wasm_target(WASI)?;
    check_for(context, &target, &library(&context.workspace)?)?;
    let arguments = ["--manifest-path", EVERYWHERE, "--package", FOR_WASI];
    check_for(context, &target, &arguments.map(String::from))
}

fn check_as_wasm(context: &Context, arguments: &[String]) -> Result<()> {
    check_for(context, &context.target, arguments)
}

fn check_for(context: &Context, target: &WasmTarget, arguments: &[String]) -> Result<()> {
    match clippy_for(context, target) {
        Some(mut command) => quietly(deny_warnings(command.args(arguments))),
        None => {
            let mut command = context.cargo_for(target, "check");
            quietly(command.args(arguments).env("RUSTFLAGS", "-D warnings"))
        }
    }
}

/// `cargo clippy` for the wasm target, if it is there.
pub(super) fn wasm_clippy(context: &Context) -> Option<Command> {
    clippy_for(context, &context.target)
}

fn clippy_for(context: &Context, target: &WasmTarget) -> Option<Command> {
    let Some(rustc) = &target.rustc else {
        return Some(context.cargo_for(target, "clippy"));
    };
    // Clippy is built with one compiler and reads only the files of that compiler. So it must be the one beside the
    // compiler, not the one of the cargo that runs us.
    let program = rustc.with_file_name("cargo-clippy");
    if !program.exists() {
        return None;
    }
    let mut command = context.at_root(Command::new(program));
    command.args(["clippy", "--target", &target.triple]);
    target.apply(&mut command);
    Some(command)
}

/// Installs clippy, where the compiler was installed from Debian's packages.
fn install(context: &Context) {
    if wasm_clippy(context).is_some() {
        return;
    }
    let mut command = Command::new("apt-get");
    command.args(["install", "--yes", "--no-install-recommends", DEBIAN_PACKAGE]);
    println!("{}", process::show(&command));
    if let Err(error) = process::must_succeed(&mut command) {
        println!("note: {error:#}");
    }
}

/// Arguments for cargo: the packages that are for the host, with all documented features.
pub(super) fn host_packages(workspace: &Workspace) -> Vec<String> {
    workspace.of_kind(Kind::Host).flat_map(with_features).collect()
}

/// Arguments for cargo: the library with all documented features.
pub(super) fn library(workspace: &Workspace) -> Result<Vec<String>> {
    Ok(with_features(workspace.library()?))
}

fn with_features(package: &Package) -> Vec<String> {
    let mut arguments = vec!["--package".into(), package.name.clone()];
    for feature in package.documented_features() {
        arguments.extend(["--features".into(), format!("{}/{feature}", package.name)]);
    }
    arguments
}

fn is_for_wasm(package: &Package) -> bool {
    matches!(package.kind, Kind::Guest | Kind::Example | Kind::Bench)
}

fn deny_warnings(command: &mut Command) -> &mut Command {
    command.args(["--", "-D", "warnings"])
}
