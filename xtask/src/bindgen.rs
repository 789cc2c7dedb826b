//! wasm-bindgen's command line tool, in exactly the version that a module was compiled for.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use cargo_bysyncify::setup;

use crate::process;

/// Runs wasm-bindgen on a module, for Node; returns the script that it wrote into `folder`.
pub(crate) fn for_node(version: &str, wasm: &Path, folder: &Path) -> Result<PathBuf> {
    let mut command = Command::new(setup::wasm_bindgen(version)?);
    command.args(["--target", "nodejs", "--out-dir"]).arg(folder).arg(wasm);
    process::must_succeed(&mut command)?;
    let script = wasm.with_extension("js");
    Ok(folder.join(script.file_name().context("a module lies in a file")?))
}
