//! wasm-bindgen's command line tool, in exactly the version that a module was compiled for.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use cargo_bysyncify::setup;

use crate::process;

/// Runs wasm-bindgen on a module. Returns the path of the script in `folder`.
pub(crate) fn script(version: &str, target: &str, wasm: &Path, folder: &Path) -> Result<PathBuf> {
    run(version, target, wasm, folder)?;
    let script = wasm.with_extension("js");
    Ok(folder.join(script.file_name().context("a module lies in a file")?))
}

/// Runs wasm-bindgen on a module, with `folder` for the output.
pub(crate) fn run(version: &str, target: &str, wasm: &Path, folder: &Path) -> Result<()> {
    let mut command = Command::new(setup::wasm_bindgen(version)?);
    command.args(["--target", target, "--out-dir"]).arg(folder).arg(wasm);
    process::must_succeed(&mut command).map(drop)
}

/// The folder with wasm-bindgen's programs.
pub(crate) fn programs(version: &str) -> Result<PathBuf> {
    let runner = setup::wasm_bindgen_test_runner(version)?;
    Ok(runner.parent().context("a program lies in a folder")?.to_owned())
}
