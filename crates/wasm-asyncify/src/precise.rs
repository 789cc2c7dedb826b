//! What [`Precision::Slots`] needs besides its analysis: checks where that could be wrong.
//!
//! Without the library nobody could say what a check has found, and what the host suspends by itself
//! is not seen by it. Such modules are refused rather than left unguarded.

use crate::abi;
use crate::analysis::{Analysis, Assumed, Precision, Program, SuspendPlan, assumed};
use crate::error::{Error, Result};
use crate::remedy::Remedy;

/// The calls that are not suspended only because the precise analysis assumes so, and that are to be
/// checked; if there are any.
///
/// # Errors
///
/// If they cannot be checked.
pub(crate) fn to_check(
    program: &Program,
    analysis: &Analysis,
    plan: &SuspendPlan,
) -> Result<Option<Assumed>> {
    if analysis.precision() == Precision::Types {
        return Ok(None);
    }
    if analysis.hosts().next().is_some() {
        return Err(Error::of_module(
            "what the precise analysis assumes cannot be checked in a program that its host suspends",
            Remedy::AssumeNothingOrNoImports,
        ));
    }
    let assumed = assumed(program, analysis, plan);
    if assumed.is_empty() {
        return Ok(None);
    }
    if program.named(abi::SET_REPORTER).is_none() {
        return Err(Error::of_module(
            "what the precise analysis assumes cannot be checked in a program without `bysyncify`, or \
             with an older one",
            Remedy::AssumeNothingOrUpdate,
        ));
    }
    for function in assumed.keys() {
        // Nothing comes after such a call in which it could be looked at what has happened.
        if program.functions[*function as usize].calls.tail_call.is_some() {
            return Err(Error::Unsupported {
                function: Some(program.readable(*function)),
                reason:
                    "makes tail calls, behind which nothing can check what the precise analysis \
                         assumes"
                        .to_owned(),
                remedy: Remedy::AssumeNothingOrAvoidTailCalls,
            });
        }
    }
    Ok(Some(assumed))
}
