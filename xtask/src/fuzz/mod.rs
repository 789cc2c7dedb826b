//! `cargo xtask fuzz`: random programs that wait. Made pausable by us, they must do the same as when made pausable by
//! Binaryen ([`modules`], [`rust`]), and the same as without waiting ([`steps`], [`throwing`]).

mod exported;
mod modules;
mod mutants;
mod random;
mod run;
mod rust;
mod saved;
mod steps;
mod throwing;
mod wasm;

use anyhow::Result;
use cargo_bysyncify::{Compact, NoSuspend};
use clap::Parser;

use self::random::Random;
use self::run::Outcome;
use crate::options::{DEFAULT_SEED, parse_seed};
use crate::report::Report;
use crate::workspace::Workspace;

/// The row of the report.
pub(crate) const ROW: &str = "fuzz";

/// The choices of functions for compact form. There are two forms, and they must work together.
const FORMS: [Compact; 4] =
    [Compact::ByTypeOnly, Compact::All, Compact::EveryOther(0), Compact::EveryOther(1)];

/// How many programs to run, and which.
#[derive(Debug, PartialEq, Parser)]
pub(crate) struct Options {
    /// So many wasm programs
    #[arg(long, value_name = "N", default_value_t = 2000)]
    pub(crate) programs: usize,
    /// So many Rust crates, each with many functions
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) crates: usize,
    /// So many suspends in wasm programs that are compared with what never suspends
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    pub(crate) steps: usize,
    /// The same in programs that throw and catch exceptions, in Node 26
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    pub(crate) throws: usize,
    /// So many changes of instrumented modules that the checker must notice, or that make no
    /// difference
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub(crate) mutants: usize,
    /// Others than those of the default seed
    #[arg(long, value_parser = parse_seed, default_value_t = DEFAULT_SEED)]
    #[arg(hide_default_value = true)]
    pub(crate) seed: u64,
    /// Only this one of the first module of each kind, as a mismatch says
    #[arg(long = "program", value_name = "N")]
    pub(crate) only: Option<usize>,
}

/// The result of a run.
#[derive(Default)]
struct Findings {
    /// How many programs ran.
    programs: usize,
    /// Each mismatch, and how to reproduce it.
    mismatches: Vec<String>,
}

/// Runs random programs, and prints the findings. Returns whether there is no mismatch.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let findings = find(&Workspace::load()?, options)?;
    for mismatch in &findings.mismatches {
        println!("\n{mismatch}");
    }
    Ok(findings.mismatches.is_empty() && findings.programs > 0)
}

/// The same, as a part of `cargo xtask test`.
pub(crate) fn test(workspace: &Workspace, seed: u64, report: &mut Report) {
    match find(workspace, &Options { seed, ..Options::parse_from([ROW]) }) {
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

fn find(workspace: &Workspace, options: &Options) -> Result<Findings> {
    let mut findings = modules::find(workspace, options)?;
    let others = [
        steps::find(workspace, options)?,
        throwing::find(workspace, options)?,
        mutants::find(workspace, options)?,
        rust::find(workspace, options)?,
    ];
    for more in others {
        findings.programs += more.programs;
        findings.mismatches.extend(more.mismatches);
    }
    Ok(findings)
}

/// Chooses one of these functions to be left out, as if it never suspended.
fn to_forget(instrumented: Vec<String>, random: &mut Random) -> Option<NoSuspend> {
    // Only functions whose name is a path.
    let functions: Vec<_> =
        instrumented.into_iter().filter(|name| !name.starts_with('<')).collect();
    (!functions.is_empty()).then(|| NoSuspend(vec![random.pick(&functions).clone()]))
}

/// Describes the first difference of two runs of a program.
fn difference(ours: &Outcome, expected: &Outcome) -> String {
    let same = ours.trace.iter().zip(&expected.trace).take_while(|(one, other)| one == other);
    let same = same.count();
    let shown = |outcome: &Outcome| match (outcome.trace.get(same), &outcome.end) {
        (Some(value), _) => format!("{value:#x}"),
        (None, Some(end)) => format!("the trap `{end}`"),
        (None, None) => "its end".to_owned(),
    };
    format!(
        "after {same} values that are the same comes {} with ours, and {} is right",
        shown(ours),
        shown(expected)
    )
}
