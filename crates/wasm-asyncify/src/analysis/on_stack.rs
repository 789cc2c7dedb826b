//! Finds the functions that can be on a coroutine's stack at all, whether or not they suspend there, and the
//! calls between them.
//!
//! These are more than the functions on paths from `resume` to `suspend`: functions that the user has assumed
//! not to suspend use the stack as well. And nothing is assumed here: an indirect call can reach every function
//! of its type whose address is taken. A function that panics leaves the stack.
//!
//! The host's functions run on a stack of their own, and so do their callbacks (`crate::guard`). But an import
//! that the host suspends in is called directly, and an indirect call can reach a function of another module:
//! these can call exports on the stack that they are called on.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::barrier::Barrier;
use super::graph::Analysis;
use super::index::TypeId;
use super::program::Program;
use crate::module::FunctionIndex;

/// The functions that can be on a coroutine's stack, and their calls there.
#[derive(Debug, Default)]
pub(crate) struct OnStack {
    functions: BTreeSet<FunctionIndex>,
    calls: BTreeMap<Place, BTreeSet<Place>>,
}

/// A vertex of the call graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Place {
    /// One function.
    Function(FunctionIndex),
    /// All indirect calls of one type.
    Indirect(TypeId),
    /// Code outside of the module, on the stack that it was called on.
    Foreign,
}

impl OnStack {
    /// The functions that can be on a coroutine's stack.
    pub(crate) fn functions(&self) -> &BTreeSet<FunctionIndex> {
        &self.functions
    }

    /// All vertices that can be on a coroutine's stack, and the callees of each.
    pub(crate) fn calls(&self) -> &BTreeMap<Place, BTreeSet<Place>> {
        &self.calls
    }

    /// Everything that is called on the stack of `start`. `hosts` are imports that can call back on it;
    /// functions for which `leaves` is true leave it.
    pub(crate) fn from(
        start: impl IntoIterator<Item = Place>,
        program: &Program,
        hosts: &BTreeSet<FunctionIndex>,
        leaves: impl Fn(FunctionIndex) -> bool,
    ) -> Self {
        let mut taken: HashMap<TypeId, BTreeSet<Place>> = HashMap::new();
        for (index, function) in program.functions.iter() {
            if function.address_taken.is_taken() {
                taken.entry(function.type_id).or_default().insert(Place::Function(index));
            }
        }
        let callees = |place| -> BTreeSet<Place> {
            match place {
                Place::Function(index) if hosts.contains(&index) => [Place::Foreign].into(),
                Place::Function(index) => called_by(index, program).collect(),
                Place::Indirect(type_id) => {
                    let of_type = taken.get(&type_id).into_iter().flatten().copied();
                    of_type.chain(program.has_foreign.then_some(Place::Foreign)).collect()
                }
                Place::Foreign => {
                    let exported = program.exports.iter().map(|(_, index)| Place::Function(*index));
                    // Code with access to the table can call its functions.
                    let in_table = program.has_foreign.then(|| taken.values().flatten().copied());
                    exported.chain(in_table.into_iter().flatten()).collect()
                }
            }
        };
        let stays = |place: &Place| !matches!(place, Place::Function(index) if leaves(*index));
        let mut found = Self::default();
        let mut waiting: Vec<Place> = start.into_iter().filter(stays).collect();
        while let Some(place) = waiting.pop() {
            if found.calls.contains_key(&place) {
                continue;
            }
            if let Place::Function(index) = place {
                found.functions.insert(index);
            }
            let callees: BTreeSet<Place> = callees(place).into_iter().filter(stays).collect();
            waiting.extend(&callees);
            found.calls.insert(place, callees);
        }
        found
    }
}

/// The callees of a function.
fn called_by(function: FunctionIndex, program: &Program) -> impl Iterator<Item = Place> {
    let calls = &program.functions[function].calls;
    let direct = calls.direct.iter().map(|callee| Place::Function(*callee));
    direct.chain(calls.indirect.values().map(|call| Place::Indirect(call.type_id)))
}

impl Analysis {
    /// The functions that can be on a coroutine's stack, and their calls there.
    pub(crate) fn on_stack(&self, program: &Program) -> OnStack {
        let start = self.resumes().flat_map(|resume| called_by(resume, program));
        let leaves =
            |function| self.is_switch(function) || self.barrier(function) == Some(&Barrier::Panic);
        OnStack::from(start, program, &self.hosts().collect(), leaves)
    }
}
