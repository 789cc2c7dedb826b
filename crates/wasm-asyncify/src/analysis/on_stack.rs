//! Who can be on a coroutine's stack at all, whether it suspends there or not.
//!
//! That is more than what can be reached from `resume` on the way to `suspend`: what the user has
//! vouched for uses the stack like all else. And nothing is taken for granted: an indirect call
//! can be of every function of its type whose address is taken. Who panics leaves the stack.

use std::collections::{BTreeSet, HashMap};

use super::cut::Cut;
use super::graph::Analysis;
use super::index::{FunctionIndex, TypeId};
use super::program::Program;

impl Analysis {
    /// The functions that can be on a coroutine's stack.
    pub fn on_stack(&self, program: &Program) -> BTreeSet<FunctionIndex> {
        let mut taken: HashMap<TypeId, Vec<FunctionIndex>> = HashMap::new();
        for (index, function) in (0..).zip(&program.functions) {
            if function.taken.is_taken() {
                taken.entry(function.type_id).or_default().push(index);
            }
        }
        let mut found = BTreeSet::new();
        let mut waiting: Vec<_> = self.resumes().collect();
        let mut types = BTreeSet::new();
        while let Some(caller) = waiting.pop() {
            let calls = &program.functions[caller as usize].calls;
            let new_types: Vec<_> = calls.indirect.values().map(|call| call.type_id).collect();
            let new_types = new_types.into_iter().filter(|type_id| types.insert(*type_id));
            let indirect = new_types.filter_map(|type_id| taken.get(&type_id)).flatten();
            for callee in calls.direct.iter().chain(indirect) {
                let leaves = self.is_switch(*callee) || self.cut(*callee) == Some(&Cut::Panic);
                if !leaves && found.insert(*callee) {
                    waiting.push(*callee);
                }
            }
        }
        found
    }
}
