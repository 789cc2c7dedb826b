//! Instruments functions so that they can be suspended in their calls. Binaryen's Asyncify pass does the same, with
//! the same protocol ([`runtime`]), at a higher cost.
//!
//! ```text
//!   f(x):                       f(x):
//!     a = x + 1                   if state ≠ normal:                   (rewinding)
//!     r = g(a)      becomes         pop the frame: restore a
//!     return r + a                  r = g(0); go to 1                  (g restores its own x)
//!                                 a = x + 1
//!                                 r = g(a)
//!                              1: if state ≠ normal: go to 2           (unwinding)
//!                                 return r + a
//!                              2: push a frame: save a
//!                                 return 0
//! ```
//!
//! While nothing is suspended, this costs a test at the function's beginning and one after each call that can suspend
//! (a *site*). It costs nothing in between: Binaryen makes all code between two calls depend on the state, but here a
//! branch skips it.
//!
//! Such a branch can only go outwards. So all blocks that end after sites begin at the function's beginning, and so
//! do the function's own blocks; an `if` becomes blocks first. Only a loop must be entered at its beginning. It has
//! another such dispatch, which tests a local; see [`emit`].
//!
//! ```text
//!   block 2                          block 2  block B  block 1
//!     a                                if rewinding: restore, call again, br 1
//!     block B                          a
//!       b                              b
//!       call g          becomes        call g
//!       c                            end 1
//!     end B                            c
//!     call h                         end B
//!     d                                call h
//!                                    end 2
//!                                      d
//! ```
//!
//! Then no operands may lie on the stack below a structure. Operands that wait there for a call to return are put
//! into locals first ([`frame::Slots`]). LLVM leaves hardly any.
//!
//! Functions that hardly ever suspend get another form, which is smaller: see [`compact`]. The forms differ only
//! within a function. A caller need not know the form of its callee.
//!
//! # Keeping few locals alive
//!
//! To the engine's compiler, each place where a rewind can continue is a join of two values of each local. A local
//! that is saved somewhere is used there. In a large function, this makes all locals live everywhere, and then they
//! are copied at every call. Therefore
//!
//! - only locals that are live after a site are saved there ([`liveness`]),
//! - a rewind restores a local before those loops at whose beginning it is live ([`frame`]),
//! - locals that are dead at a site do not reach code that saves them: that code is skipped, or they are set to 0
//!   first ([`exits`]),
//! - no local is assigned to in a loop without need: what is set to 0 is set outside ([`leave`]).
//!
//! In one program, the hottest loop is in a function of 50 kB that can be suspended in 52 places. There, the third
//! measure alone took the cost from 12 % to 1 %, both measured in one run (`bench/programs.md`).

mod additions;
mod barrier;
mod bodies;
mod calls;
mod compact;
mod emit;
mod exceptions;
mod exits;
mod flat;
mod frame;
mod frame_maps;
mod helpers;
mod index_spaces;
mod labels;
mod leave;
mod levels;
mod liveness;
mod mapping;
mod module;
mod read;
mod references;
mod runtime;
mod shape;
mod shared;
mod stand_ins;
#[cfg(test)]
mod tests;
mod types;
mod unsupported;
mod zeroes;

use wasmparser::Operator;

use crate::analysis::SuspendPlan;
use crate::debug::Trail;
use crate::error::{Failure, Result};
use crate::module::FunctionIndex;

pub(crate) use exceptions::calls_with_exceptions;
pub(crate) use frame_maps::{Called, FrameMap};
pub(crate) use unsupported::{Reason, Unsupported};

/// Like [`with_frame_maps`], without the frame maps.
#[cfg(test)]
pub(crate) fn instrument(
    wasm: &[u8],
    plan: &SuspendPlan,
    trail: &mut Trail,
) -> Result<Vec<u8>, Failure<Unsupported>> {
    with_frame_maps(wasm, plan, trail).map(|(module, _)| module)
}

/// Returns the module with these functions instrumented and without imports from `asyncify`, and the frame maps of
/// its functions.
///
/// # Errors
///
/// [`Unsupported`] if a function cannot be instrumented, others if the module is not valid.
pub(crate) fn with_frame_maps(
    wasm: &[u8],
    plan: &SuspendPlan,
    trail: &mut Trail,
) -> Result<(Vec<u8>, Vec<FrameMap>), Failure<Unsupported>> {
    module::instrument(wasm, plan, trail)
}

/// The callee of a call: it determines what a repeated call needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Callee {
    /// Restores its parameters: any arguments will do.
    Instrumented,
    /// The same, but it must be known which function it is.
    Indirect,
    /// Runs from its beginning, and needs its arguments. An indirect call that can reach such a function counts as
    /// one.
    Topmost,
}

/// The callee of a call in `function`, if the call can suspend. `indirect` is its number among the function's
/// indirect calls, if it is one.
fn callee(
    plan: &SuspendPlan,
    function: FunctionIndex,
    operator: &Operator<'_>,
    indirect: u32,
) -> Option<Callee> {
    match operator {
        Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
            if plan.functions.contains(&FunctionIndex(*function_index)) {
                Some(Callee::Instrumented)
            } else {
                plan.topmost.contains(&FunctionIndex(*function_index)).then_some(Callee::Topmost)
            }
        }
        _ if is_indirect(operator) => {
            let ours = plan.indirect.get(&function)?;
            ours.contains(&indirect).then(|| {
                match plan.indirect_topmost.contains(&(function, indirect)) {
                    true => Callee::Topmost,
                    false => Callee::Indirect,
                }
            })
        }
        _ => None,
    }
}

/// Whether this is a call that can suspend; see [`callee`].
pub(crate) fn can_suspend(
    plan: &SuspendPlan,
    function: FunctionIndex,
    operator: &Operator<'_>,
    indirect: u32,
) -> bool {
    callee(plan, function, operator, indirect).is_some()
}

/// Whether this is a call of any kind.
pub(crate) fn is_call(operator: &Operator<'_>) -> bool {
    matches!(operator, Operator::Call { .. } | Operator::ReturnCall { .. }) || is_indirect(operator)
}

pub(crate) fn is_indirect(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::CallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. }
    )
}
