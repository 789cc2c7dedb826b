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
use core::ptr::NonNull;
use core::task::{Poll, Waker};

use crate::abi::{self, CANARY};
use crate::fatal::{Fatal, fatal};
use crate::layout::{Layout, STACK_ALIGN};
use crate::outside::outside_for_good;
use crate::phase::Phase;
use crate::sys::{self, Entry};
use crate::waker::CoreWaker;

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
    /// See `src/waker.rs`.
    pub(crate) waker: CoreWaker,
    /// For `Stack::painted`.
    pub(crate) painted: Cell<bool>,
    entry: Entry,
    data: *mut (),
    base: *mut u8,
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
            waker: CoreWaker::new(),
            painted: Cell::new(false),
            entry,
            data: data.unwrap_or(frame.cast()),
            base,
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
        if !matches!(self.phase(), Phase::Ready | Phase::Suspended) {
            outside_for_good(|| cannot_poll(self.phase()));
        }
        // SAFETY: `waker` outlives this function, and with it the code that runs in it.
        unsafe { self.waker.set(waker) };
        // SAFETY: our caller vouches for the entry function; the phase says that the stack is
        // unused, or holds what the switch itself has saved there.
        match unsafe { sys::bysyncify_resume(self.entry, self.data, self) } {
            abi::OUTCOME_SUSPENDED => Poll::Pending,
            abi::OUTCOME_FINISHED => {
                self.end(Phase::Finished);
                Poll::Ready(())
            }
            _ => outside_for_good(|| self.unsound_resume()),
        }
    }

    /// What an entry function returns when it is through. Asyncify returns 0 from an unwound function.
    pub const ENTRY_RETURNED: u32 = sys::ENTRY_RETURNED;

    /// Pauses the coroutine until it is resumed.
    ///
    /// # Safety
    ///
    /// - This is the innermost running coroutine.
    #[inline]
    pub(crate) unsafe fn suspend(&self) {
        // SAFETY: our caller promises that we stand on this core's stack, and
        // `bysyncify_resume` is at its bottom to end the unwind.
        if unsafe { sys::bysyncify_suspend(self) } != abi::SUSPEND_RESUMED {
            outside_for_good(|| self.unsound_suspend());
        }
    }

    /// Ends the coroutine, from the outside if it has not returned.
    pub(crate) fn end(&self, phase: Phase) {
        self.phase.set(phase as u32);
        self.waker.put(None);
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
        self.top().addr() - self.base.addr()
    }

    /// The high end of the stack: the memory's, aligned.
    fn top(&self) -> *mut u8 {
        let memory = self.memory.as_ptr();
        let end = memory.cast::<u8>().wrapping_add(memory.len());
        end.map_addr(|address| address / STACK_ALIGN * STACK_ALIGN)
    }

    /// The stack's low end and high end.
    #[cfg_attr(not(feature = "alloc"), expect(dead_code, reason = "painting is for `Stack`"))]
    pub(crate) fn stack_range(&self) -> core::ops::Range<*mut u8> {
        self.base..self.top()
    }

    /// All of the memory that the coroutine was given.
    pub(crate) fn memory(&self) -> NonNull<[MaybeUninit<u8>]> {
        self.memory
    }

    #[cold]
    fn unsound_resume(&self) -> ! {
        let cause = match self.phase() {
            Phase::Running => Fatal::ForeignUnwind,
            _ => Fatal::LostFrames,
        };
        fatal(&self.overflow().unwrap_or(cause))
    }

    #[cold]
    fn unsound_suspend(&self) -> ! {
        fatal(&self.overflow().unwrap_or(Fatal::NotInstrumented))
    }

    /// What is wrong, if it has to do with the stack.
    fn overflow(&self) -> Option<Fatal> {
        // SAFETY: the descriptor is valid for reads, and the switch is not running.
        let saved_to = unsafe { (*self.stack.get()).start };
        let (base, stack_pointer) = (self.base, self.stack_pointer.get());
        let size = self.stack_len();
        // SAFETY: the canary lies below `base`, within the same memory.
        let canary = unsafe { base.cast::<[u64; 2]>().sub(1) };
        if stack_pointer < base {
            let needed = self.top().addr() - stack_pointer.addr();
            Some(Fatal::ShadowOverflow { needed, size })
        } else if saved_to > stack_pointer {
            let needed = saved_to.addr() - base.addr();
            let available = stack_pointer.addr() - base.addr();
            Some(Fatal::FramesOverflow { needed, available, size })
        // SAFETY: aligned, and initialized by `Frame::place`. Volatile because whoever writes
        // there does so behind the compiler's back.
        } else if unsafe { canary.read_volatile() } != CANARY {
            Some(Fatal::CanaryDead { size })
        } else {
            None
        }
    }
}

#[cold]
fn cannot_poll(phase: Phase) -> ! {
    match phase {
        Phase::Finished => panic!("cannot poll a coroutine after it has finished"),
        Phase::Abandoned => panic!("cannot poll a coroutine after it was cancelled"),
        _ => panic!("cannot poll a coroutine while it is running"),
    }
}

impl core::fmt::Debug for RawCore {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RawCore")
            .field("phase", &self.phase())
            .field("cancelled", &self.waker.is_cancelled())
            .field("stack_len", &self.stack_len())
            .finish_non_exhaustive()
    }
}
