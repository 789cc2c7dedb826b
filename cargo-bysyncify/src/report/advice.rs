//! What it would save to vouch for something.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::Result;

use super::model::Report;
use super::numbers::{grouped, signed};
use crate::analysis::{Analysis, FunctionIndex, Program, Vouched, modules};

/// How many are given.
const MOST: usize = 5;

/// Vouching for one crate or module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Advice {
    /// What to vouch for.
    pub(crate) path: String,
    /// How many functions need not be instrumented then.
    pub(crate) functions: usize,
    /// What these cost now.
    pub(crate) bytes: i64,
}

/// The paths that it would save most to vouch for, one at a time.
///
/// A path is left out if a function in it suspends by direct calls alone: that is no question of
/// which function an indirect call means, and whoever vouches for it is wrong.
pub(crate) fn advice(report: &Report<'_>, vouched: &Vouched) -> Result<Vec<Advice>> {
    let (program, analysis) = (report.program, report.analysis);
    let surely = surely_suspending(program, analysis);
    let mut wrong = BTreeSet::new();
    let mut candidates = BTreeSet::new();
    for index in analysis.instrumented() {
        let name = &report.functions[index as usize].name;
        let paths = modules(name).map(str::to_owned);
        if surely.contains(&index) { wrong.extend(paths) } else { candidates.extend(paths) }
    }
    // Of paths that come to the same, the shortest: it says most plainly what is asked.
    let mut found: BTreeMap<Vec<FunctionIndex>, Advice> = BTreeMap::new();
    for path in candidates.difference(&wrong) {
        let mut all = vouched.clone();
        all.0.push(path.clone());
        let then = Analysis::of(program, &all)?;
        let spared: Vec<_> =
            analysis.instrumented().filter(|index| !then.is_instrumented(*index)).collect();
        let bytes = spared.iter().map(|index| report.functions[*index as usize].bytes.cost()).sum();
        let advice = Advice { path: path.clone(), functions: spared.len(), bytes };
        let known = found.entry(spared).or_insert_with(|| advice.clone());
        if path.len() < known.path.len() {
            *known = advice;
        }
    }
    let mut advice: Vec<_> = found.into_values().filter(|advice| advice.bytes > 0).collect();
    advice.sort_by_key(|advice| -advice.bytes);
    advice.truncate(MOST);
    Ok(advice)
}

/// The functions that get to where they suspend by direct calls.
fn surely_suspending(program: &Program, analysis: &Analysis) -> BTreeSet<FunctionIndex> {
    let mut callers: BTreeMap<FunctionIndex, Vec<FunctionIndex>> = BTreeMap::new();
    for (caller, function) in (0..).zip(&program.functions) {
        for callee in &function.calls.direct {
            callers.entry(*callee).or_default().push(caller);
        }
    }
    let mut found: BTreeSet<_> = analysis.tops().collect();
    let mut queue: VecDeque<_> = analysis.tops().collect();
    while let Some(callee) = queue.pop_front() {
        for caller in callers.get(&callee).into_iter().flatten() {
            if analysis.is_instrumented(*caller) && found.insert(*caller) {
                queue.push_back(*caller);
            }
        }
    }
    found
}

/// The advice, in words.
pub(crate) fn lines(advice: &[Advice]) -> Vec<String> {
    if advice.is_empty() {
        return vec!["There is nothing that it would save to vouch for.".to_owned()];
    }
    let mut lines = vec![
        "What it would save to vouch for one thing, if it is true that nothing in it ever waits.".to_owned(),
        "At your own risk: where it does wait, the program does what it likes (a debug build says so).".to_owned(),
    ];
    for Advice { path, functions, bytes } in advice {
        lines.push(format!(
            "{:>12}  -C link-arg=--bysyncify-vouch={path}    ({} functions)",
            signed(-bytes),
            grouped(*functions as u64)
        ));
    }
    lines
}
