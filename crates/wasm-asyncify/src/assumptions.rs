//! Assumptions about a program that are checked at run time: that tables are vtables ([`Precision::Slots`]), and
//! that what the user excludes never suspends.
//!
//! A check reports through the library, and does not notice when the host suspends the program. So a module without
//! the library, or one that the host suspends, is an error with [`Precision::Slots`]: its assumptions cannot be
//! checked. In such a module, the user's exclusions are not checked.

use crate::abi;
use crate::analysis::{Analysis, Assumed, Precision, Program, SuspendPlan, assumed};
use crate::error::{Error, Result};
use crate::remedy::Remedy;

/// The calls to check: calls that are not suspended only because of an assumption. None if there are none.
/// `has_checks` if uninstrumented functions check after all of their calls anyhow, and can report whose assumption
/// it was.
///
/// # Errors
///
/// If they cannot be checked.
pub(crate) fn to_check(
    program: &Program,
    analysis: &Analysis,
    plan: &SuspendPlan,
    has_checks: bool,
) -> Result<Option<Assumed>> {
    let is_precise = analysis.precision() == Precision::Slots;
    let is_possible =
        analysis.hosts().next().is_none() && program.named(abi::SET_REPORTER).is_some();
    if !is_precise && !is_possible {
        return Ok(None);
    }
    if analysis.hosts().next().is_some() {
        return Err(Error::of_module(
            "what the precise analysis assumes cannot be checked in a program that its host suspends",
            Remedy::AssumeNothingOrNoImports,
        ));
    }
    let watched = assumed(program, &analysis.without_assumptions(program), plan);
    if !watched.is_empty() && program.named(abi::SET_REPORTER).is_none() {
        return Err(Error::of_module(
            "what the precise analysis assumes cannot be checked in a program without `bysyncify`, or \
             with an older one",
            Remedy::AssumeNothingOrUpdate,
        ));
    }
    for function in watched.keys() {
        // A tail call returns to the caller's caller, so no check can follow it.
        if program.functions[*function].calls.tail_call.is_some() {
            return Err(Error::Unsupported {
                function: Some(program.readable(*function)),
                reason: "makes tail calls, behind which nothing can check what is assumed not to suspend"
                    .to_owned(),
                remedy: Remedy::AssumeNothingOrAvoidTailCalls,
            });
        }
    }
    let watched = match has_checks {
        // Functions that are not instrumented check after all of their calls.
        true => assumed(program, &analysis.with_precision(program, Precision::Types), plan),
        false => watched,
    };
    Ok(Some(watched).filter(|watched| (is_precise || !has_checks) && !watched.is_empty()))
}

#[cfg(test)]
mod tests;
