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
use core::ptr::{self, NonNull};
use core::task::{Poll, Waker};

use crate::abi;
use crate::raw::call_uninstrumented::outside_for_good;
use crate::raw::fatal::{Fatal, fatal};
use crate::raw::layout::{RED_ZONE, STACK_ALIGN, StackUsage};
use crate::raw::panics;
use crate::raw::phase::{Phase, cannot_poll};
use crate::raw::reporter;
use crate::raw::switch::{self, Chosen, Entry, Switch};
use crate::raw::waker::CoreWaker;

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

/// What the code of one coroutine and its owner share. Lies in the coroutine's memory, just
/// below its stack.
#[repr(C, align(16))]
pub struct RawCore {
    // Some of these are the switch's too; `build/abi.rs` says where it expects them.
    stack: UnsafeCell<RawStack>,
    stack_pointer: Cell<*mut u8>,
    pub(crate) phase: Cell<u32>,
    /// See `src/waker.rs`.
    pub(crate) waker: CoreWaker,
    cancelled: Cell<bool>,
    /// Whether it was unwound because it was cancelled: see `RawCore::may_be_unwound`.
    unwound: Cell<bool>,
    /// Whether a panic was under way when it was resumed: see `RawCore::is_panicking`.
    resumed_in_panic: Cell<bool>,
    /// For `Stack::painted`.
    pub(crate) painted: Cell<bool>,
    entry: Entry,
    data: *mut (),
    /// What the switch keeps here, which is nothing on WebAssembly.
    pub(crate) switch: switch::State,
    /// The low end of all the memory that this coroutine was given.
    low: NonNull<u8>,
    /// Its high end.
    high: *mut u8,
    /// The last field, and just below the stack.
    canary: u64,
}

const _: () = if cfg!(bysyncify_switch) {
    let pointer = size_of::<usize>();
    assert!(offset_of!(RawCore, stack) + offset_of!(RawStack, start) == abi::START * pointer);
    assert!(offset_of!(RawCore, stack) + offset_of!(RawStack, end) == abi::END * pointer);
    assert!(offset_of!(RawCore, stack_pointer) == abi::STACK_POINTER * pointer);
    assert!(offset_of!(RawCore, phase) == abi::PHASE * pointer);
    assert!(offset_of!(RawCore, high) == abi::HIGH * pointer);
    assert!(offset_of!(RawCore, canary) == abi::CANARY * pointer);
    assert!(size_of::<RawCore>() == abi::core_size(pointer));
    assert!(align_of::<RawCore>() == STACK_ALIGN);
};

impl RawCore {
    /// The core of a coroutine that has not run, with its memory's low end and high end.
    pub(crate) fn new(
        stack: RawStack,
        low: NonNull<u8>,
        high: *mut u8,
        entry: Entry,
        data: *mut (),
    ) -> Self {
        Self {
            stack_pointer: Cell::new(stack.end),
            stack: UnsafeCell::new(stack),
            phase: Cell::new(Phase::Ready as u32),
            waker: CoreWaker::new(),
            cancelled: Cell::new(false),
            unwound: Cell::new(false),
            resumed_in_panic: Cell::new(false),
            painted: Cell::new(false),
            entry,
            data,
            switch: switch::State::default(),
            low,
            high,
            canary: abi::CANARY_VALUE,
        }
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
        if !matches!(self.phase(), Phase::Ready | Phase::Suspended) {
            outside_for_good(|| cannot_poll(self.phase()));
        }
        // Each time: who goes on from a copy of the memory, in another instance, has made no
        // coroutine there.
        if cfg!(bysyncify_switch) {
            reporter::install();
        }
        self.resumed_in_panic.set(panics::is_panicking());
        // SAFETY: `waker` outlives this function, and with it the code that runs in it.
        unsafe { self.waker.set(waker) };
        // SAFETY: our caller vouches for the entry function; the phase says that the stack is
        // unused, or holds what the switch itself has saved there.
        match unsafe { Chosen::resume(self.entry, self.data, self) } {
            abi::OUTCOME_SUSPENDED => Poll::Pending,
            abi::OUTCOME_FINISHED => {
                self.end(Phase::Finished);
                Poll::Ready(())
            }
            _ => outside_for_good(|| self.unsound_resume()),
        }
    }

    /// What an entry function returns when it is through. Asyncify returns 0 from one that it
    /// unwinds.
    pub const ENTRY_RETURNED: u32 = switch::ENTRY_RETURNED;

    /// Makes every wait of the coroutine end with an error, beginning with the one in progress.
    pub(crate) fn cancel(&self) {
        self.cancelled.set(true);
        self.waker.has_news();
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.get()
    }

    /// Whether a cancelled coroutine that has nothing to return may be unwound now: it is done once.
    /// Who catches that and waits again would be unwound for ever.
    pub(crate) fn may_be_unwound(&self) -> bool {
        !self.unwound.replace(true)
    }

    /// Whether its own code is panicking: it runs in a panic hook, or in a destructor while its stack is
    /// unwound, and cannot be suspended there. In a module of our linker's it is not even current.
    ///
    /// Nothing is known of this without `std`; nor of a second panic, if the coroutine was resumed during
    /// a first one.
    #[inline]
    pub(crate) fn is_panicking(&self) -> bool {
        panics::is_panicking() && !self.resumed_in_panic.get()
    }

    /// Ends the coroutine, from the outside if it has not returned.
    pub(crate) fn end(&self, phase: Phase) {
        self.phase.set(phase as u32);
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
        let stack = self.stack_range();
        stack.end.addr() - stack.start.addr()
    }

    /// How much of the stack is in use while the coroutine is suspended.
    pub fn stack_usage(&self) -> StackUsage {
        let stack = self.stack_range();
        StackUsage {
            frames: self.saved_to().addr() - stack.start.addr(),
            shadow: stack.end.addr().saturating_sub(self.stack_pointer.get().addr()),
        }
    }

    /// Where Asyncify will save the next frame.
    fn saved_to(&self) -> *mut u8 {
        // SAFETY: the descriptor is valid for reads, and the switch is not running.
        unsafe { (*self.stack.get()).start }
    }

    /// The stack's low end and high end.
    pub(crate) fn stack_range(&self) -> core::ops::Range<*mut u8> {
        let low = self.low.as_ptr();
        let base = ptr::from_ref(self).addr() + size_of::<Self>();
        let top = self.high.addr() / STACK_ALIGN * STACK_ALIGN;
        low.with_addr(base)..low.with_addr(top)
    }

    /// All of the memory that the coroutine was given.
    pub(crate) fn memory(&self) -> NonNull<[MaybeUninit<u8>]> {
        let len = self.high.addr() - self.low.addr().get();
        NonNull::slice_from_raw_parts(self.low.cast(), len)
    }

    #[cold]
    fn unsound_resume(&self) -> ! {
        let cause = match self.phase() {
            Phase::Running => Fatal::ForeignUnwind,
            _ => Fatal::LostFrames,
        };
        fatal(&self.overflow().unwrap_or(cause))
    }

    /// Ends the program after `bysyncify_suspend` has said that something is wrong. Called outside
    /// of any coroutine, so that no unwind goes on.
    #[cold]
    pub(crate) fn unsound_suspend(&self, outcome: u32) -> ! {
        let cause = match self.phase() {
            _ if outcome == abi::SUSPEND_OUTSIDE => Fatal::NotCurrent,
            Phase::Running => Fatal::LostFrames,
            _ => Fatal::NotInstrumented,
        };
        fatal(&self.overflow().unwrap_or(cause))
    }

    /// Ends the program if the shadow stack has been below the stack, or nearly is: what `embed`
    /// itself calls must fit, since it works on this core.
    #[inline]
    pub(crate) fn assert_room(&self) {
        // The address of a local: where the shadow stack is now, or a little above. A frame that
        // is larger than the canary and was not filled has left the canary alone.
        let here = MaybeUninit::<u8>::uninit();
        let here = core::hint::black_box(&raw const here).addr();
        let base = ptr::from_ref(self).addr() + size_of::<Self>();
        if Chosen::STACK_IS_IN_MEMORY && (!self.is_intact() || here < base + RED_ZONE) {
            outside_for_good(|| {
                let (top, size) = (self.stack_range().end.addr(), self.stack_len());
                let needed = (top + RED_ZONE).saturating_sub(here);
                match self.is_intact() {
                    true => fatal(&Fatal::ShadowOverflow { needed, size }),
                    false => fatal(&Fatal::CanaryDead),
                }
            });
        }
    }

    /// Whether the shadow stack has stayed within the stack, as far as can be seen.
    #[inline]
    fn is_intact(&self) -> bool {
        // SAFETY: a field of ours. Volatile because whoever writes there does so behind the
        // compiler's back.
        unsafe { (&raw const self.canary).read_volatile() == abi::CANARY_VALUE }
    }

    /// What is wrong, if it has to do with the stack.
    fn overflow(&self) -> Option<Fatal> {
        if !self.is_intact() {
            // Nothing else that is here can be believed.
            return Some(Fatal::CanaryDead);
        }
        let (saved_to, stack_pointer) = (self.saved_to(), self.stack_pointer.get());
        let (stack, size) = (self.stack_range(), self.stack_len());
        if stack_pointer > stack.end {
            Some(Fatal::ForeignStack)
        } else if stack_pointer < stack.start {
            let needed = stack.end.addr().saturating_sub(stack_pointer.addr());
            Some(Fatal::ShadowOverflow { needed, size })
        } else if saved_to > stack_pointer {
            let needed = saved_to.addr() - stack.start.addr();
            let available = stack_pointer.addr() - stack.start.addr();
            Some(Fatal::FramesOverflow { needed, available, size })
        } else {
            None
        }
    }
}

impl core::fmt::Debug for RawCore {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RawCore")
            .field("phase", &self.phase())
            .field("cancelled", &self.is_cancelled())
            .field("stack_len", &self.stack_len())
            .field("stack_usage", &self.stack_usage())
            .finish_non_exhaustive()
    }
}
