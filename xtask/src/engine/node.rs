//! Node: the engine of browsers, V8.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::Engine;
use crate::process;

pub(super) const NAME: &str = "node";

/// The runner's program.
const SCRIPT: &str = include_str!("node.mjs");

/// An installed Node.
pub(super) struct Node {
    name: &'static str,
    program: PathBuf,
    version: String,
    /// Additional arguments.
    flags: &'static [&'static str],
}

impl Node {
    pub(super) fn find() -> Result<Self> {
        Self::at(NAME, cargo_bysyncify::setup::node()?)
    }

    /// The Node of this program, under a name.
    pub(super) fn at(name: &'static str, program: PathBuf) -> Result<Self> {
        let output = process::must_succeed(Command::new(&program).arg("--version"))?;
        let version = String::from_utf8_lossy(&output);
        let version = version.trim().trim_start_matches('v').into();
        Ok(Self { name, program, version, flags: &[] })
    }

    /// The same Node with additional arguments.
    pub(super) fn with(self, flags: &'static [&'static str]) -> Self {
        Self { flags, ..self }
    }
}

impl Engine for Node {
    fn name(&self) -> &'static str {
        self.name
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn runner(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(self.flags).args(["--input-type=module", "--eval", SCRIPT]);
        command
    }
}
