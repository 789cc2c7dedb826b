//! Runs a pass, and measures its cost.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;

/// The time limit of a pass, in seconds.
const LIMIT: &str = "600";

/// The exit status of `timeout` after the limit.
const TOO_LONG: i32 = 124;

/// A program that makes a module pausable.
pub(super) struct Pass {
    pub(super) name: &'static str,
    pub(super) program: PathBuf,
    pub(super) options: Vec<&'static str>,
}

/// The cost of a pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cost {
    /// CPU time, of all threads.
    pub(super) seconds: f64,
    pub(super) kilobytes: f64,
}

impl Pass {
    /// Makes `made` from `module`. `None` if that takes too long.
    pub(super) fn run(&self, module: &Path, made: &Path) -> Result<Option<Cost>> {
        let mut command = Command::new("time");
        command.args(["--format=%U %S %M", "timeout", LIMIT]).arg(&self.program);
        command.arg(module).args(&self.options).arg("-o").arg(made);
        let output = process::output(&mut command).context("GNU time is needed")?;
        if output.status.code() == Some(TOO_LONG) {
            return Ok(None);
        }
        if !output.status.success() {
            bail!("`{}` failed: {}", process::show(&command), process::all_text(&output));
        }
        cost(&String::from_utf8_lossy(&output.stderr)).map(Some)
    }
}

/// Parses the last line of `time`'s output.
fn cost(said: &str) -> Result<Cost> {
    let numbers: Vec<f64> = said
        .lines()
        .last()
        .into_iter()
        .flat_map(str::split_whitespace)
        .map_while(|number| number.parse().ok())
        .collect();
    let [user, system, kilobytes] = numbers[..] else { bail!("it is not GNU's `time`: {said}") };
    Ok(Cost { seconds: user + system, kilobytes })
}

impl Cost {
    /// The minimum of both values.
    pub(super) fn least(self, other: Option<Self>) -> Self {
        other.map_or(self, |other| Self {
            seconds: self.seconds.min(other.seconds),
            kilobytes: self.kilobytes.min(other.kilobytes),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_time_says_comes_last() {
        let first = cost("a warning of 3 words\n1.50 0.25 2048\n").expect("figures");
        assert_eq!(first, Cost { seconds: 1.75, kilobytes: 2048.0 });
        let both = first.least(Some(Cost { seconds: 2.0, kilobytes: 1024.0 }));
        assert_eq!(both, Cost { seconds: 1.75, kilobytes: 1024.0 });
        cost("Command exited with non-zero status 1").expect_err("no figures");
    }
}
