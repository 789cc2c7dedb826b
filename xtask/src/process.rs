//! Runs other programs: keeps their output, and shows it when they fail.

use std::process::{Command, Output};

use anyhow::{Context, Result, bail};

/// The cargo that runs us, to be called by us.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs a command until it ends, successfully or not.
pub(crate) fn output(command: &mut Command) -> Result<Output> {
    command.output().with_context(|| format!("cannot start `{}`", show(command)))
}

/// Runs a command that must succeed. Returns its standard output.
pub(crate) fn must_succeed(command: &mut Command) -> Result<Vec<u8>> {
    let output = output(command)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    bail!("`{}` failed ({})\n{}", show(command), output.status, all_text(&output))
}

/// Everything that a program printed.
pub(crate) fn all_text(output: &Output) -> String {
    let stdout = String::from_utf8_lossy(&output.stdout);
    format!("{stdout}{}", String::from_utf8_lossy(&output.stderr)).trim_end().into()
}

/// A command nearly as one would type it: good enough to read and to try again.
pub(crate) fn show(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy();
    let mut line = name.into_owned();
    for argument in command.get_args() {
        let argument = argument.to_string_lossy();
        let quote = if argument.contains([' ', '"', '\'']) { "'" } else { "" };
        line.push_str(&format!(" {quote}{argument}{quote}"));
    }
    line
}
