//! A process that runs workloads on request. Each build has its own, so that an engine does not compile a build with
//! what it has learnt from another one.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result};

use crate::bench::runtime::Script;
use crate::process;

/// The script that runs the workloads of a module, whose path is its argument.
pub(super) const SCRIPT: Script =
    Script { javascript: include_str!("worker.mjs"), python: include_str!("worker.py") };

/// The result of a run, and its time.
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

    /// Runs a workload. `None` if the engine cannot run it.
    pub(super) fn run(&mut self, workload: &str, size: u32) -> Result<Option<Run>> {
        writeln!(self.input, "{workload} {size}")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        // A process that has ended has printed the reason on standard error, which it shares with us.
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
