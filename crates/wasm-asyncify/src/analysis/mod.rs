//! Finds the functions that must be instrumented: those that can be on a coroutine's stack when it is
//! suspended.
//!
//! ```text
//!   resume ══ entry ── a ── b ── embed ══ suspend          instrumented: entry, a, b, embed
//!              │       └── c                               c cannot suspend
//!              └ panic ··· hook ··· d                      a panic never suspends
//!   main ── executor ── poll ── resume                     main … poll are never suspended
//! ```
//!
//! A function is on such a stack if it can *reach* `suspend`, and can be *reached* from `resume`. By default, an
//! indirect call can reach all functions of its type whose address is taken. That is sound.
//! [`Precision::Slots`] also takes into account where the address is stored (`relocations.rs`); its assumptions
//! are checked at run time (`assumed.rs`).
//!
//! In Asyncify's terms, `suspend` is a *topmost* function, which begins an unwind and ends a rewind, and
//! `resume` is a *bottommost* one. Both are recognised by the imports they call, so that any other switch works
//! too.
//!
//! Nothing is suspended through a [`Barrier`]: panic entry points, the functions that run the initialiser of a
//! `thread_local!`, and functions that the user has assumed not to suspend. The linker ensures that no coroutine
//! is current in the first two.

mod arity;
mod assumed;
mod barrier;
mod blocks;
mod body;
mod call_graph;
mod calls;
mod chain;
mod choice;
mod explain;
mod graph;
mod index;
mod loops;
mod names;
mod on_stack;
mod program;
mod reader;
mod relocations;
mod scan;
mod stack_calls;
mod std_waits;
mod suspend_plan;
#[cfg(test)]
mod tests;
mod types;
mod value;
mod vtables;

pub(crate) use assumed::{Assumed, WatchedCalls, assumed};
pub use barrier::{Barrier, NoSuspend};
pub use call_graph::{Precision, Step};
pub use calls::{Calls, IndirectCall};
pub use choice::{Choice, Imports};
pub use explain::{Explainer, Explanation};
pub use graph::Analysis;
pub use names::{crate_of, is_in, modules, readable};
pub(crate) use on_stack::{OnStack, Place};
pub use program::{AddressTaken, Function, Import, Program, Vtable};
pub(crate) use stack_calls::StackCalls;
pub(crate) use std_waits::{blocking, parks};
pub(crate) use suspend_plan::{CheckedBarrier, SuspendPlan};
