//! Which calls can suspend, in the functions that are instrumented.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Analysis, Graph};
use super::program::{FunctionIndex, Program};

/// Where a module can be suspended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sites {
    /// The functions to instrument.
    pub(crate) functions: BTreeSet<FunctionIndex>,
    /// The functions that begin an unwind and end a rewind, and imports that do.
    pub(crate) tops: BTreeSet<FunctionIndex>,
    /// Whether there are such imports: then the host must be able to say what it does.
    pub(crate) for_host: bool,
    /// By function to instrument: which of its indirect calls can be of one of these, by their
    /// numbers among all that it makes.
    pub(crate) indirect: BTreeMap<FunctionIndex, BTreeSet<u32>>,
}

impl Sites {
    /// What an analysis says.
    pub(crate) fn of(program: &Program, analysis: &Analysis) -> Self {
        let graph = Graph::of(program);
        let mut can_suspend = BTreeMap::new();
        let mut sites = Self {
            functions: analysis.instrumented().collect(),
            tops: analysis.tops().chain(analysis.hosts()).collect(),
            for_host: analysis.hosts().next().is_some(),
            indirect: BTreeMap::new(),
        };
        for function in &sites.functions {
            let calls = &program.functions[*function as usize].calls.indirect;
            let ours = calls.iter().filter(|(_, call)| {
                *can_suspend.entry(**call).or_insert_with(|| {
                    let callees = graph.candidates(**call);
                    callees.iter().any(|it| sites.functions.contains(it) || sites.tops.contains(it))
                })
            });
            sites.indirect.insert(*function, ours.map(|(number, _)| *number).collect());
        }
        sites
    }
}
