//! The switch of native programs: `corosensei`'s, on stacks with guards.
//!
//! ```text
//!   the poller's stack                     the coroutine's own stack (`src/raw/fiber`)
//!   ──────────────────                     high
//!   poll                                   ├─ corosensei's link back to the poller
//!    └ RawCore::resume                     ├─ entry ─► the closure
//!       └ resume ════ registers, and ═════►│   └ … any synchronous code …
//!          │          the stack pointer    │       └ embed          ▲ a `Wait` lies here
//!    Pending ◄════════════════════════════ │          └ suspend     │
//!          │                               ├ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ the stack pointer ─ ─
//!          │ … later, another poll …       │          ▼ whatever runs, to the guard
//!       └ resume ════════════════════════► suspend returns, in the same frame
//!    Ready  ◄═════════════════════════════ entry returns; the stack is kept for another coroutine
//!                                          low: the guard
//! ```
//!
//! To suspend is to store a few registers, to resume to load them: frames stay where they are. So nothing
//! has to be instrumented, and no frame can be lost. The coroutine's control block, its closure and its
//! result lie in the memory that it was made in, as in WebAssembly. That memory's own stack is not
//! used: it has the size that is right there.
//!
//! # Why this is sound
//!
//! - **One thread.** A coroutine is neither `Send` nor `Sync` where there are threads (`build.rs`), so it
//!   is resumed on the thread that it was started on. Compilers keep the address of a thread-local
//!   variable across a call, and a switch is a call to them: on another thread it would be that of the
//!   first. The thread-local variable here, which says who is innermost, is set before each switch and
//!   set back after it, on one thread.
//! - **Last in, first out.** Whoever resumes waits until the coroutine suspends or returns, so the running
//!   ones are a stack of their own, and the innermost is the one whose code runs. Another library that
//!   switches stacks can break that, and can call us on a stack that is not the innermost's. So `suspend`
//!   looks where its caller's `Wait` lies, which is on the stack that the caller is on, and refuses
//!   elsewhere. (Not under AddressSanitizer, which has locals elsewhere.)
//! - **Panics do not cross.** The entry function catches what leaves the closure (`src/raw/panics.rs`), and the
//!   poll raises it again on its own stack. Natively there is always `std`, so that is always so.
//!   A function that `corosensei` calls on the stack is `extern "C"`: what unwinds all the same, an
//!   exception of C++ for one, ends the program.
//! - **Nothing is cut off.** A stack is given back when the entry function has returned, and never else. Who
//!   cancels or drops a suspended coroutine resumes it, and it unwinds itself: `embed` raises a payload
//!   of ours. User code may catch that, as it may catch any panic, and go on; if it then waits again
//!   the coroutine is abandoned, and its stack and memory are leaked, with all that is on it. So is one
//!   that is forgotten. `corosensei`'s own unwinding is not used, since it would end the program there.
//! - **No overflow goes unnoticed.** Below each stack is a guard. Rust probes large frames on x86 and AArch64, so
//!   that none jumps over it; elsewhere, and in C, frames of more than 64 KiB can.
//!
//! - **Who is asked what it does goes on waiting.** [`ask_for_backtrace`] resumes a suspended coroutine, which captures
//!   a backtrace where it waits, in `suspend`, and suspends again. No other code of it runs: its future is not
//!   polled, and what it waits with stays as it is. It is `Running` meanwhile, so whoever is called by that capture,
//!   an allocator for one, cannot resume, ask or end it.
//!
//! What is not noticed natively: a wait in the initialiser of a `thread_local!`, and one in `LocalKey::with` that is
//! resumed while the thread's variables are destroyed (docs/native.md).

extern crate std;

use core::cell::Cell;
use core::mem::MaybeUninit;
use core::ptr;
#[cfg(feature = "alloc")]
use std::backtrace::Backtrace;

use super::Switch;
use crate::abi;
use crate::raw::control_block::{AbiTag, Entry, RawCore, UninstrumentedFn, Wait};
#[cfg(feature = "alloc")]
use crate::raw::panics;
use crate::raw::phase::Phase;

pub(crate) enum Native {}

std::thread_local! {
    /// The innermost coroutine that this thread runs, or null.
    static CURRENT: Cell<*const RawCore> = const { Cell::new(ptr::null()) };
}

impl Switch for Native {
    const STACK_IS_IN_MEMORY: bool = false;

    #[inline]
    unsafe fn resume(entry: Entry, data: *mut (), core: *const RawCore) -> u32 {
        // SAFETY: our caller's promise: it is valid until the coroutine has ended, and so until this
        // returns.
        let state = unsafe { &*core };
        if state.phase() == Phase::Ready {
            // SAFETY: our caller's promises.
            unsafe { start(entry, data, state) };
        }
        let caller = CURRENT.replace(core);
        // SAFETY: just started, or suspended by `suspend`.
        let has_returned = unsafe { state.fiber.resume() };
        CURRENT.set(caller);
        if !has_returned {
            return abi::OUTCOME_SUSPENDED;
        }
        // SAFETY: it has returned.
        unsafe { state.fiber.end(state.is_painted()) };
        match state.phase() {
            Phase::Running => abi::OUTCOME_FINISHED,
            _ => abi::OUTCOME_UNSOUND,
        }
    }

    #[inline]
    unsafe fn suspend(wait: *const Wait) -> u32 {
        // SAFETY: null, or the core of a coroutine that is running.
        let Some(core) = (unsafe { Self::current().as_ref() }) else {
            return abi::SUSPEND_NOT_CURRENT;
        };
        // SAFETY: our caller's promise. Not kept: while the coroutine is suspended others use it.
        let seen = unsafe { &*wait }.epoch.get();
        if core.waker.epoch.get() != seen {
            return abi::SUSPEND_NEW_EPOCH;
        }
        if !cfg!(bysyncify_asan) && !core.fiber.has(wait.addr()) {
            return abi::SUSPEND_FOREIGN_STACK;
        }
        core.waker.waiting.set(wait);
        loop {
            core.phase.set(Phase::Suspended as u32);
            // SAFETY: the caller is on this stack.
            unsafe { core.fiber.suspend() };
            core.phase.set(Phase::Running as u32);
            if core.waker.epoch.get() == seen {
                return abi::SUSPEND_RESUMED;
            }
            // Who asks what is on the stack has set another epoch, so that nobody pays who is not asked.
            if !answer(core) {
                return abi::SUSPEND_NEW_EPOCH;
            }
        }
    }

    unsafe fn call_uninstrumented(function: UninstrumentedFn, data: *mut ()) {
        let caller = CURRENT.replace(ptr::null());
        // SAFETY: our caller's promise.
        unsafe { function(data, AbiTag(0.0)) };
        CURRENT.set(caller);
    }

    #[inline]
    fn current() -> *const RawCore {
        CURRENT.get()
    }

    unsafe fn set_reporter(_: UninstrumentedFn) {}

    #[inline]
    fn stack_left() -> usize {
        // SAFETY: null, or the core of a coroutine that is running.
        let Some(core) = (unsafe { Self::current().as_ref() }) else { return 0 };
        // The address of a local: the stack pointer, or a little above.
        let here = MaybeUninit::<u8>::uninit();
        core::hint::black_box(&raw const here).addr().wrapping_sub(core.fiber.range().start)
    }

    #[inline]
    fn stack_room(core: &RawCore) -> Option<usize> {
        Some(core.fiber.range().len())
    }
}

/// Gives a coroutine its stack.
///
/// # Safety
///
/// - Those of [`Switch::resume`], of a coroutine that was not started.
#[cold]
unsafe fn start(entry: Entry, data: *mut (), core: &RawCore) {
    let run = move || {
        // SAFETY: our caller's promise.
        unsafe { entry(data, AbiTag(0.0)) };
    };
    // SAFETY: it has not been started, and lies in its coroutine's memory, which stays. The entry function
    // lets no panic out.
    unsafe { core.fiber.start(core.stack_size(), core.is_painted(), run) };
    core.phase.set(Phase::Running as u32);
}

/// What a coroutine must have left of its stack to capture a backtrace on it, in bytes. It took 6 KB where it was
/// measured, on x86-64.
#[cfg(feature = "alloc")]
const ROOM_FOR_CAPTURE: usize = 16 * 1024;

/// Has a suspended coroutine look at its own stack. None if it has no room left for that.
#[cfg(feature = "alloc")]
#[cold]
pub(crate) fn ask_for_backtrace(core: &RawCore) -> Option<Backtrace> {
    if core.phase() != Phase::Suspended {
        return None;
    }
    let wait = core.waker.waiting.get();
    // (Under AddressSanitizer locals are elsewhere.)
    if core.fiber.has(wait.addr()) && wait.addr() - core.fiber.range().start < ROOM_FOR_CAPTURE {
        return None;
    }
    // SAFETY: what it waits with is on its stack while it is suspended.
    let seen = unsafe { &*wait }.epoch.get();
    let mut answer = None;
    core.asked.set(&raw mut answer);
    let epoch = core.waker.epoch.replace(seen.wrapping_add(1));
    let caller = CURRENT.replace(ptr::null());
    // SAFETY: it is suspended, in `suspend`, where it finds that it is asked and suspends again.
    let has_returned = unsafe { core.fiber.resume() };
    // Whoever is asked answers, and nothing else.
    debug_assert!(!has_returned);
    CURRENT.set(caller);
    core.waker.epoch.set(epoch);
    core.asked.set(ptr::null_mut());
    answer
}

/// Captures a backtrace, if that is what the coroutine was resumed for.
#[cold]
#[inline(never)]
fn answer(core: &RawCore) -> bool {
    #[cfg(not(feature = "alloc"))]
    let _ = core;
    #[cfg(feature = "alloc")]
    {
        let asked = core.asked.replace(ptr::null_mut());
        if !asked.is_null() {
            let trace = panics::catch(Backtrace::force_capture).ok();
            // SAFETY: it is `answer` in `ask_for_backtrace`, which waits for this.
            unsafe { *asked = trace };
            return true;
        }
    }
    false
}
