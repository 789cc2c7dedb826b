//! Finds where a `thread_local!` could be initialised a second time, by a coroutine that has waited in
//! the initialiser.
//!
//! A function of std's calls the initialiser. If it is a function in the module, the linker ensures that no
//! coroutine waits in it (`analysis/std_waits.rs`). But LLVM may inline it, and does so at opt-level "z" with LTO.
//! Then it is a part of the function that uses the value:
//!
//! ```text
//!        read the state ───── alive ──────────────────┐
//!              │ not alive                            │
//!        the initialiser, in which a coroutine waits  │         another coroutine initialises it meanwhile
//!              │                                      │
//!        state = alive, and the value is written      │         a reference to it changes its value
//!              └──────────────────────────────────────┴─► use the value
//! ```
//!
//! So a check before such a write reads the state again. If it is alive by now, the program ends with a message.
//! For each function that can be suspended, this pass finds:
//!
//! - *the state*: a byte in a static that std's macro has given its name ([`statics`]). Memory that only
//!   this static has is written through its address alone, which is a constant in the module.
//! - *a failed test*: a branch that is taken if the loaded byte is 0, and not if it is 1 ([`value`]). However LLVM
//!   writes the comparison, it is evaluated for both values.
//! - *a write*: a store to that byte, or a fill or copy over it, that is only reachable through a failed test,
//!   with a call in between that can suspend ([`scan`]).
//!
//! All three depend on what the code does, and not on how LLVM usually writes it. Code that writes the state in an
//! initialiser comes after a failed test in the same function. (std's function and its caller contain both, and a
//! body is inlined as a whole.) Where a value cannot be followed, the pass assumes that it matters; and an address
//! that cannot be followed is an error ([`Lost`]).
//!
//! A program can do the same by hand: a flag in a `const { .. }` thread-local, tested before a wait and set after
//! it. If the flag is alone in the static, nothing can be lost, and it is left alone. If it is beside a value, the
//! program ends as in an initialiser, if two coroutines are in that code and both are to set the flag.

mod control;
mod memory;
mod scan;
mod state;
mod statics;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;

use wasmparser::{Operator, Parser, ValidPayload, Validator, WasmFeatures};

use crate::analysis::SuspendPlan;
use crate::error::Failure;
use crate::instrument::can_suspend;
use crate::module::FunctionIndex;
use crate::module::ModuleInfo;

pub(crate) use memory::Place;
pub(crate) use scan::Lost;
use statics::Statics;

/// The state of a value that has been initialised.
pub(crate) const ALIVE: i32 = 1;

/// By function, and by the numbers of its instructions: the states that must not be alive before the instruction.
pub(crate) type Rewrites = BTreeMap<FunctionIndex, BTreeMap<usize, Vec<Place>>>;

/// Finds the writes to check in a linked module, which has symbols.
///
/// # Errors
///
/// If the module cannot be read; or [`Lost`], if the pass cannot determine what a function writes to.
pub(crate) fn find(module: &ModuleInfo<'_>, plan: &SuspendPlan) -> Result<Rewrites, Failure<Lost>> {
    let statics = Statics::find(module)?;
    let mut found = BTreeMap::new();
    if statics.is_empty() {
        return Ok(found);
    }
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    for payload in Parser::new(0).parse_all(module.bytes) {
        let ValidPayload::Func(function, body) = validator.payload(&payload?)? else { continue };
        let index = FunctionIndex(function.index);
        if !plan.functions.contains(&index) || !statics.are_touched_by(&body)? {
            continue;
        }
        let can_suspend =
            |operator: &Operator<'_>, indirect| can_suspend(plan, index, operator, indirect);
        let writes = scan::scan(function, &body, &statics, can_suspend)
            .map_err(|failure| failure.context(format_args!("cannot follow function {index}")))?;
        if !writes.is_empty() {
            found.insert(index, writes);
        }
    }
    Ok(found)
}
