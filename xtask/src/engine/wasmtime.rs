//! wasmtime with stack switching: its runner is the program `tests/stack-switching`, which is built on demand.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::Engine;
use crate::process;
use crate::workspace::Workspace;

pub(super) const NAME: &str = "wasmtime";

const FOLDER: &str = "tests/stack-switching";

pub(super) struct Wasmtime {
    program: PathBuf,
    version: String,
}

impl Wasmtime {
    /// Compiles the runner, which takes minutes the first time.
    pub(super) fn build(workspace: &Workspace) -> Result<Self> {
        let target = workspace.target.join("stack-switching");
        let mut cargo = process::cargo();
        cargo.current_dir(workspace.root.join(FOLDER));
        cargo.args(["build", "--quiet", "--locked", "--target-dir"]).arg(&target);
        process::must_succeed(&mut cargo)?;
        let program = target.join("debug/stack-switching-runner");
        let program = program.with_extension(std::env::consts::EXE_EXTENSION);
        Ok(Self { program, version: version(&workspace.root.join(FOLDER))? })
    }
}

/// The version of wasmtime in the Cargo.lock of a folder.
fn version(folder: &Path) -> Result<String> {
    let lock = std::fs::read_to_string(folder.join("Cargo.lock"))?;
    Ok(super::locked_version(&lock, NAME).unwrap_or_default().to_owned())
}

impl Engine for Wasmtime {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn runner(&self) -> Command {
        Command::new(&self.program)
    }
}
