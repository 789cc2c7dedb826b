//! Calls cargo so that the modules it links go through Asyncify.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::command;
use crate::setup::{self, WasmTarget};

/// The environment variable that tells cargo the linker for a target:
/// `CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER`.
#[must_use]
pub fn linker_variable(triple: &str) -> String {
    target_variable(triple, "LINKER")
}

/// The environment variable for a setting under `[target.<triple>]`.
pub(crate) fn target_variable(triple: &str, setting: &str) -> String {
    format!("CARGO_TARGET_{}_{setting}", triple.to_uppercase().replace(['-', '.'], "_"))
}

/// The cargo that called us, or the one on `PATH`.
pub(crate) fn program() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// The default target.
pub(crate) const DEFAULT_TARGET: &str = "wasm32-unknown-unknown";

/// The target to build for: the one named on the command line; else the one in cargo's configuration, if it is
/// WebAssembly; else `DEFAULT_TARGET`.
pub(crate) fn target(named: Option<&str>) -> String {
    let configured = || match env::var("CARGO_BUILD_TARGET") {
        Ok(triple) => Some(triple),
        Err(_) => config()["build"]["target"].as_str().map(str::to_owned),
    };
    let is_wasm = |triple: &String| triple.starts_with("wasm");
    match named {
        Some(triple) => triple.to_owned(),
        None => configured().filter(is_wasm).unwrap_or_else(|| DEFAULT_TARGET.to_owned()),
    }
}

/// The contents of cargo's configuration files. No stable command prints them yet. If this cargo lacks even the
/// unstable command, they are treated as empty.
pub(crate) fn config() -> Value {
    let mut cargo = Command::new(program());
    cargo.env("RUSTC_BOOTSTRAP", "1").args(["-Zunstable-options", "config", "get"]);
    let printed = command::stdout(cargo.args(["--format", "json"]));
    printed.ok().and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default()
}

/// `cargo <subcommand>` for a wasm target, with the right compiler, and with this program as the linker.
///
/// First makes sure that the target is installed.
pub(crate) fn command(subcommand: &str, triple: &str) -> Result<Command> {
    let target = setup::wasm_target(triple)?;
    let mut command = Command::new(program());
    command.args([subcommand, "--target", triple]);
    configure(&mut command, &target)?;
    Ok(command)
}

fn configure(command: &mut Command, target: &WasmTarget) -> Result<()> {
    target.apply(command);
    command.env(linker_variable(&target.triple), linker()?);
    Ok(())
}

/// The linker to name to cargo: this program itself, see `is_linker`.
///
/// But if `bysyncify-ld` is installed beside this program, then that name, as in a project's own config: cargo
/// compiles everything again when the name of the linker changes.
fn linker() -> Result<PathBuf> {
    let own = own_path()?;
    let is_installed = command::find(LINKER).is_some_and(|found| found.parent() == own.parent());
    Ok(if is_installed { LINKER.into() } else { own })
}

const LINKER: &str = "bysyncify-ld";

/// Makes cargo run a target's programs with our command `runner` and these arguments.
pub(crate) fn set_runner(command: &mut Command, triple: &str, arguments: &str) -> Result<()> {
    // Not `--config`: cargo would join this with a runner in the user's own config. Cargo splits a variable's value
    // at white space. So if our path has white space, use our name: by that name cargo has found us.
    let own = own_path()?;
    let own = match own.to_str() {
        Some(own) if !own.contains(char::is_whitespace) => own,
        _ => "cargo-bysyncify",
    };
    let variable = target_variable(triple, "RUNNER");
    command.env(variable, format!("{own} bysyncify runner {arguments}"));
    Ok(())
}

fn own_path() -> Result<PathBuf> {
    env::current_exe().context("cannot tell where this program is")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linker_variable_is_spelled_as_cargo_reads_it() {
        assert_eq!(
            linker_variable("wasm32-unknown-unknown"),
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER"
        );
    }

    #[test]
    fn runner_is_this_program() {
        let mut command = Command::new("cargo");
        set_runner(&mut command, "wasm32-wasip1", "--test").unwrap();
        let own = env::current_exe().unwrap();
        let variables: Vec<_> = command.get_envs().collect();
        let value = format!("{} bysyncify runner --test", own.display());
        assert_eq!(
            variables,
            [("CARGO_TARGET_WASM32_WASIP1_RUNNER".as_ref(), Some(value.as_ref()))]
        );
    }
}
