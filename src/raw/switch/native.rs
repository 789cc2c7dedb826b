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
//! Suspending stores a few registers, and resuming loads them: frames stay where they are. So nothing has to be
//! instrumented, and no frame can be lost. The coroutine's control block, its closure and its result lie in the
//! memory that it was made in, as in WebAssembly. The stack in that memory is not used: its size is one for
//! WebAssembly.
//!
//! # Why this is sound
//!
//! - **One thread.** A coroutine is neither `Send` nor `Sync` where there are threads (`build.rs`), so it is
//!   resumed on the thread that it was started on. Compilers keep the address of a thread-local variable across a
//!   call, and for them a switch is a call: on another thread, the address would be that of the first. The
//!   thread-local variable here, the innermost coroutine, is set before each switch and restored after it, on one
//!   thread.
//! - **Last in, first out.** The code that resumes a coroutine waits until that suspends or returns. So the
//!   running coroutines are a stack of their own, and the innermost is the one whose code runs. Another library
//!   that switches stacks can break that, and can call us on a stack that is not the innermost coroutine's. So
//!   `suspend` checks where its caller's wait or slot lies, which is on the caller's stack, and refuses other stacks.
//!   (Not under AddressSanitizer, which has locals elsewhere.)
//! - **Panics do not cross.** The entry function catches a panic that leaves the closure (`src/raw/panics.rs`),
//!   and the poll raises it again on its own stack. That needs `std`, which is always there natively. A function
//!   that `corosensei` calls on the stack is `extern "C"`: anything else that unwinds, such as an exception of
//!   C++, ends the program.
//! - **Nothing is cut off.** A stack is given back only after the entry function has returned. Cancelling or
//!   dropping a suspended coroutine resumes it, and it unwinds itself: `embed` raises a payload of ours. User code
//!   may catch that, as it may catch any panic, and continue. If it then waits again, the coroutine is abandoned,
//!   and its stack and memory are leaked, with all values on the stack. The same is true of a forgotten coroutine.
//!   `corosensei`'s own unwinding is not used, because it would end the program there.
//! - **No overflow goes unnoticed.** Below each stack is a guard. Rust probes large frames on x86 and AArch64, so
//!   that none skips the guard; elsewhere, and in C, frames of more than 64 KiB can.
//! - **A backtrace does not disturb the wait.** [`ask_for_backtrace`] resumes a suspended coroutine, which
//!   captures a backtrace where it waits, and suspends again. No other code of the coroutine runs:
//!   its future is not polled, and its wait is unchanged. It is `Running` meanwhile. So code that the capture
//!   calls, such as an allocator, cannot resume or end the coroutine, or request its backtrace.
//!
//! Not noticed natively: a wait in the initialiser of a `thread_local!`, and one in `LocalKey::with` that is
//! resumed while the thread's variables are destroyed (docs/native.md).

extern crate std;

use core::cell::Cell;
use core::mem::MaybeUninit;
use core::ptr;
#[cfg(feature = "alloc")]
use std::backtrace::Backtrace;

use super::Switch;
use crate::abi;
#[cfg(feature = "alloc")]
use crate::raw::control_block::{ASKED, SLOT};
use crate::raw::control_block::{AbiTag, Entry, PAINTED, RawCore, UninstrumentedFn, Wait};
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

    #[cold]
    #[inline(never)]
    unsafe fn prepare(entry: Entry, data: *mut (), core: *const RawCore) {
        // SAFETY: our caller's promise: it is valid until the coroutine has ended.
        let core = unsafe { &*core };
        let run = move || {
            // SAFETY: our caller's promise.
            unsafe { entry(data, AbiTag(0.0)) };
        };
        // SAFETY: it has not been started, and lies in its coroutine's memory, which stays. The entry function
        // lets no panic out.
        unsafe { core.fiber.start(core.stack_size(), core.has(PAINTED), run) };
        core.phase.set(Phase::Running as u32);
    }

    #[inline]
    unsafe fn resume(_: Entry, _: *mut (), core: *const RawCore) -> u32 {
        // SAFETY: our caller's promise: it is valid until the coroutine has ended, and so until this
        // returns.
        let state = unsafe { &*core };
        let caller = CURRENT.replace(core);
        // SAFETY: prepared by `prepare`, or suspended by `suspend`.
        let has_returned = unsafe { state.fiber.resume() };
        CURRENT.set(caller);
        if !has_returned {
            return abi::OUTCOME_SUSPENDED;
        }
        // SAFETY: it has returned.
        unsafe { state.fiber.end(state.has(PAINTED)) };
        match state.phase() {
            Phase::Running => abi::OUTCOME_FINISHED,
            _ => abi::OUTCOME_UNSOUND,
        }
    }

    #[inline]
    unsafe fn suspend(core: &RawCore, wait: *const Wait) -> u32 {
        // SAFETY: our caller's promise. Not kept: while the coroutine is suspended, other code uses it.
        let seen = unsafe { &*wait }.epoch.get();
        if core.waker.epoch.get() != seen {
            return abi::SUSPEND_NEW_EPOCH;
        }
        if !is_on_stack(core, wait) {
            return refuse();
        }
        // SAFETY: the caller is on this stack, and promises that the wait stays.
        unsafe { pause(core, wait) };
        if core.waker.epoch.get() == seen {
            return abi::SUSPEND_RESUMED;
        }
        // SAFETY: likewise.
        unsafe { resumed_in_other_epoch(core, wait, seen) }
    }

    #[cfg(feature = "alloc")]
    #[inline]
    unsafe fn suspend_with_slot(core: &RawCore, wait: *const Wait) -> u32 {
        if !is_on_stack(core, wait) {
            return refuse();
        }
        let slot = wait.wrapping_byte_add(SLOT);
        // SAFETY: the caller is on this stack, and promises that the slot stays.
        unsafe { pause(core, slot) };
        if core.news.get() == 0 {
            return abi::SUSPEND_RESUMED;
        }
        // SAFETY: likewise.
        unsafe { resumed_with_news(core, slot) }
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

/// Whether the caller, on whose stack the wait is, is this coroutine's code. Another library that switches stacks could
/// have it otherwise.
#[inline(always)]
fn is_on_stack(core: &RawCore, wait: *const Wait) -> bool {
    core.is_innermost() && (cfg!(bysyncify_asan) || core.fiber.has(wait.addr()))
}

/// The reason why [`is_on_stack`] is false.
#[cold]
#[inline(never)]
fn refuse() -> u32 {
    match Native::current().is_null() {
        true => abi::SUSPEND_NOT_CURRENT,
        false => abi::SUSPEND_FOREIGN_STACK,
    }
}

/// Switches to the resumer, and returns when the coroutine is resumed. It is suspended meanwhile, with this wait: so
/// the wait is taken away again before any other code runs, or the running coroutine could be resumed.
///
/// # Safety
///
/// - This is called on the coroutine's stack, while it is running.
/// - The wait is valid until this has returned. The address of a slot has the bit [`SLOT`].
#[inline(always)]
unsafe fn pause(core: &RawCore, wait: *const Wait) {
    core.waker.waiting.set(wait);
    // SAFETY: our caller's promise.
    unsafe { core.fiber.suspend() };
    core.waker.waiting.set(ptr::null());
}

/// Answers requests for backtraces, until the coroutine is resumed to go on. They set another epoch, so that other
/// resumes pay nothing for them. `seen` is the epoch of the wait.
///
/// # Safety
///
/// - As for [`pause`].
#[cold]
#[inline(never)]
unsafe fn resumed_in_other_epoch(core: &RawCore, wait: *const Wait, seen: u32) -> u32 {
    while answer(core) {
        // SAFETY: our caller's promise.
        unsafe { pause(core, wait) };
        if core.waker.epoch.get() == seen {
            return abi::SUSPEND_RESUMED;
        }
    }
    abi::SUSPEND_NEW_EPOCH
}

/// The same for a slot, which has no epoch: a request for a backtrace is news.
///
/// # Safety
///
/// - As for [`pause`].
#[cfg(feature = "alloc")]
#[cold]
#[inline(never)]
unsafe fn resumed_with_news(core: &RawCore, slot: *const Wait) -> u32 {
    while answer(core) {
        // SAFETY: our caller's promise.
        unsafe { pause(core, slot) };
        if core.news.get() == 0 {
            return abi::SUSPEND_RESUMED;
        }
    }
    abi::SUSPEND_NEW_EPOCH
}

/// The bytes that a coroutine must have left of its stack to capture a backtrace on it. A capture took 6 KB where
/// it was measured, on x86-64.
#[cfg(feature = "alloc")]
const ROOM_FOR_CAPTURE: usize = 16 * 1024;

/// Makes a suspended coroutine capture a backtrace of its own stack. None if it has no room left for that.
#[cfg(feature = "alloc")]
#[cold]
pub(crate) fn ask_for_backtrace(core: &RawCore) -> Option<Backtrace> {
    if core.phase() != Phase::Suspended {
        return None;
    }
    let wait = core.waker.waiting.get();
    // SAFETY: it is suspended.
    let slot = unsafe { core.waker.slot() };
    // (Under AddressSanitizer locals are elsewhere.)
    if core.fiber.has(wait.addr()) && wait.addr() - core.fiber.range().start < ROOM_FOR_CAPTURE {
        return None;
    }
    let mut answer = None;
    core.asked.set(&raw mut answer);
    let epoch = core.waker.epoch.get();
    if slot.is_none() {
        // SAFETY: what it waits with is on its stack while it is suspended.
        let seen = unsafe { &*wait }.epoch.get();
        core.waker.epoch.set(seen.wrapping_add(1));
    }
    let news = core.news.replace(core.news.get() | ASKED);
    let caller = CURRENT.replace(ptr::null());
    // SAFETY: it is suspended, in `suspend` or `suspend_with_slot`, which find the request and suspend again.
    let has_returned = unsafe { core.fiber.resume() };
    // The coroutine only answers the request.
    debug_assert!(!has_returned);
    CURRENT.set(caller);
    core.waker.epoch.set(epoch);
    core.news.set(news);
    core.asked.set(ptr::null_mut());
    answer
}

/// Captures a backtrace, if the coroutine was resumed for that. Returns whether it was.
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
            // SAFETY: it points to `answer` in `ask_for_backtrace`, which waits for this.
            unsafe { *asked = trace };
            return true;
        }
    }
    false
}
