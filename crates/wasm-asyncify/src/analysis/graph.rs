//! Who can reach `suspend`, and who can be reached from `resume`.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use super::call_graph::{Because, Graph, Precision, Step, indices};
use super::cut::{self, Cut, Vouched};
use super::index::FunctionIndex;
use super::program::{Import, Program};
use crate::abi;

/// Asyncify's imports: who calls one of these is a top function…
const TOP: [&str; 2] = ["start_unwind", "stop_rewind"];
/// …and who calls one of these a bottom one.
const BOTTOM: [&str; 2] = ["stop_unwind", "start_rewind"];

/// What was found out about a program.
#[derive(Debug)]
pub struct Analysis {
    precision: Precision,
    /// By function index: why it can reach `suspend`.
    suspends: Vec<Option<Because>>,
    /// By function index: why it can be reached from `resume`.
    reached: Vec<Option<Because>>,
    /// By function index.
    cuts: Vec<Option<Cut>>,
    tops: BTreeSet<FunctionIndex>,
    bottoms: BTreeSet<FunctionIndex>,
    /// The bottom functions that coroutines are resumed by.
    resumes: BTreeSet<FunctionIndex>,
    /// The imports that the host suspends in.
    hosts: BTreeSet<FunctionIndex>,
    /// By function index: why it can reach one of these. Empty if there are none.
    suspends_for_host: Vec<Option<Because>>,
    /// Whether it is not known who is resumed: what ends a rewind and begins one calls nobody
    /// else, so whatever can suspend is resumed by others.
    anyone_is_resumed: bool,
}

impl Analysis {
    /// Analyses a program.
    ///
    /// # Errors
    ///
    /// If something that was vouched for does not exist.
    pub fn of(program: &Program, vouched: &Vouched, precision: Precision) -> Result<Self> {
        Ok(Self::with_cuts(program, cut::cuts(program, vouched)?, precision))
    }

    /// What would have been found with this vouched for.
    ///
    /// # Errors
    ///
    /// As [`Self::of`].
    pub fn with_vouched(&self, program: &Program, vouched: &Vouched) -> Result<Self> {
        let other = Self::of(program, vouched, self.precision)?;
        Ok(other.with_hosts(program, self.hosts.clone()))
    }

    /// What would have been found with another precision.
    pub fn with_precision(&self, program: &Program, precision: Precision) -> Self {
        let other = Self::with_cuts(program, self.cuts.clone(), precision);
        other.with_hosts(program, self.hosts.clone())
    }

    /// Analyses a program as if panics could suspend like all else.
    pub fn without_cuts(program: &Program, precision: Precision) -> Self {
        Self::with_cuts(program, vec![None; program.functions.len()], precision)
    }

    fn with_cuts(program: &Program, cuts: Vec<Option<Cut>>, precision: Precision) -> Self {
        let calling = |names: [&str; 2]| -> BTreeSet<FunctionIndex> {
            let imports: BTreeSet<FunctionIndex> = indices(program)
                .filter(|index| {
                    let import = &program.functions[*index as usize].import;
                    import.as_ref().is_some_and(|Import { module, name }| {
                        module == "asyncify" && names.contains(&name.as_str())
                    })
                })
                .collect();
            let calls = |index: &FunctionIndex| {
                !program.functions[*index as usize].calls.direct.is_disjoint(&imports)
            };
            indices(program).filter(calls).collect()
        };
        let (tops, bottoms) = (calling(TOP), calling(BOTTOM));
        let graph = Graph::of(program, precision);
        let is_barrier = |index: FunctionIndex| {
            bottoms.contains(&index) || tops.contains(&index) || cuts[index as usize].is_some()
        };
        let suspends = graph.spread(&tops, is_barrier, Graph::callers);
        // It calls another function while no coroutine is current. By the imports it calls it is a
        // bottom function, but nothing is suspended below it.
        let outside = program.named(abi::OUTSIDE);
        let resumes = bottoms.iter().copied().filter(|bottom| Some(*bottom) != outside).collect();
        let reached = graph.spread(&resumes, is_barrier, Graph::callees);
        let calls_only_asyncify = |index: &FunctionIndex| {
            let calls = &program.functions[*index as usize].calls;
            let import = |callee: &u32| program.functions[*callee as usize].import.as_ref();
            let is_asyncify =
                |callee: &u32| import(callee).is_some_and(|import| import.module == "asyncify");
            calls.indirect.is_empty() && calls.direct.iter().all(is_asyncify)
        };
        let anyone_is_resumed = bottoms.iter().any(calls_only_asyncify);
        let (hosts, suspends_for_host) = (BTreeSet::new(), Vec::new());
        Self {
            precision,
            suspends,
            reached,
            cuts,
            tops,
            bottoms,
            resumes,
            hosts,
            suspends_for_host,
            anyone_is_resumed,
        }
    }

    /// The same, but the host can suspend, too, whoever calls one of these imports (as
    /// `module.name`). It may have called anyone, so it does not matter who is reached. But it does
    /// not get past a coroutine.
    ///
    /// # Errors
    ///
    /// If there is no such import.
    pub fn with_host(self, program: &Program, imports: &[String]) -> Result<Self> {
        let mut hosts = BTreeSet::new();
        for name in imports {
            let is_meant = |import: &Import| format!("{}.{}", import.module, import.name) == *name;
            // A module may import the same function several times, perhaps as different types.
            let before = hosts.len();
            hosts.extend(indices(program).filter(|index| {
                program.functions[*index as usize].import.as_ref().is_some_and(is_meant)
            }));
            if hosts.len() == before {
                bail!(
                    "the program imports no function `{name}`, which is said to suspend: take it \
                     out of `--bysyncify-suspends`, which wants MODULE.NAME"
                );
            }
        }
        Ok(self.with_hosts(program, hosts))
    }

    fn with_hosts(mut self, program: &Program, hosts: BTreeSet<FunctionIndex>) -> Self {
        self.hosts = hosts;
        if !self.hosts.is_empty() {
            let is_barrier = |index| self.is_switch(index) || self.cut(index).is_some();
            let graph = Graph::of(program, self.precision);
            let mut start = self.hosts.clone();
            if program.has_foreign {
                // The host suspends those of other modules, too.
                let calls = |index: &u32| &program.functions[*index as usize].calls;
                let calls_anyone = |index: &u32| !calls(index).indirect.is_empty();
                let callers = indices(program).filter(calls_anyone);
                start.extend(callers.filter(|index| !is_barrier(*index)));
            }
            self.suspends_for_host = graph.spread(&start, is_barrier, Graph::callers);
        }
        self
    }

    /// What an indirect call was taken to be of.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// The imports that the host suspends in.
    pub fn hosts(&self) -> impl Iterator<Item = FunctionIndex> {
        self.hosts.iter().copied()
    }

    /// The functions to instrument.
    pub fn instrumented(&self) -> impl Iterator<Item = FunctionIndex> {
        (0..)
            .zip(&self.suspends)
            .filter_map(|(index, _)| self.is_instrumented(index).then_some(index))
    }

    /// The functions that every panic goes through, and that never return.
    pub fn panics(&self) -> impl Iterator<Item = FunctionIndex> {
        self.cut_as(Cut::Panic)
    }

    /// The functions that run the initialiser of a `thread_local!`.
    pub fn initialisers(&self) -> impl Iterator<Item = FunctionIndex> {
        self.cut_as(Cut::Initialiser)
    }

    fn cut_as(&self, kind: Cut) -> impl Iterator<Item = FunctionIndex> {
        let cuts = (0..).zip(&self.cuts);
        cuts.filter(move |(_, cut)| cut.as_ref() == Some(&kind)).map(|(index, _)| index)
    }

    /// The functions that begin an unwind.
    pub fn tops(&self) -> impl Iterator<Item = FunctionIndex> {
        self.tops.iter().copied()
    }

    /// The functions that coroutines are resumed by.
    pub(super) fn resumes(&self) -> impl Iterator<Item = FunctionIndex> {
        self.resumes.iter().copied()
    }

    /// Why nobody is called through this function, if it is so.
    pub fn cut(&self, index: FunctionIndex) -> Option<&Cut> {
        self.cuts[index as usize].as_ref()
    }

    /// Whether it can be suspended, should a coroutine get to it.
    pub fn can_suspend(&self, index: FunctionIndex) -> bool {
        self.suspends[index as usize].is_some() && self.cut(index).is_none()
    }

    /// Whether it begins or ends unwinds or rewinds.
    pub fn is_switch(&self, index: FunctionIndex) -> bool {
        self.tops.contains(&index) || self.bottoms.contains(&index)
    }

    /// Whether a coroutine can get to a function.
    pub fn is_reached(&self, index: FunctionIndex) -> bool {
        self.anyone_is_resumed || self.reached[index as usize].is_some()
    }

    /// The functions that a coroutine gets to only through what is vouched for.
    pub fn behind_vouched(&self, program: &Program) -> BTreeSet<FunctionIndex> {
        let is_vouched = |index: &u32| matches!(self.cut(*index), Some(Cut::Vouched(_)));
        let start = indices(program).filter(|index| is_vouched(index) && self.is_reached(*index));
        let is_barrier = |index| self.is_switch(index) || self.cut(index) == Some(&Cut::Panic);
        let graph = Graph::of(program, self.precision);
        let found = graph.spread(&start.collect(), is_barrier, Graph::callees);
        indices(program)
            .filter(|index| found[*index as usize].is_some() && !self.is_reached(*index))
            .collect()
    }

    /// The way from a function to where it suspends, itself first: each step with how the one
    /// before gets there. Nothing if it cannot.
    pub fn way_to_suspend(&self, function: FunctionIndex) -> Vec<Step> {
        let way = Self::steps(&self.suspends, function);
        if way.is_empty() { Self::steps(&self.suspends_for_host, function) } else { way }
    }

    /// The way from a function back to where the coroutine is resumed, itself first: each step
    /// with how it gets to the one before. Nothing if no coroutine gets to the function.
    pub fn way_from_resume(&self, function: FunctionIndex) -> Vec<Step> {
        Self::steps(&self.reached, function)
    }

    fn steps(because: &[Option<Because>], function: FunctionIndex) -> Vec<Step> {
        let mut way = Vec::new();
        let mut step = Step { function, indirect: None };
        while let Some(because) = because.get(step.function as usize).copied().flatten() {
            way.push(step);
            match because {
                Because::Switch => break,
                Because::Step(next) => step = next,
            }
        }
        way
    }

    /// Whether a function is instrumented.
    pub fn is_instrumented(&self, index: FunctionIndex) -> bool {
        let at = index as usize;
        let for_coroutine = self.suspends[at].is_some() && self.is_reached(index);
        let for_host = self.suspends_for_host.get(at).is_some_and(Option::is_some);
        (for_coroutine || for_host)
            && self.cuts[at].is_none()
            && !self.is_switch(index)
            && !self.hosts.contains(&index)
    }
}
