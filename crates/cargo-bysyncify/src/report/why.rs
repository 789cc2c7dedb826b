//! Why a function is instrumented, or is not.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use wasm_asyncify::analysis::{Analysis, Explainer, Explanation, Program, is_in};
use wasm_asyncify::module::FunctionIndex;

use super::numbers::grouped;

/// The highest number of names that are listed if several match.
const MOST: usize = 20;

/// Explains functions.
#[derive(Debug)]
pub(super) struct Why<'a> {
    program: &'a Program,
    analysis: &'a Analysis,
    explainer: Explainer<'a>,
}

impl<'a> Why<'a> {
    pub(super) fn new(program: &'a Program, analysis: &'a Analysis) -> Self {
        Self { program, analysis, explainer: Explainer::new(program, analysis) }
    }

    /// Explains the function that matches `wanted`: a part of its name, or a path that it is in. If several match, they
    /// are listed.
    pub(super) fn explain(&self, wanted: &str) -> Result<String> {
        let mut found: BTreeMap<String, Vec<FunctionIndex>> = BTreeMap::new();
        for (index, function) in self.program.functions.iter() {
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
            let Explanation { verdict, calls, .. } = self.explainer.explain(*index);
            let calls: Vec<_> = calls.iter().map(|call| format!("  {call}")).collect();
            // In Rust's older mangling, the readable names of a function's instances are the same.
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
}
