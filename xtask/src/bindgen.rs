//! wasm-bindgen's command line tool, in exactly the version that a module was compiled for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use cargo_bysyncify::setup;

use crate::process;

/// Runs wasm-bindgen on a module, for Node; returns the script that it wrote into `folder`.
pub(crate) fn for_node(version: &str, wasm: &Path, folder: &Path) -> Result<PathBuf> {
    let mut command = Command::new(tool(version)?);
    command.args(["--target", "nodejs", "--out-dir"]).arg(folder).arg(wasm);
    process::must_succeed(&mut command)?;
    let script = wasm.with_extension("js");
    Ok(folder.join(script.file_name().context("a module lies in a file")?))
}

/// The tool, which is built into the cache if it is not there: that takes a few minutes.
fn tool(version: &str) -> Result<PathBuf> {
    let place = setup::cache_dir()?.join(format!("wasm-bindgen-{version}"));
    let name = format!("wasm-bindgen{}", std::env::consts::EXE_SUFFIX);
    let tool = place.join("bin").join(name);
    if !tool.exists() {
        println!("building wasm-bindgen-cli {version}, once …");
        // Under another name until it is complete.
        let partial = setup::cache_dir()?.join(format!("wasm-bindgen-{version}-partial"));
        let mut install = process::cargo();
        install.args(["install", "--quiet", "--debug", "wasm-bindgen-cli"]);
        install.args(["--version", version, "--root"]).arg(&partial);
        process::must_succeed(&mut install)?;
        let _ = fs::remove_dir_all(&place);
        fs::rename(&partial, &place)
            .with_context(|| format!("cannot rename `{}`", partial.display()))?;
    }
    Ok(tool)
}
