//! Finds the functions that can reach `suspend`, and those that can be reached from `resume`.

use std::collections::BTreeSet;

use super::barrier::{self, Barrier, NoSuspend};
use super::call_graph::{Because, Graph, Precision, Step};
use super::choice::{Choice, Chosen};
use super::program::{Import, Program};
use crate::abi;
use crate::error::Result;
use crate::module::{FunctionIndex, FunctionMap};

/// Asyncify's imports: a function that calls one of these is topmost…
const TOPMOST: [&str; 2] = ["start_unwind", "stop_rewind"];
/// …and a function that calls one of these is bottommost.
const BOTTOMMOST: [&str; 2] = ["stop_unwind", "start_rewind"];

/// The result of the analysis of a program.
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
    /// The bottommost functions that resume coroutines.
    resumes: BTreeSet<FunctionIndex>,
    /// The imports that the host suspends in.
    hosts: BTreeSet<FunctionIndex>,
    /// The choice of the caller of this library.
    chosen: Chosen,
    /// By function index: why it can reach one of these imports. Empty if there are none.
    suspends_for_host: FunctionMap<Option<Because>>,
    /// Whether the resumed functions are unknown: some bottommost function calls nothing but Asyncify's
    /// imports, so other code calls the functions to resume.
    anyone_is_resumed: bool,
}

impl Analysis {
    /// Analyses a program.
    ///
    /// # Errors
    ///
    /// Fails if something that was assumed not to suspend does not exist.
    pub fn new(program: &Program, no_suspend: &NoSuspend, precision: Precision) -> Result<Self> {
        Ok(Self::with_barriers(program, barrier::barriers(program, no_suspend)?, precision))
    }

    /// The result if these functions were assumed not to suspend.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub fn with_no_suspend(&self, program: &Program, no_suspend: &NoSuspend) -> Result<Self> {
        let other = Self::new(program, no_suspend, self.precision)?;
        Ok(other.with_chosen(program, self.chosen.clone()))
    }

    /// The result with another precision.
    pub fn with_precision(&self, program: &Program, precision: Precision) -> Self {
        let other = Self::with_barriers(program, self.barriers.clone(), precision);
        other.with_chosen(program, self.chosen.clone())
    }

    /// The result without assumptions: nothing is treated as a vtable because of its shape, and nothing is
    /// assumed never to suspend. Functions that the caller has chosen never to suspend are still left out.
    pub(crate) fn without_assumptions(&self, program: &Program) -> Self {
        let is_known = |barrier: &Barrier| !matches!(barrier, Barrier::NoSuspend(_));
        let barriers = self.barriers.values().map(|it| it.clone().filter(is_known)).collect();
        let other = Self::with_barriers(program, barriers, Precision::Types);
        other.with_chosen(program, self.chosen.clone())
    }

    /// Analyses a program as if its functions' names were unknown: panics can suspend like other functions.
    pub fn without_barriers(program: &Program, precision: Precision) -> Self {
        Self::with_barriers(program, program.functions.map(|_| None), precision)
    }

    /// The same analysis, as if panics could suspend, and nothing were assumed not to suspend.
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
        // This function calls another one while no coroutine is current. By its imports it is a bottommost
        // function, but nothing is suspended below it.
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

    /// The same analysis with the caller's choice. The host can also suspend functions that call one of the
    /// chosen imports. The host may have called any function, so it does not matter which ones are reached from
    /// `resume`. But nothing is suspended for the host through the switch of a coroutine.
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
                // The host also suspends functions of other modules.
                let calls = |index: &FunctionIndex| &program.functions[*index].calls;
                let calls_anyone = |index: &FunctionIndex| !calls(index).indirect.is_empty();
                let callers = program.functions.indices().filter(calls_anyone);
                start.extend(callers.filter(|index| !is_barrier(*index)));
            }
            self.suspends_for_host = graph.spread(&start, is_barrier, Graph::callers);
        }
        self
    }

    /// The call graph that the analysis uses.
    pub(super) fn graph<'a>(&self, program: &'a Program) -> Graph<'a> {
        Graph::new(program, self.precision, self.chosen.ignore_indirect)
    }

    /// The chosen patterns that match nothing in the program.
    pub fn unmatched(&self) -> &[String] {
        &self.chosen.unmatched
    }

    /// Whether the caller has chosen to instrument this function.
    pub(super) fn is_chosen(&self, index: FunctionIndex) -> bool {
        let is_only = self.chosen.only.as_ref().is_some_and(|only| only.contains(&index));
        is_only || self.chosen.add.contains(&index)
    }

    /// Whether the caller has chosen the functions to instrument, without this one.
    pub(super) fn is_left_out(&self, index: FunctionIndex) -> bool {
        self.chosen.only.is_some() && !self.is_chosen(index)
    }

    /// Whether a function can suspend because one of its indirect calls can reach another module's function.
    pub(super) fn calls_foreign(&self, index: FunctionIndex) -> bool {
        let because = self.suspends_for_host.get(index).copied().flatten();
        let is_chosen = self.hosts.contains(&index) || self.chosen.add.contains(&index);
        because == Some(Because::Switch) && !is_chosen
    }

    /// The precision of indirect calls in this analysis.
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

    /// The functions that all panics go through, and that never return.
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

    /// The functions that resume coroutines.
    pub(super) fn resumes(&self) -> impl Iterator<Item = FunctionIndex> {
        self.resumes.iter().copied()
    }

    /// Why nothing is suspended through this function, if so.
    pub fn barrier(&self, index: FunctionIndex) -> Option<&Barrier> {
        self.barriers[index].as_ref()
    }

    /// Whether a coroutine that reaches it can be suspended in it.
    pub fn can_suspend(&self, index: FunctionIndex) -> bool {
        self.suspends[index].is_some() && self.barrier(index).is_none()
    }

    /// Whether it can be suspended, by a coroutine that reaches it or by the host.
    pub(super) fn can_be_suspended(&self, index: FunctionIndex) -> bool {
        let for_host = self.suspends_for_host.get(index).is_some_and(Option::is_some);
        self.can_suspend(index) || (for_host && self.barrier(index).is_none())
    }

    /// Whether it begins or ends unwinds or rewinds.
    pub fn is_switch(&self, index: FunctionIndex) -> bool {
        self.topmost.contains(&index) || self.bottommost.contains(&index)
    }

    /// Whether a coroutine can reach a function.
    pub fn is_reached(&self, index: FunctionIndex) -> bool {
        self.anyone_is_resumed || self.reached[index].is_some()
    }

    /// The functions that a coroutine reaches only through functions that are assumed not to suspend.
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

    /// The path from a function to where it suspends, beginning with the function: each step with how the
    /// previous function calls it. Empty if it cannot suspend.
    pub fn way_to_suspend(&self, function: FunctionIndex) -> Vec<Step> {
        let way = Self::steps(&self.suspends, function);
        if way.is_empty() { Self::steps(&self.suspends_for_host, function) } else { way }
    }

    /// The path from a function back to where the coroutine is resumed, beginning with the function: each step
    /// with how it calls the previous one. Empty if no coroutine reaches the function.
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
