//! Who can reach `suspend`, and who can be reached from `resume`.

use std::collections::BTreeSet;

use super::barrier::{self, Barrier, NoSuspend};
use super::call_graph::{Because, Graph, Precision, Step};
use super::choice::{Choice, Chosen};
use super::program::{Import, Program};
use crate::abi;
use crate::error::Result;
use crate::module::{FunctionIndex, FunctionMap};

/// Asyncify's imports: who calls one of these is a topmost function…
const TOPMOST: [&str; 2] = ["start_unwind", "stop_rewind"];
/// …and who calls one of these a bottommost one.
const BOTTOMMOST: [&str; 2] = ["stop_unwind", "start_rewind"];

/// What was found out about a program.
#[derive(Debug)]
pub struct Analysis {
    precision: Precision,
    /// By function index: why it can reach `suspend`.
    suspends: FunctionMap<Option<Because>>,
    /// By function index: why it can be reached from `resume`.
    reached: FunctionMap<Option<Because>>,
    /// By function index.
    barriers: FunctionMap<Option<Barrier>>,
    topmost: BTreeSet<FunctionIndex>,
    bottommost: BTreeSet<FunctionIndex>,
    /// The bottommost functions that coroutines are resumed by.
    resumes: BTreeSet<FunctionIndex>,
    /// The imports that the host suspends in.
    hosts: BTreeSet<FunctionIndex>,
    /// What the caller has chosen.
    chosen: Chosen,
    /// By function index: why it can reach one of these. Empty if there are none.
    suspends_for_host: FunctionMap<Option<Because>>,
    /// Whether it is not known who is resumed: what ends a rewind and begins one calls nobody
    /// else, so whatever can suspend is resumed by others.
    anyone_is_resumed: bool,
}

impl Analysis {
    /// Analyses a program.
    ///
    /// # Errors
    ///
    /// If something that was assumed not to suspend does not exist.
    pub fn new(program: &Program, no_suspend: &NoSuspend, precision: Precision) -> Result<Self> {
        Ok(Self::with_barriers(program, barrier::barriers(program, no_suspend)?, precision))
    }

    /// What would have been found with this assumed not to suspend.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub fn with_no_suspend(&self, program: &Program, no_suspend: &NoSuspend) -> Result<Self> {
        let other = Self::new(program, no_suspend, self.precision)?;
        Ok(other.with_chosen(program, self.chosen.clone()))
    }

    /// What would have been found with another precision.
    pub fn with_precision(&self, program: &Program, precision: Precision) -> Self {
        let other = Self::with_barriers(program, self.barriers.clone(), precision);
        other.with_chosen(program, self.chosen.clone())
    }

    /// What would have been found if nothing were assumed: neither that what looks like a vtable is one,
    /// nor that something never suspends. What was chosen is left out all the same.
    pub(crate) fn without_assumptions(&self, program: &Program) -> Self {
        let is_known = |barrier: &Barrier| !matches!(barrier, Barrier::NoSuspend(_));
        let barriers = self.barriers.values().map(|it| it.clone().filter(is_known)).collect();
        let other = Self::with_barriers(program, barriers, Precision::Types);
        other.with_chosen(program, self.chosen.clone())
    }

    /// Analyses a program as if its functions' names said nothing: panics can suspend like all else.
    pub fn without_barriers(program: &Program, precision: Precision) -> Self {
        Self::with_barriers(program, program.functions.map(|_| None), precision)
    }

    /// The same, as if panics could suspend, and nothing were assumed not to suspend.
    pub(super) fn unbarred(&self, program: &Program) -> Self {
        let chosen = Chosen { remove: Vec::new(), ..self.chosen.clone() };
        Self::without_barriers(program, self.precision).with_chosen(program, chosen)
    }

    fn with_barriers(
        program: &Program,
        barriers: FunctionMap<Option<Barrier>>,
        precision: Precision,
    ) -> Self {
        Self::with(program, barriers, precision, false)
    }

    fn with(
        program: &Program,
        barriers: FunctionMap<Option<Barrier>>,
        precision: Precision,
        ignore_indirect: bool,
    ) -> Self {
        let calling = |names: [&str; 2]| -> BTreeSet<FunctionIndex> {
            let imports: BTreeSet<FunctionIndex> = program
                .functions
                .indices()
                .filter(|index| {
                    let import = &program.functions[*index].import;
                    import.as_ref().is_some_and(|Import { module, name }| {
                        module == "asyncify" && names.contains(&name.as_str())
                    })
                })
                .collect();
            let calls = |index: &FunctionIndex| {
                !program.functions[*index].calls.direct.is_disjoint(&imports)
            };
            program.functions.indices().filter(calls).collect()
        };
        let (topmost, bottommost) = (calling(TOPMOST), calling(BOTTOMMOST));
        let graph = Graph::new(program, precision, ignore_indirect);
        let is_barrier = |index: FunctionIndex| {
            bottommost.contains(&index) || topmost.contains(&index) || barriers[index].is_some()
        };
        let suspends = graph.spread(&topmost, is_barrier, Graph::callers);
        // It calls another function while no coroutine is current. By the imports it calls it is a
        // bottommost function, but nothing is suspended below it.
        let outside = program.named(abi::OUTSIDE);
        let resumes =
            bottommost.iter().copied().filter(|bottom| Some(*bottom) != outside).collect();
        let reached = graph.spread(&resumes, is_barrier, Graph::callees);
        let calls_only_asyncify = |index: &FunctionIndex| {
            let calls = &program.functions[*index].calls;
            let import = |callee: &FunctionIndex| program.functions[*callee].import.as_ref();
            let is_asyncify = |callee: &FunctionIndex| {
                import(callee).is_some_and(|import| import.module == "asyncify")
            };
            calls.indirect.is_empty() && calls.direct.iter().all(is_asyncify)
        };
        let anyone_is_resumed = bottommost.iter().any(calls_only_asyncify);
        let (hosts, suspends_for_host) = (BTreeSet::new(), FunctionMap::default());
        let chosen = Chosen { ignore_indirect, ..Chosen::default() };
        Self {
            precision,
            suspends,
            reached,
            barriers,
            topmost,
            bottommost,
            resumes,
            hosts,
            chosen,
            suspends_for_host,
            anyone_is_resumed,
        }
    }

    /// The same, but as the caller has chosen. The host can suspend, too, whoever calls one of the
    /// chosen imports. It may have called anyone, so it does not matter who is reached. But it does
    /// not get past a coroutine.
    pub fn with_choice(self, program: &Program, choice: &Choice) -> Self {
        self.with_chosen(program, choice.of(program))
    }

    fn with_chosen(mut self, program: &Program, chosen: Chosen) -> Self {
        let mut is_new = false;
        for (index, pattern) in &chosen.remove {
            let barrier = &mut self.barriers[*index];
            is_new |= barrier.is_none();
            barrier.get_or_insert_with(|| Barrier::NoSuspend(pattern.clone()));
        }
        if is_new || chosen.ignore_indirect != self.chosen.ignore_indirect {
            self = Self::with(program, self.barriers, self.precision, chosen.ignore_indirect);
        }
        let mut start = chosen.imports.clone();
        if chosen.propagate_add {
            start.extend(&chosen.add);
        }
        self.hosts.clone_from(&chosen.imports);
        self.chosen = chosen;
        if !start.is_empty() {
            let is_barrier = |index| self.is_switch(index) || self.barrier(index).is_some();
            let graph = self.graph(program);
            if program.has_foreign && !self.hosts.is_empty() && !self.chosen.ignore_indirect {
                // The host suspends those of other modules, too.
                let calls = |index: &FunctionIndex| &program.functions[*index].calls;
                let calls_anyone = |index: &FunctionIndex| !calls(index).indirect.is_empty();
                let callers = program.functions.indices().filter(calls_anyone);
                start.extend(callers.filter(|index| !is_barrier(*index)));
            }
            self.suspends_for_host = graph.spread(&start, is_barrier, Graph::callers);
        }
        self
    }

    /// Who calls whom, as far as it matters.
    pub(super) fn graph<'a>(&self, program: &'a Program) -> Graph<'a> {
        Graph::new(program, self.precision, self.chosen.ignore_indirect)
    }

    /// What was chosen that matches nothing in the program.
    pub fn unmatched(&self) -> &[String] {
        &self.chosen.unmatched
    }

    /// Whether the caller has chosen to have this function instrumented.
    pub(super) fn is_chosen(&self, index: FunctionIndex) -> bool {
        let is_only = self.chosen.only.as_ref().is_some_and(|only| only.contains(&index));
        is_only || self.chosen.add.contains(&index)
    }

    /// Whether it was chosen what to instrument, and this function was not.
    pub(super) fn is_left_out(&self, index: FunctionIndex) -> bool {
        self.chosen.only.is_some() && !self.is_chosen(index)
    }

    /// Whether a function can suspend since a call of its own can be of another module's function.
    pub(super) fn calls_foreign(&self, index: FunctionIndex) -> bool {
        let because = self.suspends_for_host.get(index).copied().flatten();
        let is_chosen = self.hosts.contains(&index) || self.chosen.add.contains(&index);
        because == Some(Because::Switch) && !is_chosen
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
        self.suspends.indices().filter(|index| self.is_instrumented(*index))
    }

    /// The functions that every panic goes through, and that never return.
    pub fn panics(&self) -> impl Iterator<Item = FunctionIndex> {
        self.barriers_of(Barrier::Panic)
    }

    /// The functions that run the initialiser of a `thread_local!`.
    pub fn initialisers(&self) -> impl Iterator<Item = FunctionIndex> {
        self.barriers_of(Barrier::Initialiser)
    }

    fn barriers_of(&self, kind: Barrier) -> impl Iterator<Item = FunctionIndex> {
        let barriers = self.barriers.iter();
        barriers.filter(move |(_, barrier)| barrier.as_ref() == Some(&kind)).map(|(index, _)| index)
    }

    /// The functions that begin an unwind.
    pub fn topmost(&self) -> impl Iterator<Item = FunctionIndex> {
        self.topmost.iter().copied()
    }

    /// The functions that coroutines are resumed by.
    pub(super) fn resumes(&self) -> impl Iterator<Item = FunctionIndex> {
        self.resumes.iter().copied()
    }

    /// Why nobody is called through this function, if it is so.
    pub fn barrier(&self, index: FunctionIndex) -> Option<&Barrier> {
        self.barriers[index].as_ref()
    }

    /// Whether it can be suspended, should a coroutine get to it.
    pub fn can_suspend(&self, index: FunctionIndex) -> bool {
        self.suspends[index].is_some() && self.barrier(index).is_none()
    }

    /// Whether it can be suspended, by a coroutine that gets to it or by the host.
    pub(super) fn can_be_suspended(&self, index: FunctionIndex) -> bool {
        let for_host = self.suspends_for_host.get(index).is_some_and(Option::is_some);
        self.can_suspend(index) || (for_host && self.barrier(index).is_none())
    }

    /// Whether it begins or ends unwinds or rewinds.
    pub fn is_switch(&self, index: FunctionIndex) -> bool {
        self.topmost.contains(&index) || self.bottommost.contains(&index)
    }

    /// Whether a coroutine can get to a function.
    pub fn is_reached(&self, index: FunctionIndex) -> bool {
        self.anyone_is_resumed || self.reached[index].is_some()
    }

    /// The functions that a coroutine gets to only through what is assumed not to suspend.
    pub fn behind_no_suspend(&self, program: &Program) -> BTreeSet<FunctionIndex> {
        let never_suspends =
            |index: &FunctionIndex| matches!(self.barrier(*index), Some(Barrier::NoSuspend(_)));
        let start = program
            .functions
            .indices()
            .filter(|index| never_suspends(index) && self.is_reached(*index));
        let is_barrier =
            |index| self.is_switch(index) || self.barrier(index) == Some(&Barrier::Panic);
        let graph = self.graph(program);
        let found = graph.spread(&start.collect(), is_barrier, Graph::callees);
        program
            .functions
            .indices()
            .filter(|index| found[*index].is_some() && !self.is_reached(*index))
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

    fn steps(because: &FunctionMap<Option<Because>>, function: FunctionIndex) -> Vec<Step> {
        let mut way = Vec::new();
        let mut step = Step { function, indirect: None };
        while let Some(because) = because.get(step.function).copied().flatten() {
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
        let for_coroutine = self.suspends[index].is_some() && self.is_reached(index);
        let for_host = self.suspends_for_host.get(index).is_some_and(Option::is_some);
        let is_found = (for_coroutine || for_host) && self.chosen.only.is_none();
        (is_found || self.is_chosen(index))
            && self.barriers[index].is_none()
            && !self.is_switch(index)
            && !self.hosts.contains(&index)
    }
}
