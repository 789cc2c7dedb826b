//! Finds the calls that can suspend in instrumented functions.

use std::collections::{BTreeMap, BTreeSet};

use super::call_graph::{Graph, Precision};
use super::graph::Analysis;
use super::program::Program;
use crate::module::{FunctionIndex, GlobalIndex, MemoryIndex};

/// The kind of a function that nothing is suspended through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CheckedBarrier {
    Panic,
    Initialiser,
    /// It is not instrumented.
    Uninstrumented,
}

/// Where and how a module can be suspended: the input of the passes that rewrite it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SuspendPlan {
    /// The functions to instrument.
    pub(crate) functions: BTreeSet<FunctionIndex>,
    /// The functions that are instrumented only because of the types of indirect calls: with
    /// [slots](Precision::Slots) they would not be. They rarely suspend.
    pub(crate) by_type_only: BTreeSet<FunctionIndex>,
    /// The functions, and imports, that begin an unwind and end a rewind.
    pub(crate) topmost: BTreeSet<FunctionIndex>,
    /// Whether there are such imports. If so, the host needs access to the functions that start and stop.
    pub(crate) for_host: bool,
    /// Whether functions are resumed one by one, the innermost first, and not all at once.
    pub(crate) flat: bool,
    /// The memory of the frames.
    pub(crate) memory: MemoryIndex,
    /// The first of the two globals with the state and with `data`, if the module imports them.
    pub(crate) imported_globals: Option<GlobalIndex>,
    /// Whether it exports them.
    pub(crate) exports_globals: bool,
    /// For each function to instrument, the indirect calls that can reach one of these functions. They are
    /// numbered in order, among all indirect calls of the function.
    pub(crate) indirect: BTreeMap<FunctionIndex, BTreeSet<u32>>,
    /// Those of `indirect` that can reach a topmost function.
    pub(crate) indirect_topmost: BTreeSet<(FunctionIndex, u32)>,
    /// The functions that nothing may be suspended through, and that check that.
    pub(crate) barriers: BTreeMap<FunctionIndex, CheckedBarrier>,
}

impl SuspendPlan {
    /// The same plan, with functions resumed all at once.
    pub(crate) fn eager(&self) -> Self {
        Self { flat: false, ..self.clone() }
    }

    /// The other indirect calls of functions to instrument: they never suspend.
    pub(crate) fn ruled_out(&self, program: &Program) -> BTreeMap<FunctionIndex, BTreeSet<u32>> {
        let all = self.indirect.iter().map(|(function, suspended)| {
            let calls = program.functions[*function].calls.indirect.keys();
            (*function, calls.filter(|call| !suspended.contains(call)).copied().collect())
        });
        all.filter(|(_, calls): &(_, BTreeSet<u32>)| !calls.is_empty()).collect()
    }

    /// Makes all uninstrumented functions check that nothing is suspended through them.
    pub(crate) fn assert_uninstrumented(&mut self, program: &Program, analysis: &Analysis) {
        let functions = program.functions.iter().filter(|(_, it)| it.import.is_none());
        let others = functions
            .map(|(index, _)| index)
            .filter(|index| !analysis.is_instrumented(*index) && !analysis.is_switch(*index));
        for index in others {
            self.barriers.entry(index).or_insert(CheckedBarrier::Uninstrumented);
        }
    }

    /// The plan that follows from an analysis.
    pub(crate) fn new(program: &Program, analysis: &Analysis) -> Self {
        let graph = analysis.graph(program);
        let precise = match analysis.precision() {
            Precision::Types => Some(analysis.with_precision(program, Precision::Slots)),
            Precision::Slots => None,
        };
        // Functions that were chosen by name can be suspended in indirect calls, even if no others can.
        let complete =
            graph.ignores_indirect.then(|| Graph::new(program, analysis.precision(), false));
        let is_by_type_only = |index: &FunctionIndex| {
            precise.as_ref().is_some_and(|precise| !precise.is_instrumented(*index))
        };
        let mut callees = BTreeMap::new();
        let mut plan = Self {
            functions: analysis.instrumented().collect(),
            by_type_only: analysis.instrumented().filter(is_by_type_only).collect(),
            topmost: analysis.topmost().chain(analysis.hosts()).collect(),
            for_host: analysis.hosts().next().is_some(),
            flat: false,
            memory: MemoryIndex(0),
            imported_globals: None,
            exports_globals: false,
            indirect: BTreeMap::new(),
            indirect_topmost: BTreeSet::new(),
            barriers: BTreeMap::new(),
        };
        plan.barriers.extend(analysis.panics().map(|index| (index, CheckedBarrier::Panic)));
        plan.barriers
            .extend(analysis.initialisers().map(|index| (index, CheckedBarrier::Initialiser)));
        for function in &plan.functions {
            let mut ours = BTreeSet::new();
            let is_chosen = analysis.is_chosen(*function);
            let graph = complete.as_ref().filter(|_| is_chosen).unwrap_or(&graph);
            for (number, call) in &program.functions[*function].calls.indirect {
                let (ours_too, topmost_too) =
                    *callees.entry((*call, is_chosen)).or_insert_with(|| {
                        let candidates = graph.candidates(*call);
                        let any = |of: &BTreeSet<_>| candidates.iter().any(|it| of.contains(it));
                        // An import that the host suspends in can be called by a function of another module.
                        let is_foreign =
                            plan.for_host && program.has_foreign && !graph.ignores_indirect;
                        (any(&plan.functions), any(&plan.topmost) || is_foreign)
                    });
                if ours_too || topmost_too {
                    ours.insert(*number);
                }
                if topmost_too {
                    plan.indirect_topmost.insert((*function, *number));
                }
            }
            plan.indirect.insert(*function, ours);
        }
        plan
    }
}
