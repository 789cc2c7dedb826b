//! What it would save to assume that something never suspends.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use wasm_asyncify::analysis::{Analysis, IndirectCall, NoSuspend, Program, is_in, modules};
use wasm_asyncify::module::FunctionIndex;

use super::model::Report;
use super::numbers::{grouped, signed};

/// How many are given.
const MOST: usize = 5;

/// Assuming it of one crate or module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Advice {
    /// What to assume it of.
    pub(super) path: String,
    /// How many functions need not be instrumented then.
    pub(super) functions: usize,
    /// What these cost now.
    pub(super) bytes: i64,
    /// The indirect call that must be of something that does not wait; of several the one in the
    /// function that costs most.
    pub(super) since: String,
}

/// The paths of which it would save most to assume it, one at a time; one of each crate.
///
/// Left out is what would be wrong whatever the program's indirect calls mean.
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
        // One of these does wait; or only they get to what does.
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

/// The call by which a function can suspend, in words, if it is an indirect one.
fn doubtful_call(report: &Report<'_>, index: FunctionIndex) -> Option<String> {
    let step = report.next(index).filter(|step| step.indirect.is_some())?;
    let caller = &report.functions[index].name;
    Some(format!("{caller} {}", report.analysis.call(report.program, step)))
}

/// The functions that can suspend whatever their indirect calls mean: over direct calls, and
/// over indirect ones of which every function that can be meant does.
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
            // One may be meant that suspends only by making the same call again.
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

/// Adds all instrumented functions that get to one of `found` over direct calls.
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
