//! A process that runs workloads when it is told to: one for each build, so that no build is compiled with
//! what an engine has learnt of another one.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result};

use crate::process;
use crate::tools;

/// What runs a module.
pub(super) enum Engine {
    Node(PathBuf),
    /// The folder of PyPI's package.
    Wasmtime(PathBuf),
}

impl Engine {
    /// Where PyPI's is, which is installed if it is not there.
    pub(super) fn wasmtime() -> Result<Self> {
        tools::from_pypi(tools::WASMTIME).map(Self::Wasmtime)
    }

    /// What it is called, with its version.
    pub(super) fn name(&self) -> Result<String> {
        Ok(match self {
            Self::Node(path) => {
                let version = process::must_succeed(Command::new(path).arg("--version"))?;
                format!("Node {}", String::from_utf8(version)?.trim().trim_start_matches('v'))
            }
            Self::Wasmtime(_) => tools::WASMTIME.replace("==", " "),
        })
    }

    /// What runs the workloads of a module.
    pub(super) fn worker(&self, module: &Path) -> Command {
        let mut command;
        match self {
            Self::Node(node) => {
                command = Command::new(node);
                command.args(["--input-type=module", "--eval", include_str!("worker.mjs")]);
            }
            Self::Wasmtime(package) => {
                command = Command::new("python3");
                command.args(["-c", include_str!("worker.py")]).env("PYTHONPATH", package);
            }
        }
        command.arg(module);
        command
    }
}

/// What a run has returned, and how many nanoseconds it took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Run {
    pub(super) result: i64,
    pub(super) nanoseconds: f64,
}

pub(super) struct Worker {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Worker {
    pub(super) fn start(mut command: Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start `{}`", process::show(&command)))?;
        let input = child.stdin.take().context("the input is a pipe")?;
        let output = BufReader::new(child.stdout.take().context("the output is a pipe")?);
        Ok(Self { child, input, output })
    }

    /// Runs a workload. Nothing, if the engine cannot.
    pub(super) fn run(&mut self, workload: &str, size: u32) -> Result<Option<Run>> {
        writeln!(self.input, "{workload} {size}")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        // What has ended has said why on standard error, which is ours too.
        anyhow::ensure!(!line.is_empty(), "it has ended, in {workload}");
        parse(&line)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn parse(line: &str) -> Result<Option<Run>> {
    let Some((result, nanoseconds)) = line.trim().split_once(' ') else {
        anyhow::ensure!(line.trim().is_empty(), "`{line}` is no result");
        return Ok(None);
    };
    Ok(Some(Run { result: result.parse()?, nanoseconds: nanoseconds.parse()? }))
}

#[cfg(test)]
mod tests {
    use super::{Run, parse};

    #[test]
    fn a_line_is_a_result_and_a_time() {
        let run = Run { result: -12, nanoseconds: 345.0 };
        assert_eq!(parse("-12 345\n").expect("a run"), Some(run));
        assert_eq!(parse("\n").expect("nothing"), None);
        assert!(parse("what\n").is_err());
    }
}
