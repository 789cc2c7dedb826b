//! Coroutines as continuations of the engine's own, by the stack switching proposal: nothing is instrumented.
//!
//! The engine pauses whole stacks then, and the switch (`build/switch.wat`) stays what it is: it sets and restores the
//! shadow stack's pointer, its limit and who is current, keeps phases and epochs, and looks for what is wrong with a
//! stack. What changes is what its calls mean:
//!
//! | | becomes |
//! |---|---|
//! | `start_unwind(core)` in `bysyncify_suspend` | `suspend`; and once that returns `bysyncify_suspend` is called again, which does what it does where a rewind has arrived |
//! | `stop_unwind`, `start_rewind`, `stop_rewind` | nothing |
//! | the call of the entry function in `bysyncify_resume` | a call of [`run`](code::Writer::run), which resumes a continuation |
//!
//! ```text
//!   executor's stack                        a worker's stack, a continuation
//!   ────────────────                        ────────────────────────────────
//!   poll
//!    └ bysyncify_resume
//!       └ run  ═══════════ resume ════════►  worker
//!                                             └ entry
//!                                                └ … any synchronous code …
//!         Poll::Pending ◄═ suspend $switch ══════└ bysyncify_suspend
//! ```
//!
//! # Workers
//!
//! A continuation is used up when its function returns, and no engine frees it before the last reference is gone; one
//! does not free it at all. So there are as many as coroutines have ever waited at once, and they are used again:
//!
//! ```text
//!   worker(slot):
//!     result = 1
//!     loop:
//!       next = idle;  idle = slot        it is the first of those that are idle
//!       suspend $switch(result)          tells `run` what the entry function has returned
//!       idle = next                      it was resumed, so it still is the first
//!       result = entry(data)
//! ```
//!
//! Each has a slot in a table, where its continuation is while it is suspended. Those that are idle are a list: each
//! keeps who comes after it in a local. A coroutine that waits must be found again by its core alone, and all of
//! a core's words are in use. So the number of its slot lies on its own stack, just below the stack pointer: that
//! much is free there while it is suspended (`bysyncify_suspend` looks whether the reserve is), nobody looks below a
//! stack pointer when what is above runs on, and while it runs `run` has the number.
//!
//! # What is as it was
//!
//! The guards (`crate::guard`): no coroutine is current while the host runs, so a wait there is refused before there is
//! a `suspend` that could not get past the host's frame. Stacks are checked. What must not wait is told so, also where it
//! could wait now: a program should not depend on how it was linked.
//!
//! # What is not there
//!
//! Frames in memory: a backtrace has nothing to read, and what is suspended is in no copy of the memory. An exception of the
//! host's that leaves a coroutine ends its worker, whose slot is not used again. And Asyncify's exports: whoever
//! else suspends by them must be instrumented.

mod code;
mod layout;
mod writer;

use crate::abi;
use crate::analysis::{Analysis, Program};
use crate::debug::Trail;
use crate::error::{Error, Result};
use crate::module::ModuleInfo;
use crate::options::Options;
use crate::remedy::Remedy;
use crate::resumption;

/// Refuses what only instrumented functions can do.
pub(crate) fn check(program: &Program, analysis: &Analysis, options: &Options) -> Result<()> {
    let reason = if program.named(abi::RESUME).is_none() {
        "there is no `bysyncify_resume` in it: only coroutines of the library `bysyncify` can be continuations"
    } else if !resumption::only_our_switch(program) {
        "Asyncify's functions are called in it by others than the library `bysyncify`, and who does that needs \
         functions that are instrumented"
    } else if options.driven_by_host || analysis.hosts().next().is_some() {
        "the host is to suspend it, and can do that by Asyncify's exports only, for which functions are instrumented"
    } else {
        return Ok(());
    };
    Err(Error::of_module(reason, Remedy::Instrument))
}

/// The guarded module with its switch made of continuations.
pub(crate) fn lower(wasm: &[u8], trail: &mut Trail) -> Result<Vec<u8>> {
    let module = ModuleInfo::read(wasm)?;
    writer::write(&module, &layout::Layout::new(&module)?, trail)
}
