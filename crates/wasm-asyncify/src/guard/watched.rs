//! The checks after calls that should not suspend: the user or the precise analysis assumes that. Or, in a debug
//! build, the analysis has excluded it for an indirect call.

use std::collections::BTreeMap;

use wasm_encoder::Instruction;
use wasm_encoder::Instruction::I32Const;

use super::checks::{Callee, Checks};
use super::code::Writer;
use super::info::GuardInfo;
use crate::analysis::{WatchedCalls, readable};
use crate::module::FunctionIndex;

impl Checks {
    /// The code after each such call of a function.
    pub(super) fn watched(
        &mut self,
        function: FunctionIndex,
        info: &GuardInfo<'_>,
        writer: &Writer,
    ) -> BTreeMap<Callee, Vec<Instruction<'static>>> {
        let mut code = BTreeMap::new();
        let Some(unwinding) = self.globals.unwinding else { return code };
        if self.watched.untouched.contains(&function) {
            return code;
        }
        if let Some(calls) = self.watched.ruled_out.get(&function).cloned() {
            let name = format!("an indirect call in `{}`", readable(&info.module.shown(function)));
            let who = self.who(function, &name);
            for call in calls {
                let check = writer.assert_not_unwinding(unwinding, &who, self.report);
                code.insert(Callee::Indirect(call), check);
            }
        }
        let Some(WatchedCalls { direct, indirect }) = self.watched.assumed.get(&function).cloned()
        else {
            return code;
        };
        let direct = direct.into_iter().map(|callee| (Callee::Function(callee), Some(callee)));
        let indirect = indirect.into_iter().map(|(at, callee)| (Callee::Indirect(at), callee));
        for (call, callee) in direct.chain(indirect) {
            let mut name = format!("`{}`", readable(&info.module.shown(function)));
            if let Some(callee) = callee {
                let callee = readable(&info.module.shown(callee));
                name.push_str(&format!(" in its call of `{callee}`"));
            }
            let who = self.who(function, &name);
            let suspended = self.watched.suspended;
            code.insert(call, writer.assume_not_unwinding(unwinding, callee, &who, suspended));
        }
        code
    }

    /// Pushes the function's number, and this text if there are texts.
    fn who(&mut self, function: FunctionIndex, text: &str) -> Vec<Instruction<'static>> {
        let mut who = vec![self.number(function)];
        if let Some(texts) = &mut self.texts {
            let (start, length, _) = texts.add(text, "");
            who.extend([I32Const(start), I32Const(length)]);
        }
        who
    }
}
