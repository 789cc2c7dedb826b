//! What is assumed of a program, and checked while it runs: what [`Precision::Slots`] takes for vtables, and
//! what the user says never suspends.
//!
//! A check reports through the library, and does not see what the host suspends by itself. So a module without
//! the library, or one that the host suspends, is refused with [`Precision::Slots`] rather than left
//! unchecked. There, what the user says never suspends is not checked.

use crate::abi;
use crate::analysis::{Analysis, Assumed, Precision, Program, SuspendPlan, assumed};
use crate::error::{Error, Result};
use crate::remedy::Remedy;

/// The calls that are not suspended only because something is assumed, and that are to be checked; if
/// there are any. `has_checks` if whoever is not instrumented looks after all of its calls anyhow, and can
/// say whose word that was.
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
        // Nothing comes after such a call in which it could be looked at what has happened.
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
        // Who is not instrumented looks after all of its calls.
        true => assumed(program, &analysis.with_precision(program, Precision::Types), plan),
        false => watched,
    };
    Ok(Some(watched).filter(|watched| (is_precise || !has_checks) && !watched.is_empty()))
}

#[cfg(test)]
mod tests;
