//! The call graph, and reachability in it.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use super::calls::{IndirectCall, Origin};
use super::index::TypeId;
use super::program::Program;
use crate::module::{FunctionIndex, FunctionMap};

/// Why a function can reach `suspend`, or can be reached from `resume`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Because {
    /// It is `suspend` or `resume` itself.
    Switch,
    /// It calls this function, or is called by it.
    Step(Step),
}

/// One step of a path through the call graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The function.
    pub function: FunctionIndex,
    /// The call that leads here, or away, if it is indirect.
    pub indirect: Option<IndirectCall>,
}

/// Which functions an indirect call is assumed to reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// All functions of its type whose address is taken. This is sound.
    #[default]
    Types,
    /// The functions that can be in the vtable slot that it loads from. Sound only for programs in which
    /// nothing but vtables looks like one: see `relocations.rs`.
    Slots,
}

/// The call graph.
pub(super) struct Graph<'a> {
    program: &'a Program,
    precision: Precision,
    pub(super) ignores_indirect: bool,
    /// The direct callers of each function.
    direct_callers: HashMap<FunctionIndex, Vec<FunctionIndex>>,
    /// The callers that make each indirect call.
    indirect_callers: HashMap<IndirectCall, Vec<FunctionIndex>>,
    /// All slots through which the program calls.
    slots: HashMap<TypeId, BTreeSet<u64>>,
    /// The table entries of each function.
    entries: HashMap<FunctionIndex, Vec<u64>>,
    /// The functions whose address is taken.
    taken: HashMap<TypeId, Vec<FunctionIndex>>,
}

impl<'a> Graph<'a> {
    /// With `ignores_indirect`, indirect calls reach no function.
    pub(super) fn new(program: &'a Program, precision: Precision, ignores_indirect: bool) -> Self {
        let mut graph = Self {
            program,
            precision,
            ignores_indirect,
            direct_callers: HashMap::new(),
            indirect_callers: HashMap::new(),
            slots: HashMap::new(),
            entries: HashMap::new(),
            taken: HashMap::new(),
        };
        for (index, function) in program.functions.iter() {
            for callee in &function.calls.direct {
                graph.direct_callers.entry(*callee).or_default().push(index);
            }
            let indirect = (!ignores_indirect).then_some(&function.calls.indirect);
            for call in indirect.into_iter().flat_map(BTreeMap::values) {
                let call = graph.seen_by(*call);
                graph.indirect_callers.entry(call).or_default().push(index);
                if let Origin::Slot(offset) = call.origin {
                    graph.slots.entry(call.type_id).or_default().insert(offset);
                }
            }
            if function.address_taken.is_taken() {
                graph.taken.entry(function.type_id).or_default().push(index);
            }
        }
        for (entry, function) in &program.table {
            graph.entries.entry(*function).or_default().push(*entry);
        }
        graph
    }

    /// The call as this analysis may treat it. A table entry is known only if nothing changes the table; a
    /// vtable slot, only if vtables can be told from other data.
    fn seen_by(&self, call: IndirectCall) -> IndirectCall {
        let is_known = match call.origin {
            Origin::Any => true,
            Origin::Entry(_) => !self.program.table_changes,
            Origin::Slot(_) => self.precision == Precision::Slots,
        };
        if is_known { call } else { IndirectCall { origin: Origin::Any, ..call } }
    }

    /// All functions that can call `callee`.
    pub(super) fn callers(&self, callee: FunctionIndex) -> Vec<(FunctionIndex, Step)> {
        let direct = self.direct_callers.get(&callee).into_iter().flatten();
        let step = |indirect| Step { function: callee, indirect };
        let mut found: Vec<_> = direct.map(|caller| (*caller, step(None))).collect();
        let function = &self.program.functions[callee];
        let type_id = function.type_id;
        let mut through = Vec::new();
        if function.address_taken.is_taken() {
            through.push(Origin::Any);
            let entries = self.entries.get(&callee).into_iter().flatten();
            through.extend(entries.map(|entry| Origin::Entry(*entry)));
            let slots = self.slots.get(&type_id).into_iter().flatten();
            let slots = slots.filter(|slot| {
                function.address_taken.anywhere || function.address_taken.slots.contains(slot)
            });
            through.extend(slots.map(|slot| Origin::Slot(*slot)));
        }
        for through in through {
            let call = IndirectCall { type_id, origin: through };
            let callers = self.indirect_callers.get(&call).into_iter().flatten();
            found.extend(callers.map(|caller| (*caller, step(Some(call)))));
        }
        found
    }

    /// All functions that `caller` can call.
    pub(super) fn callees(&self, caller: FunctionIndex) -> Vec<(FunctionIndex, Step)> {
        let calls = &self.program.functions[caller].calls;
        let step = |indirect| Step { function: caller, indirect };
        let mut found: Vec<_> = calls.direct.iter().map(|callee| (*callee, step(None))).collect();
        for call in calls.indirect.values() {
            let step = step(Some(self.seen_by(*call)));
            found.extend(self.candidates(*call).into_iter().map(|callee| (callee, step)));
        }
        found
    }

    /// All functions that an indirect call can reach.
    pub(super) fn candidates(&self, call: IndirectCall) -> Vec<FunctionIndex> {
        if self.ignores_indirect {
            return Vec::new();
        }
        let call = self.seen_by(call);
        let candidates = self.taken.get(&call.type_id).into_iter().flatten();
        candidates.copied().filter(|candidate| self.program.can_mean(call, *candidate)).collect()
    }

    /// All functions that are connected with `start` by `next`, but not through a barrier; by shortest paths.
    pub(super) fn spread(
        &self,
        start: &BTreeSet<FunctionIndex>,
        is_barrier: impl Fn(FunctionIndex) -> bool,
        next: impl Fn(&Self, FunctionIndex) -> Vec<(FunctionIndex, Step)>,
    ) -> FunctionMap<Option<Because>> {
        let mut found = self.program.functions.map(|_| None);
        let mut queue = VecDeque::new();
        for index in start {
            found[*index] = Some(Because::Switch);
            queue.push_back(*index);
        }
        while let Some(index) = queue.pop_front() {
            if !start.contains(&index) && is_barrier(index) {
                continue;
            }
            for (other, step) in next(self, index) {
                let entry = &mut found[other];
                if entry.is_none() {
                    *entry = Some(Because::Step(step));
                    queue.push_back(other);
                }
            }
        }
        found
    }
}
