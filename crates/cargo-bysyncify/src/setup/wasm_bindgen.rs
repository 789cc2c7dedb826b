//! Finds wasm-bindgen's command line tools, in exactly the version that a module was compiled for: they refuse any
//! other.

use std::env::consts::EXE_SUFFIX;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::{cache, rustc};
use crate::{cargo, command};

/// Finds `wasm-bindgen` of this version on `PATH`, or builds it into our cache, which takes a minute or two.
///
/// # Errors
///
/// If it is missing and cargo cannot install it; the error says which command to try.
pub fn wasm_bindgen(version: &str) -> Result<PathBuf> {
    tool("wasm-bindgen", version)
}

/// The same for `wasm-bindgen-test-runner`, which is in the same package.
///
/// # Errors
///
/// As [`wasm_bindgen`].
pub fn wasm_bindgen_test_runner(version: &str) -> Result<PathBuf> {
    tool("wasm-bindgen-test-runner", version)
}

fn tool(name: &str, version: &str) -> Result<PathBuf> {
    if let Some(path) = command::find(name) {
        // If it has another version, or is broken, we use our own instead.
        let printed = command::stdout(Command::new(&path).arg("--version"));
        if printed.is_ok_and(|printed| printed == format!("{name} {version}")) {
            return Ok(path);
        }
    }
    let place = cache::dir()?.join(format!("wasm-bindgen-{version}"));
    cache::filled(&place, |partial| {
        eprintln!("  Installing wasm-bindgen-cli {version}, once: this takes a minute or two");
        let host = rustc::host_triple()?;
        let mut install = Command::new(cargo::program());
        // Without `--locked`: its lock file may name versions that a mirror of the registry lacks. The unoptimised
        // tool is built in a third of the time, and fast enough.
        install.args(["install", "--debug", "wasm-bindgen-cli", "--version", version]);
        // In another folder, and for this machine: in the user's folder cargo may be configured to build for wasm.
        install.args(["--target", &host, "--root"]).arg(partial).current_dir(partial);
        command::run(&mut install).with_context(|| missing(version))
    })?;
    Ok(place.join("bin").join(format!("{name}{EXE_SUFFIX}")))
}

fn missing(version: &str) -> String {
    format!(
        "wasm-bindgen-cli {version} is needed, the version of the crate wasm-bindgen in Cargo.lock, \
         and could not be installed: run `cargo install wasm-bindgen-cli --version {version} \
         --locked` where the registry can be reached, and try again"
    )
}
