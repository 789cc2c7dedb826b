//! Runs a coroutine: from the poll to the switch and back.
//!
//! ```text
//!   executor's stack                        coroutine's stack
//!   ────────────────                        ─────────────────
//!   poll
//!    └ RawCore::resume
//!       └ bysyncify_resume  ═══ switch ═══►  entry
//!                                             └ the closure
//!                                                └ … any synchronous code …
//!                                                   └ embed
//!         Poll::Pending  ◄═════ unwind ══════════════└ bysyncify_suspend
//! ```
//!
//! To suspend, `bysyncify_suspend` sets Asyncify's state to *unwinding* and returns. Every function from `embed`
//! to `entry` then saves its locals and returns at once. To resume, `bysyncify_resume` sets the state to
//! *rewinding* and calls `entry` again: every function restores its locals and repeats the call that it was in. In
//! an optimised module of `bysyncify-ld`, the innermost function is called instead, and its callers when it has
//! returned (`crates/wasm-asyncify/src/instrument/flat`); `entry` returns when all have.
//!
//! The values that LLVM keeps in memory (the shadow stack) are not saved, but left where they are. Nothing else
//! uses a coroutine's stack, and `__stack_pointer` is switched together with the control flow.

use core::task::{Poll, Waker};

use super::call_uninstrumented::diverge_uninstrumented;
#[cfg(feature = "alloc")]
use super::control_block::NAMED;
use super::control_block::{CANCELLED, RawCore};
#[cfg(feature = "alloc")]
use super::names_hook::{Ask, ask};
use super::panics;
use super::phase::{Phase, cannot_poll};
use super::reporter;
use super::switch::{ActiveSwitch, Switch};
use crate::abi;

impl RawCore {
    /// Runs the coroutine until it suspends or its entry function returns.
    ///
    /// # Safety
    ///
    /// - The entry function may be called with its data now, if it was not called before.
    ///
    /// # Panics
    ///
    /// Panics if the coroutine is running, has finished, or was cancelled.
    #[inline(always)]
    pub unsafe fn resume(&self, waker: &Waker) -> Poll<()> {
        // SAFETY: our caller vouches for the entry function, and there is a waker.
        unsafe { self.resume_with(Some(waker)) }
    }

    /// Like [`RawCore::resume`]. Without a waker, it uses that of the last poll.
    ///
    /// # Safety
    ///
    /// - As for [`RawCore::resume`].
    /// - Without a waker: the coroutine is suspended, and the waker of its last poll is valid until this returns.
    // Not inlined in WebAssembly, so that `wasm-opt` can inline the switch here, into its only caller.
    #[cfg_attr(bysyncify_native, inline(always))]
    #[cfg_attr(not(bysyncify_native), inline(never))]
    pub(crate) unsafe fn resume_with(&self, waker: Option<&Waker>) -> Poll<()> {
        if waker.is_some() && !self.is_suspended() {
            if self.phase.get() != Phase::Ready as u32 {
                self.refuse_poll();
            }
            // SAFETY: its phase is `Ready`, and our caller vouches for the entry function.
            unsafe { ActiveSwitch::prepare(self.entry, self.data, self) };
        }
        // On every resume: a host may continue from a copy of the memory in another instance, in which no
        // coroutine was made.
        if cfg!(bysyncify_switch) {
            reporter::install();
        }
        if panics::CAN_BE_TOLD && !cfg!(bysyncify_native) {
            self.resumed_in_panic.set(panics::is_panicking());
        }
        if let Some(waker) = waker {
            // SAFETY: `waker` outlives this function, and with it the code that runs in it.
            unsafe { self.waker.set(waker) };
        }
        // Natively apart, so that a resume writes nothing for this in the usual case.
        #[cfg(bysyncify_native)]
        if panics::is_panicking() {
            // SAFETY: as below.
            return unsafe { self.run_in_panic() };
        }
        // SAFETY: our caller vouches for the entry function. The coroutine is suspended, or was `Ready`: natively it was
        // just prepared.
        unsafe { self.run() }
    }

    /// Like [`RawCore::run`], while a panic is in progress.
    ///
    /// # Safety
    ///
    /// - As for [`RawCore::run`].
    #[cfg(bysyncify_native)]
    #[cold]
    #[inline(never)]
    unsafe fn run_in_panic(&self) -> Poll<()> {
        self.resumed_in_panic.set(true);
        // SAFETY: our caller's promise.
        let poll = unsafe { self.run() };
        self.resumed_in_panic.set(false);
        poll
    }

    /// Switches to the coroutine, and returns when it has suspended or ended.
    ///
    /// # Safety
    ///
    /// - Those of [`Switch::resume`] for this core.
    #[inline(always)]
    unsafe fn run(&self) -> Poll<()> {
        // SAFETY: our caller's promise.
        let outcome = unsafe { ActiveSwitch::resume(self.entry, self.data, self) };
        // The usual outcome first. Two comparisons, one of them not for equality: compilers turn a `match`, and two
        // tests for equality, into a jump table.
        if outcome == abi::OUTCOME_SUSPENDED {
            return Poll::Pending;
        }
        if outcome > abi::OUTCOME_FINISHED {
            self.refuse_outcome();
        }
        self.end(Phase::Finished);
        Poll::Ready(())
    }

    #[cold]
    #[inline(never)]
    fn refuse_poll(&self) -> ! {
        diverge_uninstrumented(|| cannot_poll(self.phase()))
    }

    #[cold]
    #[inline(never)]
    fn refuse_outcome(&self) -> ! {
        diverge_uninstrumented(|| self.unsound_resume())
    }

    /// Calls a function while the coroutine, which is suspended, cannot be resumed or ended.
    #[cfg(all(bysyncify_switch, feature = "alloc"))]
    pub(crate) fn while_held<R>(&self, function: impl FnOnce() -> R) -> R {
        self.phase.set(Phase::Running as u32);
        let result = function();
        self.phase.set(Phase::Suspended as u32);
        result
    }

    /// Sets the last phase of the coroutine. If it has not returned, its owner calls this. Unless it is abandoned, its
    /// memory may be used for something else from now on.
    #[inline]
    pub(crate) fn end(&self, phase: Phase) {
        self.phase.set(phase as u32);
        #[cfg(bysyncify_native)]
        self.waker.waiting.set(core::ptr::null());
        #[cfg(feature = "alloc")]
        if phase != Phase::Abandoned && self.has(NAMED) {
            self.forget_name();
        }
    }

    #[cfg(feature = "alloc")]
    #[cold]
    #[inline(never)]
    fn forget_name(&self) {
        ask(&Ask::Forget(self));
    }

    /// Makes every wait of the coroutine end with an error, beginning with the one in progress.
    pub(crate) fn cancel(&self) {
        self.news.set(CANCELLED);
        self.waker.advance_epoch();
    }

    /// Whether a cancelled coroutine that has nothing to return may be unwound now. True only once: code that
    /// catches the unwind and waits again would be unwound forever.
    pub(crate) fn may_be_unwound(&self) -> bool {
        !self.unwound.replace(true)
    }

    /// Whether its own code is panicking: it runs in a panic hook, or in a destructor while its stack is unwound,
    /// and cannot be suspended there. In a module of `bysyncify-ld` it is not even current.
    ///
    /// No panic is detected without `std`; nor is a second panic, if the coroutine was resumed during a first one.
    #[inline]
    pub(crate) fn is_panicking(&self) -> bool {
        panics::is_panicking() && !self.resumed_in_panic.get()
    }
}
