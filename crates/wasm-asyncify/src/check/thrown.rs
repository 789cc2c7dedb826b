//! Exceptions, where functions are resumed one by one: the dispatcher catches what one throws, and resumes
//! those that called it, so that they throw it again. What it does is compared with its known code, in
//! [`dispatcher`](super::dispatcher). Here is what it uses for that.
//!
//! The exception is in a global behind that with the frame's address. A function throws it; no other one
//! reads or writes it. Another function tells who has to be resumed. Of who has not it is proved that no
//! exception could be caught there; of who has, that it goes on as if its call had thrown.

use wasmparser::Operator;

use super::code::Code;
use super::flat::{FRAME, THROWING};
use super::machine::Added;
use super::operators::Op;
use super::pair::Pair;
use super::values::Values;
use super::walk::Walk;
use super::wrong::Wrong;

/// The added global with the exception that was caught.
pub(super) const EXCEPTION: usize = FRAME + 1;

/// The functions for that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thrown {
    /// Throws what was caught.
    pub(super) throw: u32,
    /// Tells whether a function has to be resumed, by its number.
    pub(super) catches: u32,
}

/// Finds them, if there are any: the one that throws, and the one before it.
pub(super) fn find(added: &Added<'_>) -> Option<Thrown> {
    let throws =
        |code: &Code<'_>| code.steps.iter().any(|it| matches!(it.operator, Operator::ThrowRef));
    let (throw, _) = added.functions.iter().find(|(_, code)| throws(code))?;
    let (catches, _) = added.functions.range(..throw).next_back()?;
    Some(Thrown { throw: *throw, catches: *catches })
}

/// Proves of the function that throws that it takes the exception, and that nothing is resumed then.
pub(super) fn check(code: &Code<'_>, added: &Added<'_>) -> Result<(), Wrong> {
    let wrong = || Wrong::new("what throws an exception again does something else");
    let [state, exception] = [0, EXCEPTION].map(|global| added.globals.get(global).copied());
    let (state, exception) = state.zip(exception).ok_or_else(wrong)?;
    let operators: Vec<_> = code.steps.iter().map(|step| &step.operator).collect();
    let is_right = matches!(
        operators[..],
        [
            Operator::I32Const { value: 0 },
            Operator::GlobalSet { global_index: first },
            Operator::GlobalGet { global_index: read },
            Operator::RefNull { .. },
            Operator::GlobalSet { global_index: forgotten },
            Operator::ThrowRef,
            Operator::End,
        ] if *first == state && *read == exception && *forgotten == exception
    );
    if is_right { Ok(()) } else { Err(wrong()) }
}

impl Walk<'_, '_> {
    /// Goes on with both after the call of a site has thrown, which the dispatcher has caught. It calls the
    /// function if that may catch anything; if not, that must be right.
    pub(super) fn thrown(
        &self,
        at: usize,
        values: &mut Values,
        open: &mut Vec<Pair>,
    ) -> Result<(), Wrong> {
        let flat = self.flat.ok_or_else(|| Wrong::new("nobody resumes it alone"))?;
        let Some(thrown) = flat.thrown.filter(|_| flat.catches(self.function)) else {
            return match self.original.code.clauses(at).is_empty() {
                true => Ok(()),
                false => Err(Wrong::new("what its callee throws is not thrown in it")),
            };
        };
        let (original, machine, memory, _) = self.entered_again(at, THROWING, values)?;
        let (machine, memory) = self.run_alone(machine, memory, values)?;
        let step = &self.instrumented.code.steps[machine.function.at];
        let throws = matches!(step.op, Op::Call(function) if function == thrown.throw);
        if !throws || !machine.inner.is_empty() || !memory.kept.is_empty() {
            return Err(Wrong::new("what its callee has thrown is not thrown again"));
        }
        let pair = Pair::new(original, machine, Some(self.sites[&at].number));
        self.throws(&pair, values, open)
    }
}
