//! What must be the same in both functions: instructions, operands, and the handlers of an exception.

use wasmparser::Operator;

use super::code::Clause;
use super::pair::Pair;
use super::shown::{described, held};
use super::values::{Operand, Value, Values};
use super::walk::Walk;
use super::wrong::Wrong;

impl Walk<'_, '_> {
    /// Throws an exception in both functions: each continues at its handlers.
    pub(super) fn throws(
        &self,
        pair: &Pair,
        values: &mut Values,
        open: &mut Vec<Pair>,
    ) -> Result<(), Wrong> {
        let ours = self.original.code.clauses(pair.original.function.at);
        let theirs = self.instrumented.code.clauses(pair.instrumented.function.at);
        let kind = |clause: &Clause| (clause.tag, clause.reference, clause.rethrows);
        if !ours.iter().map(kind).eq(theirs.iter().map(kind)) {
            let step = &self.original.code.steps[pair.original.function.at];
            return Err(Wrong::new(format!(
                "what {} throws is caught by others than in the original",
                described(&step.operator, step.offset)
            )));
        }
        for (ours, theirs) in ours.iter().zip(&theirs) {
            let mut pair = pair.clone();
            let mut passed = values.unknowns(ours.payload);
            let exception = values.unknown();
            if ours.reference {
                passed.push(exception);
            }
            for (machine, code, clause) in [
                (&mut pair.original, self.original.code, ours),
                (&mut pair.instrumented, self.instrumented.code, theirs),
            ] {
                let label = code.labels[clause.label];
                let function = &mut machine.function;
                function.stack.truncate(label.height);
                function.stack.extend(passed.iter().copied().map(Operand::from));
                function.caught.truncate(label.caught - usize::from(clause.rethrows));
                if clause.rethrows {
                    function.caught.push(exception);
                }
                function.at = label.at;
                machine.has_joined = true;
            }
            pair.instrumented.globals = self.globals(0, values);
            open.push(pair);
        }
        Ok(())
    }

    /// Takes operands of both, which must be the same.
    pub(super) fn operands(
        &self,
        pair: &mut Pair,
        count: usize,
        values: &Values,
    ) -> Result<Vec<Value>, Wrong> {
        let ours = pair.original.function.take(count)?;
        let theirs = pair.instrumented.function.take(count)?;
        for (index, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            if ours != theirs {
                let what = format!("operand {index}");
                return Err(self.differs(pair, (*ours, *theirs), &what, values));
            }
        }
        Ok(ours)
    }

    pub(super) fn check_same(
        &self,
        ours: &Operator<'_>,
        offset: u64,
        theirs: &Operator<'_>,
    ) -> Result<(), Wrong> {
        if (self.is_same)(ours, theirs) { Ok(()) } else { Err(self.other(ours, offset, theirs)) }
    }

    pub(super) fn other(&self, ours: &Operator<'_>, offset: u64, theirs: &Operator<'_>) -> Wrong {
        Wrong::new(format!("in the place of {} there is {theirs:?}", described(ours, offset)))
    }

    /// The error for values that differ.
    pub(super) fn differs(
        &self,
        pair: &Pair,
        (ours, theirs): (Value, Value),
        what: &str,
        values: &Values,
    ) -> Wrong {
        let step = &self.original.code.steps[pair.original.function.at];
        let wrong = Wrong::new(format!(
            "{what} of {} is not what it was in the original: {} there, {} here",
            described(&step.operator, step.offset),
            held(ours, &pair.original.function, values),
            held(theirs, &pair.instrumented.function, values),
        ));
        let blamed = values.blamed(theirs).or(values.blamed(ours));
        self.at_site(wrong, blamed)
    }
}
