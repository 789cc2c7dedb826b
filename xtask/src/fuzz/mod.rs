//! `cargo xtask fuzz`: random programs that wait, asyncified with our list of functions and with
//! Binaryen's own, must do the same.

mod modules;
mod random;
mod run;
mod wasm;

use anyhow::Result;

use crate::cli::DEFAULT_SEED;
use crate::report::Report;
use crate::workspace::Workspace;

/// The row of the report.
pub(crate) const ROW: &str = "fuzz";

/// How many programs to run, and which.
#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) programs: usize,
    pub(crate) seed: u64,
    /// Only this program of the first module.
    pub(crate) only: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Self { programs: 3000, seed: DEFAULT_SEED, only: None }
    }
}

/// What came out.
struct Findings {
    /// How many programs ran.
    programs: usize,
    /// What each mismatch was, and how to see it again.
    mismatches: Vec<String>,
}

/// Runs random programs, and prints what is found; whether all is well.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let findings = modules::find(&Workspace::load()?, options)?;
    for mismatch in &findings.mismatches {
        println!("\n{mismatch}");
    }
    Ok(findings.mismatches.is_empty() && findings.programs > 0)
}

/// The same as a part of all tests.
pub(crate) fn test(workspace: &Workspace, seed: u64, report: &mut Report) {
    match modules::find(workspace, &Options { seed, ..Options::default() }) {
        Ok(Findings { programs, mismatches }) => {
            report.count(ROW, programs - mismatches.len(), mismatches.len());
            for mismatch in &mismatches {
                println!("FAILED  {mismatch}\n");
                report.note_failure(ROW, mismatch.lines().next().unwrap_or_default());
            }
        }
        Err(error) => report.fail(ROW, &format!("{error:#}")),
    }
}
