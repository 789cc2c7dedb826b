//! The control block of one coroutine: what its code, its owner and the switch share.
//!
//! Plain data, with what can be read from it alone; it calls no other file. What is done with it is in the
//! files beside this one: `resume.rs` runs a coroutine, `waker.rs` keeps its waker, `diagnose.rs`
//! finds out what is wrong with it, and `switch/` pauses it.
//!
//! ```text
//!  words   0      1    2              3      4 .. 8                     9 ..       13    14
//!        ┌──────┬─────┬──────────────┬───────┬─────────────────────────┬─────────┬──────┬────────┐
//!        │start │ end │stack_pointer │ phase │ CoreWaker               │ ours    │ high │ canary │ stack ─►
//!        └──────┴─────┴──────────────┴───────┴─────────────────────────┴─────────┴──────┴────────┘
//!         Asyncify's   the switch's: `build/abi.rs` says which words it knows
//! ```
//!
//! It lies in the coroutine's memory, just below its stack, so that a shadow stack that has grown
//! too far runs over the canary first.
//!
//! Fields are cells because everybody has a shared reference: the coroutine's own code while it
//! runs, and its poller. There is one thread at a time, and each field has one writer at a
//! time.

use core::cell::{Cell, UnsafeCell};
use core::mem::{ManuallyDrop, MaybeUninit, offset_of};
use core::ptr::{self, NonNull};
use core::task::{RawWakerVTable, Waker};

#[cfg(bysyncify_native)]
use super::fiber::Fiber;
use super::layout::{STACK_ALIGN, StackUsage};
use super::phase::Phase;
use crate::abi;

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
    pub(super) stack_pointer: Cell<*mut u8>,
    pub(super) phase: Cell<u32>,
    /// See `src/waker.rs`.
    pub(crate) waker: CoreWaker,
    pub(super) cancelled: Cell<bool>,
    /// Whether it was unwound because it was cancelled: see `RawCore::may_be_unwound`.
    pub(super) unwound: Cell<bool>,
    /// Whether a panic was under way when it was resumed: see `RawCore::is_panicking`.
    pub(super) resumed_in_panic: Cell<bool>,
    /// For `Stack::painted`.
    pub(super) painted: Cell<bool>,
    pub(super) entry: Entry,
    pub(super) data: *mut (),
    /// The low end of all the memory that this coroutine was given.
    low: NonNull<u8>,
    /// Its high end.
    high: *mut u8,
    /// Natively: what was asked for, in bytes.
    #[cfg(bysyncify_native)]
    size: usize,
    /// Natively: the stack that it has then.
    #[cfg(bysyncify_native)]
    pub(super) fiber: Fiber,
    /// Natively: where it is to put a backtrace of its own stack, if that is what it is resumed for.
    #[cfg(all(bysyncify_native, feature = "alloc"))]
    pub(super) asked: Cell<*mut Option<std::backtrace::Backtrace>>,
    /// The last field, and just below the stack.
    pub(super) canary: u64,
}

/// The part of a core that deals with wakers. The switch knows `waiting` and `epoch`.
#[repr(C)]
pub(crate) struct CoreWaker {
    /// The executor's: valid while the coroutine runs, stale otherwise.
    pub(super) latest: Cell<*const Waker>,
    /// What it waits with while it is suspended: stale otherwise.
    pub(crate) waiting: Cell<*const Wait>,
    /// The innermost wait for a future in progress, or null.
    pub(super) innermost: Cell<*const FutureWait>,
    /// The functions of a waker whose clones are the same two pointers. Null if none is known.
    pub(super) same_clones: Cell<*const RawWakerVTable>,
    /// Goes up by one when there is another waker in `latest`, or the coroutine was cancelled: a wait
    /// of another epoch looks at both before it is suspended. Wraps.
    pub(crate) epoch: Cell<u32>,
}

/// What every wait begins with. The switch compares `epoch`, and remembers where this is while the coroutine is
/// suspended.
#[repr(C)]
pub(crate) struct Wait {
    /// The core's epoch when this last looked at it.
    pub(crate) epoch: Cell<u32>,
    /// Whether it is the beginning of a generator's slot (`src/generator/slot.rs`), and not of a
    /// [`FutureWait`].
    pub(super) is_of_slot: bool,
}

/// What one call of `embed` waits with.
#[repr(C)]
pub(crate) struct FutureWait {
    /// Its epoch is the core's when `waker` was the latest.
    pub(crate) base: Wait,
    pub(super) waker: UnsafeCell<ManuallyDrop<Waker>>,
    pub(crate) core: NonNull<RawCore>,
    /// The wait whose future is being polled meanwhile, or null.
    pub(super) outer: *const FutureWait,
    /// Whether `waker` is a clone. If not, it is a copy of the executor's.
    pub(super) is_owned: Cell<bool>,
}

/// What [`Switch::resume`](super::switch::Switch::resume) calls on the coroutine's own stack.
/// Returns [`ENTRY_RETURNED`] when it is through; Asyncify makes an unwound function return 0.
///
/// No panic leaves it, but an exception of the host's may, where there are exceptions.
pub(crate) type Entry = unsafe extern "C-unwind" fn(data: *mut (), tag: AbiTag) -> u32;

/// The last argument of the functions that only the switch calls. Its value has no meaning: it marks
/// the type of these functions.
///
/// Our linker finds out which functions an indirect call can reach by their types, so as to
/// instrument no others. No other function has a pointer and an `f32` as its arguments, or hardly
/// one, so no other call seems to reach these.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct AbiTag(pub(super) f32);

/// See [`Entry`].
pub(crate) const ENTRY_RETURNED: u32 = 1;

/// What [`Switch::call_uninstrumented`](super::switch::Switch::call_uninstrumented) calls. Here, too,
/// an exception of the host's may come out.
pub(crate) type UninstrumentedFn = unsafe extern "C-unwind" fn(data: *mut (), tag: AbiTag);

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

// Where the core knows a wait to be, there is what waits with it.
const _: () = assert!(offset_of!(FutureWait, base) == 0);
const _: () = if cfg!(bysyncify_switch) {
    let pointer = size_of::<usize>();
    let waker = offset_of!(RawCore, waker);
    assert!(waker + offset_of!(CoreWaker, waiting) == abi::WAITING * pointer);
    assert!(waker + offset_of!(CoreWaker, epoch) == abi::EPOCH * pointer);
    assert!(offset_of!(Wait, epoch) == abi::WAIT_EPOCH * pointer);
};

impl RawCore {
    /// The core of a coroutine that has not run, with its stack's size, and its memory's low end and
    /// high end.
    #[inline]
    pub(super) fn new(
        stack: RawStack,
        #[cfg_attr(not(bysyncify_native), expect(unused, reason = "it is the stack's"))]
        size: usize,
        low: NonNull<u8>,
        high: *mut u8,
        entry: Entry,
        data: *mut (),
    ) -> Self {
        Self {
            stack_pointer: Cell::new(stack.end),
            stack: UnsafeCell::new(stack),
            phase: Cell::new(Phase::Ready as u32),
            waker: CoreWaker {
                latest: Cell::new(ptr::null()),
                waiting: Cell::new(ptr::null()),
                innermost: Cell::new(ptr::null()),
                same_clones: Cell::new(ptr::null()),
                epoch: Cell::new(0),
            },
            cancelled: Cell::new(false),
            unwound: Cell::new(false),
            resumed_in_panic: Cell::new(false),
            painted: Cell::new(false),
            entry,
            data,
            low,
            high,
            #[cfg(bysyncify_native)]
            size,
            #[cfg(bysyncify_native)]
            fiber: Fiber::new(),
            #[cfg(all(bysyncify_native, feature = "alloc"))]
            asked: Cell::new(ptr::null_mut()),
            canary: abi::CANARY_VALUE,
        }
    }

    /// What an entry function returns when it is through. Asyncify returns 0 from one that it
    /// unwinds.
    pub const ENTRY_RETURNED: u32 = ENTRY_RETURNED;

    /// Ends the coroutine, from the outside if it has not returned.
    #[inline]
    pub(crate) fn end(&self, phase: Phase) {
        self.phase.set(phase as u32);
    }

    #[inline]
    pub(crate) fn phase(&self) -> Phase {
        Phase::decode(self.phase.get())
    }

    /// Whether the coroutine is on the call stack: the innermost, or one that polls it.
    #[inline]
    pub fn is_running(&self) -> bool {
        self.phase() == Phase::Running
    }

    /// Whether it was resumed before and waits.
    #[inline]
    #[cfg(feature = "alloc")]
    pub(crate) fn is_suspended(&self) -> bool {
        self.phase.get() == Phase::Suspended as u32
    }

    /// The bytes that the coroutine's frames and its shadow stack share.
    #[inline]
    pub fn stack_size(&self) -> usize {
        #[cfg(bysyncify_native)]
        return self.size;
        #[cfg(not(bysyncify_native))]
        self.size_in_memory()
    }

    #[cfg(not(bysyncify_native))]
    #[inline]
    fn size_in_memory(&self) -> usize {
        let stack = self.stack_range();
        stack.end.addr() - stack.start.addr()
    }

    /// How much of the stack is in use while the coroutine is suspended.
    pub fn stack_usage(&self) -> StackUsage {
        #[cfg(bysyncify_native)]
        {
            // Where it waits is near the low end of what is in use.
            let (stack, lowest) = (self.fiber.range(), self.waker.waiting.get().addr());
            let is_there = self.phase() == Phase::Suspended && stack.contains(&lowest);
            StackUsage { frames: 0, shadow: if is_there { stack.end - lowest } else { 0 } }
        }
        #[cfg(not(bysyncify_native))]
        self.usage_in_memory()
    }

    #[cfg(not(bysyncify_native))]
    fn usage_in_memory(&self) -> StackUsage {
        let stack = self.stack_range();
        StackUsage {
            frames: self.saved_to().addr() - stack.start.addr(),
            shadow: stack.end.addr().saturating_sub(self.stack_pointer.get().addr()),
        }
    }

    /// How many bytes a stack must have for its code to come down to this address: all above it, and
    /// the frames that lie in it.
    pub(super) fn needed_down_to(&self, lowest: usize) -> usize {
        let stack = self.stack_range();
        let frames = self.saved_to().addr().saturating_sub(stack.start.addr());
        stack.end.addr().saturating_sub(lowest).saturating_add(frames)
    }

    /// Where Asyncify will save the next frame. While code runs that is the low end of the stack, or
    /// in an optimised module of our linker's the end of the frames of those who wait for that code to return.
    pub(super) fn saved_to(&self) -> *mut u8 {
        // SAFETY: the descriptor is valid for reads, and the switch is not running.
        unsafe { (*self.stack.get()).start }
    }

    /// What that must not pass, since the coroutine was suspended last.
    pub(super) fn saved_to_at_most(&self) -> *mut u8 {
        // SAFETY: the descriptor is valid for reads, and the switch is not running.
        unsafe { (*self.stack.get()).end }
    }

    /// The stack's low end and high end.
    #[inline]
    pub(crate) fn stack_range(&self) -> core::ops::Range<*mut u8> {
        let low = self.low.as_ptr();
        let base = ptr::from_ref(self).addr() + size_of::<Self>();
        let top = self.high.addr() / STACK_ALIGN * STACK_ALIGN;
        low.with_addr(base)..low.with_addr(top)
    }

    /// What Asyncify has saved while the coroutine is suspended, and up to where it could have.
    #[cfg(all(bysyncify_switch, feature = "alloc"))]
    pub(crate) fn saved(&self) -> (core::ops::Range<*mut u8>, *mut u8) {
        (self.stack_range().start..self.saved_to(), self.saved_to_at_most())
    }

    /// Its first function, as it is called through the program's table.
    #[cfg(all(bysyncify_switch, feature = "alloc"))]
    pub(crate) fn entry(&self) -> Entry {
        self.entry
    }

    /// All of the memory that the coroutine was given.
    #[inline]
    pub(crate) fn memory(&self) -> NonNull<[MaybeUninit<u8>]> {
        let len = self.high.addr() - self.low.addr().get();
        NonNull::slice_from_raw_parts(self.low.cast(), len)
    }

    /// Whether its stack is measured: see `Stack::painted`.
    #[cfg(bysyncify_native)]
    pub(super) fn is_painted(&self) -> bool {
        self.painted.get()
    }

    #[inline]
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.get()
    }
}

impl core::fmt::Debug for RawCore {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RawCore")
            .field("phase", &self.phase())
            .field("cancelled", &self.is_cancelled())
            .field("stack_size", &self.stack_size())
            .field("stack_usage", &self.stack_usage())
            .finish_non_exhaustive()
    }
}
