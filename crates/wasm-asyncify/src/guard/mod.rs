//! Guards: what the linker adds to a module, before Asyncify, so that code that must not wait is
//! told so instead of going wrong silently.
//!
//! # The host's boundary
//!
//! A coroutine cannot be suspended while the host is on its stack:
//!
//! ```text
//!   resume ══ closure ── array.for_each ──► JavaScript ──► callback ── embed        undefined
//! ```
//!
//! So while an imported function runs, no coroutine is current, and `embed` panics as it does
//! outside of every coroutine. Each imported function gets a wrapper, which is called in its
//! place, also through the table.
//!
//! And while it runs the stack pointer is on *the host's stack*: the one that the outermost
//! coroutine was resumed from, which has all the room below. What the host calls back need not
//! do with what is left of a coroutine's stack. And if an exception of the host's passes through
//! the coroutine, which no code of ours sees, then the next one who is called has neither its
//! stack nor its core, but finds things as they are when nothing runs. It holds that
//!
//! > no coroutine is current ⇔ the stack pointer is on the host's stack
//!
//! and so `bysyncify_outside` switches stacks, too. A panic, which never returns, leaves the
//! coroutine as soon as it can be recognised: for its hook, which must not wait, and for the host
//! that survives the trap and calls again.
//!
//! Where panics unwind they are exceptions, and somebody may catch them: inside the coroutine, which
//! then goes on as before. So in a module that catches any, each wrapper has a handler for all
//! exceptions, which restores what the wrapper has set aside and throws them again; and what a panic
//! begins with has such a wrapper, instead of leaving for good. The wrapper of `bysyncify_resume`
//! also restores what the switch would have, for exceptions of the host's.
//!
//! # Initialisers
//!
//! A `thread_local!` counts on its initialiser being entered once. If two coroutines waited in it,
//! the one that ends last would replace the value, to which there may be references. So while std's
//! function runs that calls it, no coroutine is current either. Where that function was inlined it is looked,
//! before the value is written, whether another one has been through (`crate::initialisers`). std's other lazily
//! initialised types notice by themselves that they are entered twice.
//!
//! # What runs while a panic unwinds
//!
//! Destructors, mostly. A coroutine cannot be suspended then, since the exception cannot be saved
//! (`crate::exceptions`). So each call there goes through a wrapper of its own (`shields`), in which
//! no coroutine is current.
//!
//! `embed` says which of these places it is in: the wrappers note it for `bysyncify_why_outside`.
//!
//! # What has no wrapper
//!
//! There are no wrappers for exported functions. Whoever enters through one (or through the
//! table, which could not be watched: wasm-bindgen enters closures so) comes from the host, where
//! no coroutine is current already. All that is missed is a trap that is no panic, after which
//! nothing can be relied on.
//!
//! # Checks
//!
//! Who moves the stack pointer down looks whether the coroutine's stack has room: in all
//! builds, see `stack.rs`. A debug build also checks the analysis. After each of its calls a function
//! that will not be instrumented looks whether a coroutine is being suspended, in which it has no
//! part. So if the analysis was wrong, or somebody's word that something never suspends is not true, that is noticed where
//! it happens, and not when frames are missing.
//!
//! And who stops the thread until another one does something (`std::thread::park`) in a coroutine is
//! stopped: there is no other, so it would be asked again, for ever.
//!
//! What was noticed and the function's number are told to the library, which prints them
//! (`src/raw/reporter.rs`): on the host's stack, since a coroutine's may have no room. In a debug
//! build its name is, too: names are in a data segment that is read only then. In an optimised build
//! functions with the same code have the same number there (`twins`).
//!
//! # What is assumed
//!
//! With [`Precision::Slots`](crate::analysis::Precision) a function may not be instrumented that would
//! have to be if a table that looks like a vtable is none; and what is said never to suspend is not. Then,
//! in every build, it is looked after each call that can be of a function which unwinds, though nobody there expects it. That call is the
//! first thing that goes wrong, so nothing has run in between ([`WatchedCalls`]; `analysis/assumed.rs`
//! says why this is enough).
//!
//! # wasm-bindgen
//!
//! It runs after us, and must find what it looks for. Imports whose names begin with
//! `__wbindgen_describe` stay as they are, since it runs their callers in an interpreter of its
//! own; nothing is checked in these either. Functions that call `__wbindgen_describe_generic_import` will be replaced by imports, and
//! are treated as such. Exports are not touched.

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
mod watched;

use std::collections::{BTreeMap, BTreeSet};

use crate::debug::Trail;
use crate::error::{Context, Result};
use crate::exceptions::Cleanups;
use crate::initialisers::Rewrites;
use crate::module::{FunctionIndex, ModuleInfo};

use info::GuardInfo;
use plan::Plan;

use crate::analysis::{OnStack, WatchedCalls};

/// What to guard, beyond what is guarded always.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Guards<'a> {
    /// Functions that begin or end a panic, and never suspend.
    pub(crate) panics: &'a [FunctionIndex],
    /// Functions that run an initialiser which two coroutines must not wait in.
    pub(crate) initialisers: &'a [FunctionIndex],
    /// Where, in functions, the initialiser of a `thread_local!` may have been through
    /// meanwhile. That it was is noticed, in any build.
    pub(crate) rewrites: Option<&'a Rewrites>,
    /// Imports that the host suspends their callers in. Nothing is done there: the calls
    /// are made again, and who waits in a coroutine is told so by it.
    pub(crate) suspends: &'a [FunctionIndex],
    /// Calls that are made while an exception is on its way, as destructors are: what they call runs
    /// as the host does.
    pub(crate) cleanups: Option<&'a Cleanups>,
    /// What can be on a coroutine's stack, if it is to be noticed when that overflows.
    pub(crate) on_stack: Option<&'a OnStack>,
    /// Whether the module checks itself while it runs, beyond that: for debug builds.
    pub(crate) checks: bool,
    /// Functions that stop the thread until another one does something. A coroutine that
    /// gets there is stopped, if there are checks of any kind.
    pub(crate) parks: &'a [FunctionIndex],
    /// Functions that will not be instrumented, each with a remark that follows its
    /// name in a message, such as " (`core::fmt` is assumed not to suspend)". With `checks`, a suspend that
    /// one of them is on the stack of is noticed.
    pub(crate) uninstrumented: &'a [(FunctionIndex, String)],
    /// Calls in functions in which nothing is suspended if what is assumed is true. That
    /// something is suspended there is noticed, in any build.
    pub(crate) assumed: Option<&'a BTreeMap<FunctionIndex, WatchedCalls>>,
    /// Whether the program can look at what is in the frames of suspended functions, if it asks: in a data
    /// segment that is filled when that is known (`crate::symbols`).
    pub(crate) symbols: bool,
    /// Indirect calls, by their numbers in functions that will be instrumented, in which
    /// nothing is suspended. With `checks`, that it is so is noticed.
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
