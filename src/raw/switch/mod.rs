//! What changes from one stack to another: the switch, and which one this program has.
//!
//! Everything unsafe about control flow is behind the trait [`Switch`]. The rest of the crate
//! knows what a coroutine is, whom it wakes and who frees its memory, but not how it is paused.
//!
//! | switch | how a coroutine is paused | for |
//! |---|---|---|
//! | [`asyncify`] | its frames are saved, and restored when it is resumed | WebAssembly |
//! | [`native`] | it stays on its own stack, and the processor goes back to another | native programs |
//! | [`threads`] | it is a thread, and stops until it is its turn again | tests of this crate, and Miri |
//! | [`absent`] | not at all: whatever needs a switch panics | anything else: to check and document |
//!
//! build.rs decides. `--cfg bysyncify_threads` is how this repository's own tests (`tests/native`)
//! ask for threads. It is no feature of the crate, because features are added up: a program must not
//! get another switch than it was tested with because of what a dependency asks for.

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
/// Implementations keep a core's phase (`src/phase.rs` shows who changes it when), and remember in
/// it what a suspended coroutine waits with. Asyncify's are calls of `build/switch.wat` and nothing
/// else: `#[inline(always)]`, so that not even an unoptimised build has them.
pub(crate) trait Switch {
    /// Whether code of a coroutine runs on the stack that lies in its memory. If not, that one
    /// stays unused, and cannot overflow.
    const STACK_IS_IN_MEMORY: bool;

    /// Runs a coroutine until it suspends, or `entry(data)` has returned: one of the `OUTCOME`s of
    /// `build/abi.rs`.
    ///
    /// # Safety
    ///
    /// - `core` lies in its coroutine's memory, which stays valid until the coroutine has ended.
    /// - Its phase is `Ready`, and `entry` may be called with `data`; or `Suspended`.
    unsafe fn resume(entry: Entry, data: *mut (), core: *const RawCore) -> u32;

    /// Pauses the innermost running coroutine: one of the `SUSPEND`s of `build/abi.rs`. Returns at
    /// once if the core's epoch is not that of `wait`.
    ///
    /// # Safety
    ///
    /// - There is such a coroutine, and it is its code that calls.
    /// - `wait` is valid until this has returned.
    unsafe fn suspend(wait: *const Wait) -> u32;

    /// Calls `function(data)` as if no coroutine were running.
    ///
    /// # Safety
    ///
    /// - `function` may be called with `data`.
    unsafe fn call_uninstrumented(function: UninstrumentedFn, data: *mut ());

    /// The core of the innermost running coroutine, or null.
    fn current() -> *const RawCore;

    /// Why that is null: 0 if no coroutine is running, or one of the `OUTSIDE`s of `build/abi.rs`.
    fn why_outside() -> usize {
        0
    }

    /// Says whom the linker's checks call, if there are any.
    ///
    /// # Safety
    ///
    /// - `reporter` may be called with what those checks report.
    unsafe fn set_reporter(reporter: UninstrumentedFn);

    /// How far the stack pointer is above what it must not pass on the stack that it is on, in
    /// bytes. Wraps.
    fn stack_left() -> usize;

    /// The most that this can be while `core`, which is current, is on its own stack. None if it has none
    /// that can be measured.
    fn stack_room(core: &RawCore) -> Option<usize>;
}
