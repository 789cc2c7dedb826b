//! Call paths in words: how a function can suspend.

use super::call_graph::Step;
use super::calls::{IndirectCall, Origin};
use super::graph::Analysis;
use super::index::TypeId;
use super::names::readable;
use super::program::Program;
use crate::module::FunctionIndex;

impl Analysis {
    /// The calls by which a function can suspend, one a line.
    pub fn chain(&self, program: &Program, function: FunctionIndex) -> String {
        let mut steps = self.way_to_suspend(function).into_iter();
        let first = steps.next().map(|_| format!("    {}", program.readable(function)));
        let rest = steps.map(|step| format!("      {}", self.call(program, step)));
        let last = self.foreign_call(program, function).map(|call| format!("      {call}"));
        first.into_iter().chain(rest).chain(last).collect::<Vec<_>>().join("\n")
    }

    /// The path from where a coroutine is resumed to the function: each step with how the previous function
    /// calls it. Empty if no coroutine reaches it.
    pub fn down_to(&self, function: FunctionIndex) -> Vec<Step> {
        let mut way = self.way_from_resume(function);
        // Each step has how it calls the next function: that belongs to the next step.
        for at in 1..way.len() {
            way[at - 1].indirect = way[at].indirect;
        }
        if let Some(resume) = way.last_mut() {
            resume.indirect = None;
        }
        way.reverse();
        way
    }

    /// The call through which a function can suspend, in words. None if it cannot, or is only listed.
    pub fn next_call(&self, program: &Program, function: FunctionIndex) -> Option<String> {
        let next = self.way_to_suspend(function).get(1).copied();
        next.map(|step| self.call(program, step)).or_else(|| self.foreign_call(program, function))
    }

    /// The last call of the path on which a function can suspend, in words, if it can reach another module's
    /// function.
    pub(super) fn foreign_call(
        &self,
        program: &Program,
        function: FunctionIndex,
    ) -> Option<String> {
        let caller = self.way_to_suspend(function).last()?.function;
        let call = program.functions[caller].calls.indirect.values().next()?;
        let ty = program.type_text(call.type_id);
        self.calls_foreign(caller).then(|| {
            format!("calls through a function pointer, as {ty}: a function of another module can be meant")
        })
    }

    /// A call, in words: `calls a::b`.
    pub fn call(&self, program: &Program, step: Step) -> String {
        let name = program.readable(step.function);
        match step.indirect {
            None => format!("calls {name}"),
            Some(call) => format!("calls {name} {}", self.way(program, call, step.function)),
        }
    }

    /// How an indirect call reaches `callee`, in words.
    pub fn way(&self, program: &Program, call: IndirectCall, callee: FunctionIndex) -> String {
        let through = program.origin(call, callee);
        let meant: Vec<_> = program.meant(call).collect();
        let suspending = meant.iter().filter(|index| self.can_be_suspended(**index)).count();
        let of = match (suspending, meant.len()) {
            (_, 1) => "only this function can be meant".to_owned(),
            (some, all) => format!("{some} of the {all} functions that can be meant can suspend"),
        };
        format!("through {through}, as {}: {of}", program.type_text(call.type_id))
    }
}

impl Program {
    /// The function's name as a programmer would write it.
    pub fn readable(&self, function: FunctionIndex) -> String {
        readable(&self.symbol(function))
    }

    /// The functions that an indirect call can reach.
    pub fn meant(&self, call: IndirectCall) -> impl Iterator<Item = FunctionIndex> {
        let functions = self.functions.indices();
        functions.filter(move |index| self.can_mean(call, *index))
    }

    /// A call, in words, whatever it has to do with suspending: `calls a::b`.
    pub fn call(&self, step: Step) -> String {
        let name = self.readable(step.function);
        let Some(call) = step.indirect else { return format!("calls {name}") };
        let through = self.origin(call, step.function);
        let of = match self.meant(call).count() {
            1 => "only this function can be meant".to_owned(),
            count => format!("one of {count} functions that can be meant"),
        };
        format!("calls {name} through {through}, as {}: {of}", self.type_text(call.type_id))
    }

    /// Where an indirect call that reaches `callee` has its pointer from, in words.
    fn origin(&self, call: IndirectCall, callee: FunctionIndex) -> String {
        match call.origin {
            Origin::Any => "a function pointer".to_owned(),
            Origin::Slot(offset)
                if self.functions[callee].address_taken.slots.contains(&offset) =>
            {
                format!("a vtable (offset {offset})")
            }
            Origin::Slot(offset) => format!("a function pointer (at offset {offset})"),
            Origin::Entry(entry) => format!("table entry {entry}"),
        }
    }

    /// The text of a type: `(i32, i32) -> i32`.
    fn type_text(&self, type_id: TypeId) -> String {
        let function = &self.types[type_id.at()];
        let list = |types: &[wasmparser::ValType]| {
            types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        };
        let parameters = list(function.params());
        match function.results() {
            [] => format!("({parameters})"),
            [result] => format!("({parameters}) -> {result}"),
            results => format!("({parameters}) -> ({})", list(results)),
        }
    }
}
