//! The switch, which changes from one stack to another, and the choice of the switch for a program.
//!
//! All unsafe control flow is behind the trait [`Switch`]. The rest of the crate knows what a coroutine is, which
//! waker it uses and when its memory is freed, but not how it is paused.
//!
//! | switch | how a coroutine is paused | for |
//! |---|---|---|
//! | [`asyncify`] | its frames are saved, and restored when it is resumed | WebAssembly |
//! | [`native`] | it stays on its own stack, and the processor goes back to another | native programs |
//! | [`threads`] | it is a thread, and stops until it is its turn again | tests of this crate, and Miri |
//! | [`absent`] | not at all: whatever needs a switch panics | anything else: to check and document |
//!
//! build.rs decides. This repository's own tests (`tests/native`) choose threads by `--cfg bysyncify_threads`.
//! That is not a feature of the crate, because features are additive: a dependency must not change the switch that
//! a program was tested with.

use super::control_block::{Entry, RawCore, UninstrumentedFn, Wait};

mod asyncify;
#[cfg(bysyncify_native)]
mod native;
#[cfg(all(bysyncify_threads, not(bysyncify_switch)))]
mod threads;

#[cfg(not(any(bysyncify_switch, bysyncify_native, bysyncify_threads)))]
mod absent;

#[cfg(all(bysyncify_switch, feature = "alloc"))]
pub(crate) use asyncify::copy_symbols;
pub use asyncify::{start_rewind, start_unwind, stop_rewind, stop_unwind};

#[cfg(not(any(bysyncify_switch, bysyncify_native, bysyncify_threads)))]
pub(crate) use absent::Absent as ActiveSwitch;
#[cfg(bysyncify_switch)]
pub(crate) use asyncify::Asyncify as ActiveSwitch;
#[cfg(bysyncify_native)]
pub(crate) use native::Native as ActiveSwitch;
#[cfg(all(bysyncify_native, feature = "alloc"))]
pub(crate) use native::ask_for_backtrace;
#[cfg(all(bysyncify_threads, not(bysyncify_switch)))]
pub(crate) use threads::Threads as ActiveSwitch;

/// A way to run code on a stack of its own, and to pause it there.
///
/// Implementations update a core's phase (`src/raw/phase.rs` shows when), and store in the core what a suspended
/// coroutine waits with. Natively that alone says that it is suspended. Asyncify's implementation only calls
/// `build/switch.wat`: `#[inline(always)]`, so that not even an unoptimised build contains its functions.
pub(crate) trait Switch {
    /// Whether a coroutine's code runs on the stack that lies in its memory. If not, that stack stays unused, and
    /// cannot overflow.
    const STACK_IS_IN_MEMORY: bool;

    /// Gives a coroutine what it needs to run, if that is not in its memory.
    ///
    /// # Panics
    ///
    /// Panics if there is no memory for it. Then nothing was changed.
    ///
    /// # Safety
    ///
    /// - Those of [`resume`](Self::resume), and its phase is `Ready`. `resume` is called next.
    #[inline(always)]
    unsafe fn prepare(entry: Entry, data: *mut (), core: *const RawCore) {
        let _ = (entry, data, core);
    }

    /// Runs a coroutine until it suspends, or `entry(data)` has returned. Returns one of the `OUTCOME`s of
    /// `build/abi.rs`.
    ///
    /// # Safety
    ///
    /// - `core` lies in its coroutine's memory, which stays valid until the coroutine has ended.
    /// - It is suspended; or its phase was `Ready`, [`prepare`](Self::prepare) was just called, and `entry` may be called
    ///   with `data`.
    unsafe fn resume(entry: Entry, data: *mut (), core: *const RawCore) -> u32;

    /// Pauses the innermost running coroutine. Returns one of the `SUSPEND`s of `build/abi.rs`: at once if the
    /// core's epoch is not that of `wait`.
    ///
    /// # Safety
    ///
    /// - There is such a coroutine, and its code is the caller. Its core is `core`: [`current`](Self::current) has
    ///   returned it.
    /// - `wait` is valid until this has returned.
    unsafe fn suspend(core: &RawCore, wait: *const Wait) -> u32;

    /// Like [`suspend`](Self::suspend), with the header of a slot. It sees no waker, so another epoch matters to it only
    /// if the coroutine was cancelled.
    ///
    /// # Safety
    ///
    /// - As for `suspend`.
    #[cfg(feature = "alloc")]
    #[inline(always)]
    unsafe fn suspend_with_slot(core: &RawCore, wait: *const Wait) -> u32 {
        // SAFETY: our caller's promise.
        unsafe { Self::suspend(core, wait) }
    }

    /// Calls `function(data)` as if no coroutine were running.
    ///
    /// # Safety
    ///
    /// - `function` may be called with `data`.
    unsafe fn call_uninstrumented(function: UninstrumentedFn, data: *mut ());

    /// The core of the innermost running coroutine, or null.
    fn current() -> *const RawCore;

    /// The reason why that is null: 0 if no coroutine is running, or one of the `OUTSIDE`s of `build/abi.rs`.
    fn why_outside() -> usize {
        0
    }

    /// Sets the function that the linker's checks call, if there are any.
    ///
    /// # Safety
    ///
    /// - `reporter` may be called with what those checks report.
    unsafe fn set_reporter(reporter: UninstrumentedFn);

    /// The distance in bytes from the current stack's limit up to the stack pointer. Wraps.
    fn stack_left() -> usize;

    /// The largest such distance while `core`, which is current, is on its own stack. None if that has no
    /// measurable stack.
    fn stack_room(core: &RawCore) -> Option<usize>;
}
