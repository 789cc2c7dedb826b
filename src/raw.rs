//! The state of one coroutine, and the two operations on it: resume and suspend.
//!
//! # Here be dragons
//!
//! Most programs want [`Coroutine`](crate::Coroutine), or
//! [`RawCoroutine`](crate::RawCoroutine) where there is no allocator. This is what those are
//! made of.
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
//!                                                      └ RawCore::suspend
//!         Poll::Pending  ◄═════ unwind ═══════════════════└ bysyncify_suspend
//! ```
//!
//! To suspend, `bysyncify_suspend` sets Asyncify's state to *unwinding* and returns. Every
//! function from `embed` to `entry` then saves its locals and returns at once. To resume,
//! `bysyncify_resume` sets the state to *rewinding* and calls `entry` again: every function
//! restores its locals and calls, again, the function that it was in. What LLVM keeps in
//! memory (the shadow stack) is not saved, but left where it is: nobody else uses a
//! coroutine's stack, and `__stack_pointer` is switched together with the control flow.

use core::cell::{Cell, UnsafeCell};
use core::mem::{MaybeUninit, offset_of};
use core::pin::Pin;
use core::ptr::{self, NonNull};
use core::task::{Context, Poll, Waker};

use crate::abi;
use crate::fatal::{Fatal, fatal};
use crate::layout::{CANARY, Layout};
use crate::phase::Phase;
use crate::sys::{self, Entry};

/// Asyncify's descriptor of the memory that it saves frames to.
#[derive(Debug)]
#[repr(C)]
pub struct RawStack {
    /// Where the next frame is saved. Grows.
    pub start: *mut u8,
    /// What `start` must not pass. Asyncify compares the two when an unwind begins and ends,
    /// not while it saves.
    pub end: *mut u8,
}

/// What the code of one coroutine and its owner share. Lies in the coroutine's memory, below
/// its stack.
#[repr(C)]
pub struct RawCore {
    // The first four are the switch's too; `build/abi.rs` says where it expects them.
    stack: UnsafeCell<RawStack>,
    stack_pointer: Cell<*mut u8>,
    phase: Cell<u32>,
    /// Of the poll in progress: valid while the phase is `Running`, stale otherwise.
    waker: Cell<*const Waker>,
    /// How often it was resumed. Wraps.
    resumes: Cell<u32>,
    cancelled: Cell<bool>,
    entry: Entry,
    data: *mut (),
    base: *mut u8,
    top: *mut u8,
    /// All of the memory that this coroutine was given.
    memory: NonNull<[MaybeUninit<u8>]>,
}

const _: () = {
    let pointer = size_of::<usize>();
    assert!(offset_of!(RawCore, stack) + offset_of!(RawStack, start) == abi::START * pointer);
    assert!(offset_of!(RawCore, stack) + offset_of!(RawStack, end) == abi::END * pointer);
    assert!(offset_of!(RawCore, stack_pointer) == abi::STACK_POINTER * pointer);
    assert!(offset_of!(RawCore, phase) == abi::PHASE * pointer);
};

/// A core and what else its owner keeps with it.
#[repr(C)]
pub(crate) struct Frame<P> {
    pub(crate) core: RawCore,
    pub(crate) payload: UnsafeCell<MaybeUninit<P>>,
}

impl<P> Frame<P> {
    /// Lays a frame, a canary and a stack into `memory`. The payload is not initialized.
    ///
    /// The core will call `entry` with the frame, or with `data` if there is one.
    ///
    /// # Safety
    ///
    /// - `memory` is valid for reads and writes, and nothing else accesses it, until the
    ///   coroutine has ended and its frame is no longer used.
    ///
    /// # Panics
    ///
    /// Panics if the memory is too small.
    pub(crate) unsafe fn place(
        memory: NonNull<[MaybeUninit<u8>]>,
        entry: Entry,
        data: Option<*mut ()>,
    ) -> NonNull<Self> {
        let low = memory.cast::<u8>();
        let layout = core::alloc::Layout::new::<Self>();
        let layout = match Layout::divide(low.addr().get(), memory.len(), layout) {
            Ok(layout) => layout,
            Err(needed) => too_small(memory.len(), needed),
        };
        let at = |offset| {
            // SAFETY: `Layout::divide` returns offsets within the memory that it was given.
            unsafe { low.as_ptr().add(offset) }
        };
        let (base, top) = (at(layout.base), at(layout.top));
        let canary = at(layout.base - size_of_val(&CANARY)).cast::<[u64; 2]>();
        // SAFETY: in bounds and 8-aligned, as `Layout::divide` has it; ours by our contract.
        unsafe { canary.write(CANARY) };

        let frame = at(layout.frame).cast::<Self>();
        let core = RawCore {
            stack: UnsafeCell::new(RawStack { start: base, end: top }),
            stack_pointer: Cell::new(top),
            phase: Cell::new(Phase::Ready as u32),
            waker: Cell::new(ptr::null()),
            resumes: Cell::new(0),
            cancelled: Cell::new(false),
            entry,
            data: data.unwrap_or(frame.cast()),
            base,
            top,
            memory,
        };
        // SAFETY: a projection within the frame, which is in bounds.
        let place = unsafe { &raw mut (*frame).core };
        // SAFETY: in bounds and aligned, as `Layout::divide` has it; ours by our contract.
        unsafe { place.write(core) };
        // SAFETY: within an allocation, so not null.
        unsafe { NonNull::new_unchecked(frame) }
    }
}

#[cold]
fn too_small(len: usize, needed: usize) -> ! {
    panic!("{len} bytes are too few for this coroutine: give it {needed}")
}

impl RawCore {
    /// Makes a core that will run `entry(data)` in `memory`, part of which it fills itself.
    ///
    /// `entry` is called on the stack in `memory`, and returns
    /// [`ENTRY_RETURNED`](Self::ENTRY_RETURNED) when it is through.
    ///
    /// # Safety
    ///
    /// - `memory` is valid for reads and writes, and nothing else accesses it, until the
    ///   returned core is no longer used and its coroutine has ended. While that is suspended
    ///   its frames are in there: they may hold futures that others have pointers to.
    ///
    /// # Panics
    ///
    /// Panics if the memory is too small; the message says what would be enough.
    pub unsafe fn new_in(
        memory: NonNull<[MaybeUninit<u8>]>,
        entry: unsafe extern "C" fn(data: *mut ()) -> u32,
        data: *mut (),
    ) -> NonNull<Self> {
        // SAFETY: our caller makes the same promise.
        unsafe { Frame::<()>::place(memory, entry, Some(data)) }.cast()
    }

    /// Runs the coroutine until it suspends or its entry function returns.
    ///
    /// # Safety
    ///
    /// - The entry function may be called with its data now, if it has not been before.
    ///
    /// # Panics
    ///
    /// Panics if the coroutine is running, has finished, or was cancelled.
    pub unsafe fn resume(&self, waker: &Waker) -> Poll<()> {
        match self.phase() {
            Phase::Ready | Phase::Suspended => {}
            phase => cannot_poll(phase),
        }
        self.waker.set(waker);
        self.resumes.set(self.resumes.get().wrapping_add(1));
        // SAFETY: our caller vouches for the entry function; the phase says that the stack is
        // unused, or holds what the switch itself has saved there.
        match unsafe { sys::bysyncify_resume(self.entry, self.data, self) } {
            abi::OUTCOME_SUSPENDED => Poll::Pending,
            abi::OUTCOME_FINISHED => {
                self.check_canary();
                self.phase.set(Phase::Finished as u32);
                Poll::Ready(())
            }
            outcome => self.unsound(outcome),
        }
    }

    /// What an entry function returns when it is through. Asyncify returns 0 from an unwound function.
    pub const ENTRY_RETURNED: u32 = sys::ENTRY_RETURNED;

    /// Pauses the coroutine until it is resumed.
    ///
    /// # Safety
    ///
    /// - This is the innermost running coroutine.
    pub(crate) unsafe fn suspend(&self) {
        self.check_canary();
        // SAFETY: our caller promises that we stand on this core's stack, and
        // `bysyncify_resume` is at its bottom to end the unwind.
        match unsafe { sys::bysyncify_suspend(self) } {
            abi::SUSPEND_RESUMED => {}
            abi::SUSPEND_UNWINDING => {
                // SAFETY: nothing was saved, and we are about to end the program. It ends the
                // unwind because instrumented code does nothing during one, not even panic.
                unsafe { sys::bysyncify_halt() };
                fatal(&Fatal::NotInstrumented)
            }
            _ => {
                let needed = self.top.addr() - self.stack_pointer.get().addr();
                fatal(&Fatal::ShadowOverflow { needed, size: self.stack_len() })
            }
        }
    }

    /// Polls a future with the waker of the coroutine's own poll in progress.
    ///
    /// # Safety
    ///
    /// - The coroutine is running.
    #[inline]
    pub(crate) unsafe fn poll<F: Future>(&self, mut future: Pin<&mut F>) -> Poll<F::Output> {
        loop {
            let resumes = self.resumes.get();
            // SAFETY: we are within the `resume` that was given it.
            let waker = unsafe { &*self.waker.get() };
            // A clone, because `future` may itself embed. Then the coroutine is resumed in the
            // middle of this poll, by another one, and the waker of the first is gone.
            let waker = waker.clone();
            let poll = future.as_mut().poll(&mut Context::from_waker(&waker));
            // In that case `future` has still to see the waker that counts now.
            if poll.is_ready() || self.resumes.get() == resumes {
                return poll;
            }
        }
    }

    /// Makes every wait of the coroutine end with an error, from the next resume on.
    pub(crate) fn cancel(&self) {
        self.cancelled.set(true);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.get()
    }

    /// Ends a coroutine that has not been started.
    pub(crate) fn finish(&self) {
        debug_assert_eq!(self.phase(), Phase::Ready);
        self.phase.set(Phase::Finished as u32);
    }

    /// Ends a coroutine that stays suspended for good.
    pub(crate) fn abandon(&self) {
        debug_assert_eq!(self.phase(), Phase::Suspended);
        self.phase.set(Phase::Abandoned as u32);
    }

    pub(crate) fn phase(&self) -> Phase {
        Phase::decode(self.phase.get())
    }

    /// Whether the coroutine is on the call stack: the innermost, or one that polls it.
    pub fn is_running(&self) -> bool {
        self.phase() == Phase::Running
    }

    /// The bytes that the coroutine's frames and its shadow stack share.
    pub fn stack_len(&self) -> usize {
        self.top.addr() - self.base.addr()
    }

    /// The stack's low end and high end.
    #[cfg_attr(not(feature = "alloc"), expect(dead_code, reason = "painting is for `Stack`"))]
    pub(crate) fn stack_range(&self) -> core::ops::Range<*mut u8> {
        self.base..self.top
    }

    /// All of the memory that the coroutine was given.
    pub(crate) fn memory(&self) -> NonNull<[MaybeUninit<u8>]> {
        self.memory
    }

    fn check_canary(&self) {
        // SAFETY: the canary lies below `base`, within the same memory.
        let canary = unsafe { self.base.cast::<[u64; 2]>().sub(1) };
        // SAFETY: aligned, and initialized by `Frame::place`. Volatile because whoever writes
        // here does so behind the compiler's back.
        if unsafe { canary.read_volatile() } != CANARY {
            fatal(&Fatal::CanaryDead { size: self.stack_len() });
        }
    }

    #[cold]
    fn unsound(&self, outcome: u32) -> ! {
        // SAFETY: the descriptor is valid for reads, and the switch is not running.
        let saved_to = unsafe { (*self.stack.get()).start };
        let room_to = self.stack_pointer.get();
        if outcome == abi::OUTCOME_UNSOUND_RETURN {
            fatal(&Fatal::LostFrames)
        } else if saved_to > room_to {
            fatal(&Fatal::FramesOverflow {
                needed: saved_to.addr() - self.base.addr(),
                available: room_to.addr() - self.base.addr(),
                size: self.stack_len(),
            })
        } else {
            fatal(&Fatal::ForeignUnwind)
        }
    }
}

#[cold]
#[track_caller]
fn cannot_poll(phase: Phase) -> ! {
    panic!(
        "cannot poll a coroutine {}",
        match phase {
            Phase::Finished => "after it has finished",
            Phase::Abandoned => "after it was cancelled",
            _ => "while it is running",
        }
    )
}

impl core::fmt::Debug for RawCore {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RawCore")
            .field("phase", &self.phase())
            .field("cancelled", &self.is_cancelled())
            .field("stack_len", &self.stack_len())
            .finish_non_exhaustive()
    }
}
