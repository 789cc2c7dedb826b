//! Runs a module in Node, with only what Node itself provides: WASI, or no imports at all.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::trace;

/// The kind of module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A program.
    Run,
    /// The tests of a crate.
    Test,
}

/// The script. It is passed to Node as an argument, so that there is no file to keep up to date.
const SCRIPT: &str = include_str!("run.mjs");

/// The command that runs a module. Its exit status is the program's, or 134 after a trap.
pub(crate) fn command(mode: Mode, module: &Path, arguments: &[OsString]) -> Result<Command> {
    let mode = match mode {
        Mode::Run => "run",
        Mode::Test => "test",
    };
    let mut node = trace::node(module)?;
    node.args(["--input-type=module", "--eval", SCRIPT, "--", mode]).arg(module).args(arguments);
    Ok(node)
}
