//! Computes what is saved by the assumption that something never suspends.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use wasm_asyncify::analysis::{Analysis, IndirectCall, NoSuspend, Program, is_in, modules};
use wasm_asyncify::module::FunctionIndex;

use super::model::Report;
use super::numbers::{grouped, signed};

/// The highest number of suggestions.
const MOST: usize = 5;

/// The assumption about one crate or module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Advice {
    /// The crate or module.
    pub(super) path: String,
    /// The number of functions that need not be instrumented then.
    pub(super) functions: usize,
    /// The present cost of these functions.
    pub(super) bytes: i64,
    /// The indirect call that must not reach a function that waits. If there are several, the one in the function that
    /// costs most.
    pub(super) since: String,
}

/// Returns the paths for which the assumption saves most, each on its own, and one for each crate.
///
/// Leaves out a path if the assumption is certainly wrong, whatever functions the indirect calls reach.
pub(super) fn advice(report: &Report<'_>, no_suspend: &NoSuspend) -> Result<Vec<Advice>> {
    let (program, analysis) = (report.program, report.analysis);
    let surely = surely_suspending(program, analysis);
    let name = |index: FunctionIndex| &report.functions[index].name;
    let cost = |index: &FunctionIndex| report.functions[*index].bytes.cost();
    let doubtful = analysis.instrumented().filter(|index| !surely.contains(index));
    let candidates: BTreeSet<_> = doubtful.flat_map(|index| modules(name(index))).collect();
    let mut found = Vec::new();
    for path in candidates {
        let mut all = no_suspend.clone();
        all.0.push(path.to_owned());
        let then = analysis.with_no_suspend(program, &all)?;
        let spared: Vec<_> =
            analysis.instrumented().filter(|index| !then.is_instrumented(*index)).collect();
        // One of these functions does wait; or only through them a function that waits is reached.
        if spared.iter().any(|index| surely.contains(index)) {
            continue;
        }
        let doubtful = spared
            .iter()
            .filter(|index| is_in(name(**index), path))
            .filter_map(|index| Some((cost(index), doubtful_call(report, *index)?)));
        let Some((_, since)) = doubtful.max_by_key(|(cost, _)| *cost) else { continue };
        let (functions, bytes) = (spared.len(), spared.iter().map(cost).sum());
        found.push(Advice { path: path.to_owned(), functions, bytes, since });
    }
    found.retain(|advice| advice.bytes > 0);
    found.sort_by_key(|advice| -advice.bytes);
    let mut crates = BTreeSet::new();
    found.retain(|advice| crates.insert(advice.path.split("::").next().map(str::to_owned)));
    found.truncate(MOST);
    Ok(found)
}

/// Describes the call by which a function can suspend, if it is an indirect call.
fn doubtful_call(report: &Report<'_>, index: FunctionIndex) -> Option<String> {
    let step = report.next(index).filter(|step| step.indirect.is_some())?;
    let caller = &report.functions[index].name;
    Some(format!("{caller} {}", report.analysis.call(report.program, step)))
}

/// Returns the functions that can suspend whatever functions the indirect calls reach: by direct calls, or by indirect
/// calls whose possible callees can all suspend.
fn surely_suspending(program: &Program, analysis: &Analysis) -> BTreeSet<FunctionIndex> {
    let mut callers: BTreeMap<IndirectCall, BTreeSet<FunctionIndex>> = BTreeMap::new();
    for index in analysis.instrumented() {
        for call in program.functions[index].calls.indirect.values() {
            callers.entry(*call).or_default().insert(index);
        }
    }
    let mut found = analysis.topmost().collect();
    add_direct_callers(program, analysis, &mut found);
    loop {
        let before = found.len();
        callers.retain(|call, callers| {
            let meant: Vec<_> = program.meant(*call).collect();
            if !meant.iter().any(|callee| found.contains(callee)) {
                return true;
            }
            // A possible callee may suspend only by making the same call again.
            let mut then = &found | callers;
            add_direct_callers(program, analysis, &mut then);
            let surely = meant.iter().all(|callee| then.contains(callee));
            if surely {
                found = then;
            }
            !surely
        });
        if found.len() == before {
            return found;
        }
    }
}

/// Adds all instrumented functions that reach one of `found` by direct calls.
fn add_direct_callers(program: &Program, analysis: &Analysis, found: &mut BTreeSet<FunctionIndex>) {
    loop {
        let before = found.len();
        for index in analysis.instrumented() {
            if !program.functions[index].calls.direct.is_disjoint(found) {
                found.insert(index);
            }
        }
        if found.len() == before {
            return;
        }
    }
}

/// The advice, in words.
pub(super) fn lines(advice: &[Advice]) -> Vec<String> {
    if advice.is_empty() {
        return vec![
            "Nothing would be saved by the assumption that something never suspends.".to_owned(),
        ];
    }
    let mut lines = vec![
        "What it would save to assume that one thing never suspends. Whether that is so is for you to"
            .to_owned(),
        "know: if it does wait, the program stops there with a message, in any build."
            .to_owned(),
    ];
    for Advice { path, functions, bytes, since } in advice {
        let functions = grouped(*functions as u64);
        lines.push(format!(
            "{:>12}  --assume-no-suspend {path} ({functions} functions)",
            signed(-bytes)
        ));
        lines.push(format!("{:16}since {since}", ""));
    }
    lines
}

#[cfg(test)]
mod tests;
