//! Coroutines as the engine's continuations, by the stack switching proposal: nothing is instrumented.
//!
//! The engine pauses whole stacks. The switch (`build/switch.wat`) keeps its other duties: it sets and restores the
//! shadow stack's pointer, its limit and the current coroutine, keeps phases and epochs, and checks the stack. Only its
//! calls of Asyncify are replaced:
//!
//! | | becomes |
//! |---|---|
//! | `start_unwind(core)` in `bysyncify_suspend` | `suspend`; when that returns, a second call of `bysyncify_suspend`, which does what it does at the end of a rewind |
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
//! A continuation is used up when its function returns. An engine frees its stack when the last reference is gone, or (one
//! of them) never. So workers are reused, and there are only as many as coroutines have ever waited at once:
//!
//! ```text
//!   worker(slot):
//!     result = 1
//!     loop:
//!       next = idle;  idle = slot        it becomes the first idle worker
//!       suspend $switch(result)          passes the entry function's result to `run`
//!       idle = next                      `run` resumes the first idle worker only
//!       result = entry(data)
//! ```
//!
//! Each worker has a slot in a table, which holds its continuation while it is suspended. Idle workers are a list: each
//! keeps the next one in a local. A waiting coroutine must be found again by its core alone, and all words of a core are
//! in use. So the number of its slot lies on its own stack, just below the stack pointer. That much is free while it is
//! suspended, since `bysyncify_suspend` checks for the reserve; code that continues reads nothing below its stack pointer;
//! and while the coroutine runs, `run` has the number in a local.
//!
//! # What stays the same
//!
//! The guards (`crate::guard`): no coroutine is current while the host runs, so a wait there is refused; a `suspend` would
//! trap at the host's frame. Stacks are checked. Code that must not wait is refused also where a continuation could wait: a
//! program should not depend on how it was linked.
//!
//! # What is missing
//!
//! Frames in memory: a backtrace has nothing to read, and a copy of the memory does not contain suspended coroutines. An
//! exception of the host that leaves a coroutine ends its worker, whose slot is not used again. Asyncify's exports: code
//! that the host suspends by them must be instrumented.

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
