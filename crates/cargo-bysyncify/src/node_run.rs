//! Running a module under Node, with nothing but what Node has: WASI, or no imports at all.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::trace;

/// What the module is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A program.
    Run,
    /// The tests of a crate.
    Test,
}

/// The script. It is handed to Node as an argument, so that there is no file to keep up to date.
const SCRIPT: &str = include_str!("run.mjs");

/// What runs a module; the exit status is the program's, or 134 if it traps.
pub(crate) fn command(mode: Mode, module: &Path, arguments: &[OsString]) -> Result<Command> {
    let mode = match mode {
        Mode::Run => "run",
        Mode::Test => "test",
    };
    let mut node = trace::node(module)?;
    node.args(["--input-type=module", "--eval", SCRIPT, "--", mode]).arg(module).args(arguments);
    Ok(node)
}
