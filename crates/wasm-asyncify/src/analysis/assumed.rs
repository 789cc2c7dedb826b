//! Which calls rest on an assumption: one that the [precise](Precision::Slots) analysis makes, or that
//! something [never suspends](super::NoSuspend).
//!
//! ```text
//!   by slots:  entry ── a ── f ── suspend          instrumented: entry, a, f
//!                └───── b ·· c ── f                b calls c through a slot that c is not in, or
//!                                                  c is said never to suspend
//! ```
//!
//! If the assumption is wrong, some function that is instrumented, or suspends itself, unwinds and returns
//! to a call that is not prepared for it: here `f` to `c`. The analysis by types is sound, so that call is
//! in a function that it would have instrumented. And it is the first call that goes wrong: all frames
//! above it are unwound correctly. So a check is needed only after calls *of* functions that can unwind,
//! and only in functions that can be suspended by their types: `c` checks after calling `f`, and `b`,
//! which calls only `c`, need not.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::call_graph::{Graph, Precision};
use super::graph::Analysis;
use super::program::Program;
use super::suspend_plan::SuspendPlan;
use crate::module::FunctionIndex;

/// Calls of one function, after which it must check whether a coroutine is being suspended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WatchedCalls {
    /// Direct calls of these functions.
    pub(crate) direct: BTreeSet<FunctionIndex>,
    /// Indirect calls, by their numbers among all that the function makes; each with the only candidate that
    /// could be suspended, if there is only one.
    pub(crate) indirect: BTreeMap<u32, Option<FunctionIndex>>,
}

/// By function: its calls that never suspend, but only by assumption.
pub(crate) type Assumed = BTreeMap<FunctionIndex, WatchedCalls>;

/// The calls that are not suspended, by `plan`, and would be by an analysis that assumes less.
pub(crate) fn assumed(program: &Program, sound: &Analysis, plan: &SuspendPlan) -> Assumed {
    let graph = Graph::new(program, Precision::Types, false);
    let unwinds =
        |index: &FunctionIndex| plan.functions.contains(index) || plan.topmost.contains(index);
    // For each indirect call: its candidates that can unwind.
    let mut candidates: HashMap<_, BTreeSet<_>> = HashMap::new();
    let mut assumed = Assumed::new();
    for function in sound.instrumented() {
        let calls = &program.functions[function].calls;
        let mut found = WatchedCalls::default();
        if !plan.functions.contains(&function) {
            found.direct.extend(calls.direct.iter().copied().filter(|index| unwinds(index)));
        }
        let expected = plan.indirect.get(&function);
        for (number, call) in &calls.indirect {
            if expected.is_some_and(|expected| expected.contains(number)) {
                continue;
            }
            let candidates = candidates
                .entry(*call)
                .or_insert_with(|| graph.candidates(*call).into_iter().filter(unwinds).collect());
            let mut candidates = candidates.iter().copied();
            if let Some(first) = candidates.next() {
                let only = candidates.next().is_none().then_some(first);
                found.indirect.insert(*number, only);
            }
        }
        if found != WatchedCalls::default() {
            assumed.insert(function, found);
        }
    }
    assumed
}
