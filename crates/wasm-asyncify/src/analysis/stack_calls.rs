//! The functions that coroutines begin in, and the calls that are made on their stacks, with the callees of each indirect
//! call: for bounds of what a stack needs.
//!
//! [`OnStack`](super::on_stack::OnStack) has the same calls for the placement of checks. There no assumption about
//! indirect calls is possible, and it does not matter which call reaches which function.

use std::collections::BTreeSet;

use super::barrier::Barrier;
use super::call_graph::{Graph, Precision, Step};
use super::graph::Analysis;
use super::program::Program;
use crate::module::FunctionIndex;

/// The calls on the stacks of coroutines.
pub(crate) struct StackCalls<'a> {
    program: &'a Program,
    analysis: &'a Analysis,
    graph: Graph<'a>,
    hosts: BTreeSet<FunctionIndex>,
}

impl<'a> StackCalls<'a> {
    /// The calls of a program, with this precision of indirect ones.
    pub(crate) fn new(program: &'a Program, analysis: &'a Analysis, precision: Precision) -> Self {
        let graph = Graph::new(program, precision, false);
        Self { program, analysis, graph, hosts: analysis.hosts().collect() }
    }

    /// The functions that coroutines begin in, in the order of their indices.
    pub(crate) fn entries(&self) -> BTreeSet<FunctionIndex> {
        let called = self.analysis.resumes().flat_map(|resume| self.graph.callees(resume));
        called.filter(|(_, step)| step.indirect.is_some()).map(|(entry, _)| entry).collect()
    }

    /// The callees of a function on the stack that it is called on, each with the call if that is indirect. What leaves the
    /// stack is no callee: the switch, panics, initialisers of `thread_local!`s, and the host's functions.
    pub(crate) fn callees(&self, caller: FunctionIndex) -> Vec<Step> {
        let leaves = |function: FunctionIndex| {
            let barrier = self.analysis.barrier(function);
            self.analysis.is_switch(function)
                || matches!(barrier, Some(Barrier::Panic | Barrier::Initialiser))
        };
        let callees = self.graph.callees(caller).into_iter();
        callees
            .filter(|(callee, _)| !leaves(*callee))
            .map(|(function, step)| Step { function, indirect: step.indirect })
            .collect()
    }

    /// Whether a function calls code that is not in the module, on the stack that it is called on.
    pub(crate) fn calls_others(&self, caller: FunctionIndex) -> bool {
        let has_indirect = !self.program.functions[caller].calls.indirect.is_empty();
        self.hosts.contains(&caller) || self.program.has_foreign && has_indirect
    }
}
