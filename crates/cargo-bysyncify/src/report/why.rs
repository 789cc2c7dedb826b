//! Why a function is instrumented, or is not.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use wasm_asyncify::analysis::{Analysis, Cut, FunctionIndex, Program, Step, is_in};

use super::numbers::grouped;

/// How many names are listed where several could be meant.
const MOST: usize = 20;

/// Explains functions.
#[derive(Debug)]
pub(super) struct Why<'a> {
    program: &'a Program,
    analysis: &'a Analysis,
    /// As if panics could suspend, and nothing were vouched for.
    uncut: Analysis,
}

impl<'a> Why<'a> {
    pub(super) fn new(program: &'a Program, analysis: &'a Analysis) -> Self {
        Self { program, analysis, uncut: Analysis::without_cuts(program, analysis.precision()) }
    }

    /// Explains the function that is meant by `wanted`: a part of its name, or a path that it is
    /// in. If it could be several they are listed.
    pub(super) fn explain(&self, wanted: &str) -> Result<String> {
        let mut found: BTreeMap<String, Vec<FunctionIndex>> = BTreeMap::new();
        for (index, function) in (0..).zip(&self.program.functions) {
            let name = self.program.readable(index);
            let symbol = function.name.as_deref().unwrap_or_default();
            if name.contains(wanted) || symbol.contains(wanted) || is_in(&name, wanted) {
                found.entry(name).or_default().push(index);
            }
        }
        if let Some(exact) = found.remove(wanted) {
            found = BTreeMap::from([(wanted.to_owned(), exact)]);
        }
        if found.len() > 1 {
            return Ok(self.listed(wanted, &found));
        }
        let Some((name, functions)) = found.pop_first() else {
            bail!("no function's name has `{wanted}` in it");
        };
        let explained = functions.iter().map(|index| {
            let (verdict, calls) = self.verdict(*index);
            // Rust's older mangling does not say which of several instances it is.
            let symbol =
                if functions.len() > 1 { self.program.symbol(*index) } else { name.clone() };
            let separator = if calls.is_empty() { "" } else { "\n" };
            format!("{symbol}\n  {verdict}\n{separator}{}", calls.join("\n") + separator)
        });
        Ok(explained.collect::<Vec<_>>().join("\n"))
    }

    fn listed(&self, wanted: &str, found: &BTreeMap<String, Vec<FunctionIndex>>) -> String {
        let mut lines = vec![format!(
            "{} names have `{wanted}` in them; give more of one (* is instrumented):",
            grouped(found.len() as u64)
        )];
        lines.extend(found.iter().take(MOST).map(|(name, functions)| {
            let is_instrumented = |index: &FunctionIndex| self.analysis.is_instrumented(*index);
            let mark = if functions.iter().any(is_instrumented) { '*' } else { ' ' };
            format!("  {mark} {name}")
        }));
        if found.len() > MOST {
            lines.push(format!("    … and {} more", grouped((found.len() - MOST) as u64)));
        }
        lines.join("\n") + "\n"
    }

    /// The answer, and the calls that it rests on.
    pub(super) fn verdict(&self, index: FunctionIndex) -> (String, Vec<String>) {
        let Self { program, analysis, uncut } = self;
        let none = Vec::new();
        if analysis.is_instrumented(index) {
            let verdict =
                "is instrumented: it can be on a coroutine's stack when that is suspended";
            return (verdict.to_owned(), self.whole_way(analysis, index));
        }
        if let Some(import) = &program.functions[index as usize].import {
            let module = &import.module;
            return (format!("is not instrumented: it is imported from `{module}`"), none);
        }
        if analysis.is_switch(index) {
            let verdict =
                "is not instrumented: it is the switch, which begins or ends an unwind or rewind";
            return (verdict.to_owned(), none);
        }
        match analysis.cut(index) {
            Some(Cut::Panic) => {
                let verdict = "is not instrumented: panics and failed allocations end here, and no \
                               coroutine is current then";
                return (verdict.to_owned(), none);
            }
            Some(Cut::Initialiser) => {
                let verdict = "is not instrumented: it runs the initialiser of a `thread_local!`, and \
                               no coroutine is current then";
                return (verdict.to_owned(), none);
            }
            Some(Cut::Vouched(path)) => {
                let calls = self.whole_way(uncut, index);
                let otherwise = if calls.is_empty() {
                    "it would not be anyway"
                } else {
                    "it would be otherwise"
                };
                let verdict = format!("is not instrumented: `{path}` is vouched for; {otherwise}");
                return (verdict, calls);
            }
            None => {}
        }
        if !analysis.can_suspend(index) {
            return match self.barred(&uncut.way_to_suspend(index)) {
                Some((cut, calls)) => {
                    (format!("is not instrumented: it could only be suspended in {cut}"), calls)
                }
                None => {
                    ("is not instrumented: nothing that it calls ever suspends".to_owned(), none)
                }
            };
        }
        match self.barred(&uncut.down_to(index)) {
            Some((cut, calls)) => {
                (format!("is not instrumented: a coroutine gets to it only in {cut}"), calls)
            }
            None => (
                "is not instrumented: it can suspend, but no coroutine gets to it".to_owned(),
                self.lines(&analysis.way_to_suspend(index), index),
            ),
        }
    }

    /// The calls from where a coroutine is resumed to the function, and on to where it is
    /// suspended. Nothing if there is no such way.
    fn whole_way(&self, analysis: &Analysis, index: FunctionIndex) -> Vec<String> {
        let mut way = analysis.down_to(index);
        let on = analysis.way_to_suspend(index);
        if way.is_empty() || on.is_empty() {
            return Vec::new();
        }
        way.extend(&on[1..]);
        self.lines(&way, index)
    }

    /// The first function of a way that nobody is called through, and the way, in words.
    fn barred(&self, way: &[Step]) -> Option<(String, Vec<String>)> {
        let (index, cut) =
            way.iter().find_map(|step| Some((step.function, self.analysis.cut(step.function)?)))?;
        let cut = match cut {
            Cut::Panic => "a panic, which never is".to_owned(),
            Cut::Initialiser => {
                "the initialiser of a `thread_local!`, which must not be".to_owned()
            }
            Cut::Vouched(path) => format!("`{path}`, which is vouched for"),
        };
        Some((cut, self.lines(way, index)))
    }

    /// One call a line, and a mark at the function that it is about.
    fn lines(&self, way: &[Step], marked: FunctionIndex) -> Vec<String> {
        let line = |(at, step): (usize, &Step)| {
            let mark = if step.function == marked { '>' } else { ' ' };
            match at {
                0 => format!("  {mark} {}", self.program.readable(step.function)),
                _ => format!("  {mark}   {}", self.analysis.call(self.program, *step)),
            }
        };
        way.iter().enumerate().map(line).collect()
    }
}
