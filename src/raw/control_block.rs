//! The control block of one coroutine: what its code, its owner and the switch share.
//!
//! Plain data, with the methods that only read it; it calls no other file. The operations on it are in the files
//! beside this one: `resume.rs` runs a coroutine, `waker.rs` keeps its waker, `diagnose.rs` finds the cause of an
//! error, and `switch/` pauses it.
//!
//! ```text
//!  words   0      1    2              3      4 .. 8                     9 ..       13    14
//!        ┌──────┬─────┬──────────────┬───────┬─────────────────────────┬─────────┬──────┬────────┐
//!        │start │ end │stack_pointer │ phase │ CoreWaker               │ ours    │ high │ canary │ stack ─►
//!        └──────┴─────┴──────────────┴───────┴─────────────────────────┴─────────┴──────┴────────┘
//!         Asyncify's   the switch's: `build/abi.rs` says which words it knows
//! ```
//!
//! It lies in the coroutine's memory, just below its stack, so that a shadow stack that has grown too far
//! overwrites the canary first.
//!
//! Fields are cells because all users have a shared reference: the coroutine's own code while it runs, and its
//! poller. They run on one thread at a time, and each field has one writer at a time.

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
    /// The address where the next frame is saved. Grows upwards.
    pub start: *mut u8,
    /// The limit of `start`. Asyncify compares the two when an unwind begins and ends, not while it saves frames.
    pub end: *mut u8,
}

/// The control block of one coroutine, which its code and its owner share. Lies in the coroutine's memory, just
/// below its stack.
#[repr(C, align(16))]
pub struct RawCore {
    // The switch uses some of these fields, too: `build/abi.rs` has their offsets.
    stack: UnsafeCell<RawStack>,
    pub(super) stack_pointer: Cell<*mut u8>,
    pub(super) phase: Cell<u32>,
    /// See `waker.rs`.
    pub(crate) waker: CoreWaker,
    /// What the coroutine's code has to know before it goes on: [`CANCELLED`]; natively also [`ASKED`].
    pub(super) news: Cell<u8>,
    /// Whether its stack was unwound because it was cancelled: see `RawCore::may_be_unwound`.
    pub(super) unwound: Cell<bool>,
    /// Whether a panic was in progress when it was resumed: see `RawCore::is_panicking`.
    pub(super) resumed_in_panic: Cell<bool>,
    /// Flags that few coroutines have: [`PAINTED`], [`NAMED`].
    extras: Cell<u8>,
    pub(super) entry: Entry,
    pub(super) data: *mut (),
    /// The low end of all memory that this coroutine was given. If it is [`NAMED`], a pointer to its entry, which has
    /// that end: see `names.rs`.
    pub(super) low: Cell<NonNull<u8>>,
    /// Its high end.
    high: *mut u8,
    /// Natively: the requested size of the stack, in bytes.
    #[cfg(bysyncify_native)]
    size: usize,
    /// Natively: the stack that it has.
    #[cfg(bysyncify_native)]
    pub(super) fiber: Fiber,
    /// Natively: the place for a backtrace of its own stack, if it is resumed to capture one.
    #[cfg(all(bysyncify_native, feature = "alloc"))]
    pub(super) asked: Cell<*mut Option<std::backtrace::Backtrace>>,
    /// The last field, and just below the stack.
    pub(super) canary: u64,
}

/// The part of a core that handles wakers. The switch uses `waiting` and `epoch`.
#[repr(C)]
pub(crate) struct CoreWaker {
    /// The executor's waker: valid while the coroutine runs, stale otherwise.
    pub(super) latest: Cell<*const Waker>,
    /// The wait of the coroutine while it is suspended. Otherwise it is stale; natively it is null, which says that the
    /// coroutine is not suspended. Natively the address of a slot has the bit [`SLOT`].
    pub(super) waiting: Cell<*const Wait>,
    /// The innermost wait for a future in progress, or null.
    pub(super) innermost: Cell<*const FutureWait>,
    /// The vtable of a waker whose clones are the same two pointers. Null if none is known.
    pub(super) same_clones: Cell<*const RawWakerVTable>,
    /// Incremented when `latest` becomes another waker, or the coroutine is cancelled. A wait with another epoch
    /// checks both before it is suspended. Wraps.
    pub(crate) epoch: Cell<u32>,
}

/// The header of every wait; natively slots have none. The switch compares `epoch`, and keeps a pointer to the header
/// while the coroutine is suspended.
#[repr(C)]
pub(crate) struct Wait {
    /// The core's epoch when this wait last caught up with it.
    pub(crate) epoch: Cell<u32>,
    /// Whether this is the header of a generator's slot (`src/generator/slot.rs`), and not of a [`FutureWait`].
    #[cfg(not(bysyncify_native))]
    pub(super) is_of_slot: bool,
}

/// Natively: the bit in the pointer to a slot that a core has, by which it is told from a [`FutureWait`]. A slot has no
/// header then: nothing is written for it. Both have even addresses (for slots: `give_now` in `src/generator/slot.rs`).
#[cfg(bysyncify_native)]
pub(super) const SLOT: usize = 1;
#[cfg(bysyncify_native)]
const _: () = assert!(align_of::<FutureWait>() > SLOT);

/// The state of one call of `embed`.
#[repr(C)]
pub(crate) struct FutureWait {
    /// Its epoch is that of the core when `waker` was the latest.
    pub(crate) base: Wait,
    pub(super) waker: UnsafeCell<ManuallyDrop<Waker>>,
    pub(crate) core: NonNull<RawCore>,
    /// The wait in progress when this one began, which polls a future meanwhile; or null.
    pub(super) outer: *const FutureWait,
    /// Whether `waker` is a clone. If not, it is a copy of the executor's waker.
    pub(super) is_owned: Cell<bool>,
    /// Returns the name of the future's type, in builds that have it.
    #[cfg(any(debug_assertions, feature = "future-names"))]
    pub(super) future: Cell<Option<TypeName>>,
}

/// The function that [`Switch::resume`](super::switch::Switch::resume) calls on the coroutine's own stack. Returns
/// [`ENTRY_RETURNED`] when it has finished; Asyncify makes an unwound function return 0.
///
/// No panic leaves it, but an exception of the host may, where there are exceptions.
pub(crate) type Entry = unsafe extern "C-unwind" fn(data: *mut (), tag: AbiTag) -> u32;

/// The last argument of the functions that only the switch calls. Its value has no meaning: it marks the type of
/// these functions.
///
/// `bysyncify-ld` determines by type which functions an indirect call can reach, and instruments no others. Hardly
/// any other function has a pointer and an `f32` as its parameters, so no other call seems to reach these.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct AbiTag(pub(super) f32);

/// News: the coroutine was cancelled. This stays.
pub(super) const CANCELLED: u8 = 1;
/// News: it was resumed for a backtrace of its own stack, and not to go on.
#[cfg(all(bysyncify_native, feature = "alloc"))]
pub(super) const ASKED: u8 = 2;

/// The flag of a coroutine whose stack is measured: see `Stack::painted`.
#[cfg(any(feature = "alloc", bysyncify_native))]
pub(super) const PAINTED: u8 = 1;
/// The flag of a coroutine that has a name.
#[cfg(feature = "alloc")]
pub(super) const NAMED: u8 = 2;

/// A function that returns the name of a type.
#[cfg(any(debug_assertions, feature = "future-names"))]
pub(super) type TypeName = fn() -> &'static str;

/// See [`Entry`].
pub(crate) const ENTRY_RETURNED: u32 = 1;

/// A function that [`Switch::call_uninstrumented`](super::switch::Switch::call_uninstrumented) calls. An exception
/// of the host may leave it, too.
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

// The core's pointer to the header of a wait is also a pointer to the wait.
const _: () = assert!(offset_of!(FutureWait, base) == 0);
const _: () = if cfg!(bysyncify_switch) {
    let pointer = size_of::<usize>();
    let waker = offset_of!(RawCore, waker);
    assert!(waker + offset_of!(CoreWaker, waiting) == abi::WAITING * pointer);
    assert!(waker + offset_of!(CoreWaker, epoch) == abi::EPOCH * pointer);
    assert!(offset_of!(Wait, epoch) == abi::WAIT_EPOCH * pointer);
};

impl RawCore {
    /// Makes the core of a coroutine that has not run. `size` is that of its stack; `low` and `high` are the ends
    /// of its memory.
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
            news: Cell::new(0),
            unwound: Cell::new(false),
            resumed_in_panic: Cell::new(false),
            extras: Cell::new(0),
            entry,
            data,
            low: Cell::new(low),
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

    /// The result of an entry function that has finished. An entry function that Asyncify unwinds returns 0.
    pub const ENTRY_RETURNED: u32 = ENTRY_RETURNED;

    #[inline]
    pub(crate) fn phase(&self) -> Phase {
        #[cfg(bysyncify_native)]
        if self.is_suspended() {
            return Phase::Suspended;
        }
        Phase::decode(self.phase.get())
    }

    /// Whether the coroutine is on the call stack: the innermost, or an outer one.
    #[inline]
    pub fn is_running(&self) -> bool {
        self.phase() == Phase::Running
    }

    /// Whether it has been started, and waits.
    #[inline]
    pub(crate) fn is_suspended(&self) -> bool {
        #[cfg(bysyncify_native)]
        return !self.waker.waiting.get().is_null();
        #[cfg(not(bysyncify_native))]
        return self.phase.get() == Phase::Suspended as u32;
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
            // The address of its wait is near the low end of the used part.
            let (stack, lowest) = (self.fiber.range(), self.waker.waiting.get().addr() & !SLOT);
            let is_there = stack.contains(&lowest);
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

    /// The stack size in bytes that is needed if the shadow stack comes down to `lowest`: all above this address,
    /// and the saved frames.
    pub(super) fn needed_down_to(&self, lowest: usize) -> usize {
        let stack = self.stack_range();
        let frames = self.saved_to().addr().saturating_sub(stack.start.addr());
        stack.end.addr().saturating_sub(lowest).saturating_add(frames)
    }

    /// The address where Asyncify saves the next frame. While code runs, that is the low end of the stack. In an
    /// optimised module of `bysyncify-ld` it is the end of the frames of the functions that wait for that code to
    /// return.
    pub(super) fn saved_to(&self) -> *mut u8 {
        // SAFETY: the descriptor is valid for reads, and the switch is not running.
        unsafe { (*self.stack.get()).start }
    }

    /// The limit of that address, as of the last suspend.
    pub(super) fn saved_to_at_most(&self) -> *mut u8 {
        // SAFETY: the descriptor is valid for reads, and the switch is not running.
        unsafe { (*self.stack.get()).end }
    }

    /// The stack's low end and high end.
    #[inline]
    pub(crate) fn stack_range(&self) -> core::ops::Range<*mut u8> {
        let base = ptr::from_ref(self).addr() + size_of::<Self>();
        let top = self.high.addr() / STACK_ALIGN * STACK_ALIGN;
        self.high.with_addr(base)..self.high.with_addr(top)
    }

    /// The frames that Asyncify has saved while the coroutine is suspended, and the limit up to which it could
    /// have.
    #[cfg(all(bysyncify_switch, feature = "alloc"))]
    pub(crate) fn saved(&self) -> (core::ops::Range<*mut u8>, *mut u8) {
        (self.stack_range().start..self.saved_to(), self.saved_to_at_most())
    }

    /// Its entry function, which is called through the program's table.
    #[cfg(all(bysyncify_switch, feature = "alloc"))]
    pub(crate) fn entry(&self) -> Entry {
        self.entry
    }

    /// Whether this address is on the coroutine's stack, as far as can be known.
    #[cfg(feature = "alloc")]
    pub(super) fn has_on_stack(&self, address: usize) -> bool {
        #[cfg(bysyncify_native)]
        return self.fiber.has(address);
        #[cfg(not(bysyncify_native))]
        {
            let stack = self.stack_range();
            cfg!(bysyncify_switch) && (stack.start.addr()..stack.end.addr()).contains(&address)
        }
    }

    /// All memory that the coroutine was given. The coroutine must not have a name (any more).
    #[inline]
    pub(crate) fn memory(&self) -> NonNull<[MaybeUninit<u8>]> {
        let low = self.low.get();
        let len = self.high.addr() - low.addr().get();
        NonNull::slice_from_raw_parts(low.cast(), len)
    }

    /// Whether it has this flag, such as [`PAINTED`].
    #[inline]
    #[cfg(any(feature = "alloc", bysyncify_native))]
    pub(super) fn has(&self, extra: u8) -> bool {
        self.extras.get() & extra != 0
    }

    #[cfg(feature = "alloc")]
    pub(super) fn add(&self, extra: u8) {
        self.extras.set(self.extras.get() | extra);
    }

    #[cfg(feature = "alloc")]
    pub(super) fn remove(&self, extra: u8) {
        self.extras.set(self.extras.get() & !extra);
    }

    #[inline]
    pub(crate) fn is_cancelled(&self) -> bool {
        // Elsewhere there is no other news, and a mask would be code for nothing.
        let mask = if cfg!(bysyncify_native) { CANCELLED } else { u8::MAX };
        self.news.get() & mask != 0
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
