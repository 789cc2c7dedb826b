//! Guards: what the linker adds to a module, before Asyncify, so that code that must not wait gets an error instead
//! of silently wrong behaviour.
//!
//! # The host's boundary
//!
//! A coroutine cannot be suspended while the host is on its stack:
//!
//! ```text
//!   resume ══ closure ── array.for_each ──► JavaScript ──► callback ── embed        undefined
//! ```
//!
//! So while an imported function runs, no coroutine is current, and `embed` panics as it does outside of every
//! coroutine. Each imported function gets a wrapper. It is called instead of the import, also through the table.
//!
//! Meanwhile the stack pointer is on *the host's stack*: the one that the outermost coroutine was resumed from,
//! which has all the room below. So a function that the host calls back need not make do with the rest of a
//! coroutine's stack. And an exception of the host's may pass through the coroutine, unseen by our code. Then the
//! next function that the host calls has neither the coroutine's stack nor its core, but the state as if nothing
//! ran. The invariant is
//!
//! > no coroutine is current ⇔ the stack pointer is on the host's stack
//!
//! and so `bysyncify_outside` switches stacks, too. A panic, which never returns, leaves the coroutine as soon as
//! it can be recognised. There are two reasons: its hook must not wait, and the host survives the trap and may call
//! again.
//!
//! Where panics unwind they are exceptions, and code inside the coroutine may catch them and continue. So in a
//! module that catches any, each wrapper has a handler for all exceptions. It restores the globals that the wrapper
//! has saved, and throws the exception again. A function that begins a panic gets such a wrapper, too, instead of
//! leaving for good. The wrapper of `bysyncify_resume` also restores what the switch would have restored, for
//! exceptions of the host's.
//!
//! # Initialisers
//!
//! A `thread_local!` relies on its initialiser being entered once. If two coroutines waited in it, the one that
//! ends last would replace the value, to which there may be references. So while std's function runs that calls the
//! initialiser, no coroutine is current either. Where that function was inlined, a check before the write tests
//! whether another coroutine has run the initialiser meanwhile (`crate::initialisers`). std's other lazily
//! initialised types detect by themselves that they are entered twice.
//!
//! # What runs while a panic unwinds
//!
//! Destructors, mostly. A coroutine cannot be suspended there, since the exception cannot be saved
//! (`crate::exceptions`). So each call there goes through a wrapper of its own (`shields`), in which no coroutine
//! is current.
//!
//! `embed` reports in which of these places it was called: the wrappers record it for `bysyncify_why_outside`.
//!
//! # What has no wrapper
//!
//! There are no wrappers for exported functions. The host calls them, and no coroutine is current there already.
//! The same is true of calls from outside through the table, which could not be watched: wasm-bindgen enters
//! closures that way. The only case that is missed is a trap that is no panic, after which nothing can be relied
//! on.
//!
//! # Checks
//!
//! A function that moves the stack pointer down checks that the coroutine's stack has room: in all builds, see
//! `stack.rs`. A debug build also checks the analysis. A function that will not be instrumented tests after each of
//! its calls whether a coroutine is being suspended, in which it has no part. So if the analysis was wrong, or a
//! user was wrong that something never suspends, the program reports it there, and not when frames are missing.
//!
//! A coroutine that blocks the thread until another thread acts (`std::thread::park`) is reported, too: there is no
//! other thread, so it would wait for ever.
//!
//! The check passes its finding and the function's number to the library, which prints them
//! (`src/raw/reporter.rs`): on the host's stack, since a coroutine's may have no room. A debug build passes the
//! function's name, too: names are in a data segment that is read only then. In an optimised build functions with
//! the same code have the same number (`twins`).
//!
//! # What is assumed
//!
//! With [`Precision::Slots`](crate::analysis::Precision) a function may be left uninstrumented because a table
//! looks like a vtable, though it is none. And what a user says never suspends is not instrumented. Then, in every
//! build, there is a check after each call whose callee may unwind although its caller does not expect that. That
//! call is the first thing that goes wrong, so nothing has run in between ([`WatchedCalls`]; `analysis/assumed.rs`
//! says why this is enough).
//!
//! # wasm-bindgen
//!
//! It runs after the guards, and must find what it looks for. Imports whose names begin with `__wbindgen_describe`
//! stay as they are, since wasm-bindgen runs their callers in an interpreter of its own; these callers get no
//! checks either. Functions that call `__wbindgen_describe_generic_import` will be replaced by imports, and are
//! treated as such. Exports are not touched.

mod chains;
mod checks;
mod code;
mod frames;
mod info;
mod later;
mod placement;
mod plan;
mod report;
mod rewrite;
mod shields;
mod stack;
#[cfg(test)]
mod tests;
mod twins;
mod values;
mod watched;

use std::collections::{BTreeMap, BTreeSet};

use crate::debug::Trail;
use crate::error::{Context, Result};
use crate::exceptions::Cleanups;
use crate::initialisers::Rewrites;
use crate::module::{FunctionIndex, ModuleInfo};

pub(crate) use frames::sizes as frame_sizes;
use info::GuardInfo;
use plan::Plan;
pub(crate) use stack::ABOVE_LOW_END;

use crate::analysis::{OnStack, WatchedCalls};

/// What to guard, in addition to what is always guarded.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Guards<'a> {
    /// Functions that begin or end a panic, and never suspend.
    pub(crate) panics: &'a [FunctionIndex],
    /// Functions that run an initialiser in which two coroutines must not wait at once.
    pub(crate) initialisers: &'a [FunctionIndex],
    /// The places in functions where another coroutine may have run the initialiser of a `thread_local!` meanwhile.
    /// If so, that is reported, in any build.
    pub(crate) rewrites: Option<&'a Rewrites>,
    /// Imports in which the host suspends their callers. They get no wrapper, because a rewind calls them again. If
    /// the host suspends a coroutine in one, the coroutine itself reports that.
    pub(crate) suspends: &'a [FunctionIndex],
    /// Calls that are made while an exception propagates, such as calls of destructors: their callees run as the host
    /// does.
    pub(crate) cleanups: Option<&'a Cleanups>,
    /// The functions that can be on a coroutine's stack, if its overflow is to be reported.
    pub(crate) on_stack: Option<&'a OnStack>,
    /// Whether the module has further checks of itself, for debug builds.
    pub(crate) checks: bool,
    /// Functions that block the thread until another thread acts. A coroutine that reaches one is stopped, if there
    /// are checks of any kind.
    pub(crate) parks: &'a [FunctionIndex],
    /// Functions that will not be instrumented, each with a remark that follows its name in a message, such as
    /// " (`core::fmt` is assumed not to suspend)". With `checks`, a suspend while one of them is on the stack is
    /// reported.
    pub(crate) uninstrumented: &'a [(FunctionIndex, String)],
    /// By function: calls in which nothing is suspended if the assumptions are true. A suspend there is reported, in
    /// any build.
    pub(crate) assumed: Option<&'a BTreeMap<FunctionIndex, WatchedCalls>>,
    /// Whether the program can inspect the frames of suspended functions. The data for that is in a data segment,
    /// which is filled when it is known (`crate::symbols`).
    pub(crate) symbols: bool,
    /// By function that will be instrumented: the numbers of its indirect calls in which nothing is suspended. With
    /// `checks`, a suspend there is reported.
    pub(crate) ruled_out: Option<&'a BTreeMap<FunctionIndex, BTreeSet<u32>>>,
}

/// The linked module with guards. Names are kept, and must be there.
///
/// A module without our switch is returned as it is.
///
/// # Errors
///
/// If the module cannot be read, or has the switch and its names are missing.
pub(crate) fn guard(
    module: &ModuleInfo<'_>,
    guards: &Guards<'_>,
    trail: &mut Trail,
) -> Result<Vec<u8>> {
    let mut guarded = || {
        let info = GuardInfo::new(module)?;
        match Plan::new(&info, guards)? {
            Some(plan) => rewrite::rewrite(&info, guards, plan, trail),
            None => Ok(module.bytes.to_vec()),
        }
    };
    guarded().context("cannot add guards to the module")
}
