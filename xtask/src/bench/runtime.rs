//! The runtimes of measured modules: Node, or wasmtime, with a script of ours.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::tools;

/// A program that runs a module.
pub(super) enum Runtime {
    Node(PathBuf),
    /// The folder of the package from PyPI.
    Wasmtime(PathBuf),
}

/// The script for it: the same program in two languages.
#[derive(Clone, Copy)]
pub(super) struct Script {
    pub(super) javascript: &'static str,
    pub(super) python: &'static str,
}

impl Runtime {
    /// The wasmtime from PyPI, which is installed if it is missing.
    pub(super) fn wasmtime() -> Result<Self> {
        tools::from_pypi(tools::WASMTIME).map(Self::Wasmtime)
    }

    /// The runtime's name and version.
    pub(super) fn name(&self) -> Result<String> {
        Ok(match self {
            Self::Node(path) => {
                let version = process::must_succeed(Command::new(path).arg("--version"))?;
                format!("Node {}", String::from_utf8(version)?.trim().trim_start_matches('v'))
            }
            Self::Wasmtime(_) => tools::WASMTIME.replace("==", " "),
        })
    }

    /// Runs a script.
    pub(super) fn command(&self, script: Script) -> Command {
        match self {
            Self::Node(node) => {
                let mut command = Command::new(node);
                command.args(["--input-type=module", "--eval", script.javascript]);
                command
            }
            Self::Wasmtime(package) => {
                let mut command = Command::new("python3");
                command.args(["-c", script.python]).env("PYTHONPATH", package);
                command
            }
        }
    }
}
