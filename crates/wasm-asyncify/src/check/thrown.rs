//! Exceptions, where functions are resumed one by one: the dispatcher catches what a resumed function throws,
//! and resumes its callers, so that they throw it again. The dispatcher's code is compared with its known code,
//! in [`dispatcher`](super::dispatcher). This file checks the functions that it uses for that.
//!
//! The exception is in the global after that with the frame's address. One function throws it; no other
//! function reads or writes it. Another function tells which callers have to be resumed. What these do is in
//! [`throwing`](super::throwing).

use wasmparser::Operator;

use super::code::Code;
use super::machine::Added;
use super::protocol::EXCEPTION;
use super::wrong::Wrong;

/// The functions that pass exceptions on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thrown {
    /// Throws the exception that was caught.
    pub(super) throw: u32,
    /// Tells whether a function has to be resumed, by its number.
    pub(super) catches: u32,
}

/// Finds them, if there are any: the function that throws, and the one before it.
pub(super) fn find(added: &Added<'_>) -> Option<Thrown> {
    let throws =
        |code: &Code<'_>| code.steps.iter().any(|it| matches!(it.operator, Operator::ThrowRef));
    let (throw, _) = added.functions.iter().find(|(_, code)| throws(code))?;
    let (catches, _) = added.functions.range(..throw).next_back()?;
    Some(Thrown { throw: *throw, catches: *catches })
}

/// Proves that the function that throws takes the exception out of its global, and that nothing is being
/// resumed then.
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
