//! Finding Binaryen's `wasm-opt`, or installing it from npm.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{cache, node};
use crate::{WasmOpt, command};

/// The version that `setup` installs.
const PREFERRED: u32 = 132;

/// The oldest version whose output was run in our tests.
const OLDEST: u32 = 108;

/// Finds `wasm-opt`, or installs it from npm into our cache.
///
/// Looks at `$WASM_OPT`, then on `PATH` (version 108 or later), then in the cache.
///
/// # Errors
///
/// If `$WASM_OPT` cannot be used, or if nothing is found and npm cannot install it.
pub fn wasm_opt() -> Result<WasmOpt> {
    match find()? {
        Some(found) => Ok(found),
        None => wasm_opt_version(PREFERRED),
    }
}

/// The `wasm-opt` of npm's `binaryen@<major>.0.0`, installed into our cache if need be.
///
/// # Errors
///
/// If it is not there and npm cannot install it.
pub fn wasm_opt_version(major: u32) -> Result<WasmOpt> {
    let place = npm_folder(major)?;
    cache::filled(&place, |partial| npm_install(major, partial))?;
    in_npm_folder(&place, major)
}

/// Finds `wasm-opt` without installing anything.
pub(crate) fn find() -> Result<Option<WasmOpt>> {
    if let Some(path) = std::env::var_os("WASM_OPT").filter(|value| !value.is_empty()) {
        let found = WasmOpt::at(Path::new(&path)).context("WASM_OPT cannot be used")?;
        if found.version() < OLDEST {
            bail!("WASM_OPT is {found}, but version {OLDEST} or later is needed");
        }
        return Ok(Some(found));
    }
    if let Some(path) = command::find("wasm-opt") {
        // One that is too old or broken is no reason to stop: there is our own.
        if let Ok(found) = WasmOpt::at(&path)
            && found.version() >= OLDEST
        {
            return Ok(Some(found));
        }
    }
    let place = npm_folder(PREFERRED)?;
    if place.is_dir() { in_npm_folder(&place, PREFERRED).map(Some) } else { Ok(None) }
}

fn npm_folder(major: u32) -> Result<PathBuf> {
    Ok(cache::dir()?.join(format!("binaryen-{major}")))
}

/// npm's `wasm-opt` is a script. Its version is known, and asking it would take 0.3 s.
fn in_npm_folder(place: &Path, major: u32) -> Result<WasmOpt> {
    let script = place.join("node_modules/binaryen/bin/wasm-opt");
    Ok(WasmOpt::script(node()?, script, major))
}

fn npm_install(major: u32, folder: &Path) -> Result<()> {
    node()?;
    let npm = command::find("npm").with_context(|| {
        format!(
            "npm is needed to install wasm-opt and is not on PATH: install npm (it comes with \
             Node; Debian: `apt-get install npm`), or install Binaryen {OLDEST} or later \
             yourself and put its `wasm-opt` on PATH or into WASM_OPT"
        )
    })?;
    command::run(
        Command::new(npm)
            .args(["install", "--no-audit", "--no-fund", "--no-update-notifier", "--prefix"])
            .arg(folder)
            .arg(format!("binaryen@{major}.0.0")),
    )
}
