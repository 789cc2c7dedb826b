//! Node: the engine of browsers, V8.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::Engine;
use crate::process;

pub(super) const NAME: &str = "node";

/// The runner's program.
const SCRIPT: &str = include_str!("node.mjs");

/// Node, where it is installed.
pub(super) struct Node {
    program: PathBuf,
    version: String,
}

impl Node {
    pub(super) fn find() -> Result<Self> {
        let program = cargo_bysyncify::setup::node()?;
        let output = process::must_succeed(Command::new(&program).arg("--version"))?;
        let version = String::from_utf8_lossy(&output);
        let version = version.trim().trim_start_matches('v').into();
        Ok(Self { program, version })
    }
}

impl Engine for Node {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn runner(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["--input-type=module", "--eval", SCRIPT]);
        command
    }
}
