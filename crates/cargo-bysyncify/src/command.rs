//! Runs other programs: finds them on `PATH`, shows command lines, checks exit statuses.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, ExitCode, ExitStatus, Output, Stdio};

use anyhow::{Context, Result, bail};

/// The file that a shell would run for `name`, if there is one: on Windows `npm.cmd` for `npm`.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    which::which(name).ok()
}

/// The command line, quoted so that it can be pasted into a shell. Of the environment, only the variables that were
/// set for this command are shown.
pub(crate) fn shown(command: &Command) -> String {
    let variables = command
        .get_envs()
        .filter_map(|(key, value)| Some(format!("{}={}", key.display(), quoted(value?))));
    let words = [command.get_program()].into_iter().chain(command.get_args()).map(quoted);
    variables.chain(words).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=+./:,@%\\".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Runs a command quietly and returns its output. If it fails, the error contains its error output.
pub(crate) fn output(command: &mut Command) -> Result<Output> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run `{}`", shown(command)))?;
    if !output.status.success() {
        bail!(
            "`{}` failed ({}):\n{}{}",
            shown(command),
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr).trim_end(),
        );
    }
    Ok(output)
}

/// Runs a command quietly and returns its standard output, trimmed.
pub(crate) fn stdout(command: &mut Command) -> Result<String> {
    let output = output(command)?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs a command that takes a while. The user sees its output, on standard error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    eprintln!("     Running {}", shown(command));
    let status = command
        .stdin(Stdio::null())
        .stdout(std::io::stderr())
        .status()
        .with_context(|| format!("cannot run `{}`", shown(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})", shown(command));
    }
    Ok(())
}

/// Replaces this process by a command, which takes over its input, output and exit status.
#[cfg(unix)]
pub(crate) fn replace(command: &mut Command) -> Result<ExitCode> {
    // In the same process: a program may handle Ctrl-C, and our caller waits until it has done so.
    let error = std::os::unix::process::CommandExt::exec(command);
    Err(error).with_context(|| format!("cannot run `{}`", shown(command)))
}

/// Runs a command in place of this process: it gets our input and output, and we return its exit status.
#[cfg(not(unix))]
pub(crate) fn replace(command: &mut Command) -> Result<ExitCode> {
    let status = command.status().with_context(|| format!("cannot run `{}`", shown(command)))?;
    Ok(exit_code(status))
}

/// The exit status to pass on; for a signal the same number that a shell returns.
pub(crate) fn exit_code(status: ExitStatus) -> ExitCode {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status).map(|signal| 128 + signal);
    #[cfg(not(unix))]
    let signal = None;
    let code = status.code().or(signal).and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_command_can_be_pasted_into_a_shell() {
        let mut command = Command::new("npm");
        command.env("A", "b c").args(["--prefix", "/it's here", "", "binaryen@132.0.0"]);
        assert_eq!(shown(&command), r"A='b c' npm --prefix '/it'\''s here' '' binaryen@132.0.0");
    }

    #[cfg(unix)]
    #[test]
    fn failure_shows_the_command_and_what_it_printed() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo out; echo err >&2; exit 3"]);
        assert_eq!(
            output(&mut command).unwrap_err().to_string(),
            "`sh -c 'echo out; echo err >&2; exit 3'` failed (exit status: 3):\nout\nerr",
        );
    }
}
