//! The part of a coroutine's memory below its stack: its core, and its owner's data.
//!
//! ```text
//!  low                                                        high
//!   ├─ unused ─┬─ payload ─┬─ core ─┬─ stack ─────────────────┤
//!              └─────── frame ──────┘
//! ```

use core::cell::UnsafeCell;
use core::mem::{self, MaybeUninit, offset_of};
use core::ptr::NonNull;

use super::control_block::{AbiTag, Entry, RawCore, RawStack};
use super::layout::Layout;

/// The part of a coroutine's memory below its stack: a core, and its owner's data.
#[repr(C)]
pub(crate) struct Frame<P> {
    payload: UnsafeCell<MaybeUninit<P>>,
    core: RawCore,
    // If `P` needs more than 16 bytes of alignment, the padding at the end belongs to the stack.
}

impl<P> Frame<P> {
    /// The size and alignment of a frame, up to the end of its core.
    pub(crate) const LAYOUT: core::alloc::Layout = {
        let size = offset_of!(Self, core) + size_of::<RawCore>();
        match core::alloc::Layout::from_size_align(size, align_of::<Self>()) {
            Ok(layout) => layout,
            Err(_) => panic!("a type of this size cannot exist"),
        }
    };

    /// Returns where a frame and a stack lie in memory of this length, at this address.
    ///
    /// # Panics
    ///
    /// Panics if the memory is too small.
    #[inline]
    #[track_caller]
    pub(crate) fn divide(address: usize, len: usize) -> Layout {
        match Layout::divide(address, len, Self::LAYOUT) {
            Ok(layout) => layout,
            Err(needed) => too_small(len, needed),
        }
    }

    /// Places a frame and a stack in `memory`. The payload is not initialized. Does not panic.
    ///
    /// The core will pass `entry` a pointer to itself, or `data` if that is given.
    ///
    /// # Safety
    ///
    /// - `memory` is valid for reads and writes, and nothing else accesses it, until the
    ///   coroutine has ended and its frame is no longer used.
    /// - `layout` is what [`Frame::divide`] has returned for it. Natively, only the frame need be there.
    pub(crate) unsafe fn place(
        memory: NonNull<[MaybeUninit<u8>]>,
        layout: Layout,
        entry: Entry,
        data: Option<*mut ()>,
    ) -> NonNull<Self> {
        let low = memory.cast::<u8>();
        let at = |offset| {
            // SAFETY: our caller's promise: `Layout::divide` returns offsets within the memory.
            unsafe { low.add(offset) }
        };
        // A native stack is elsewhere, and this one has no bytes.
        let top = if cfg!(bysyncify_native) { layout.base } else { layout.top };
        let stack = RawStack { start: at(layout.base).as_ptr(), end: at(top).as_ptr() };
        let frame = at(layout.frame).cast::<Self>();
        let high = at(memory.len()).as_ptr();
        let size = layout.top - layout.base;
        // SAFETY: in bounds and aligned, as `Layout::divide` ensures; ours by our contract.
        let place = unsafe { Self::core(frame) };
        let data = data.unwrap_or(place.as_ptr().cast());
        let core = RawCore::new(stack, size, low, high, entry, data);
        // SAFETY: likewise.
        unsafe { place.write(core) };
        frame
    }

    /// # Safety
    ///
    /// - `frame` lies in a coroutine's memory.
    pub(crate) unsafe fn core(frame: NonNull<Self>) -> NonNull<RawCore> {
        // SAFETY: our caller's promise.
        let core = unsafe { &raw mut (*frame.as_ptr()).core };
        // SAFETY: within an allocation, so not null.
        unsafe { NonNull::new_unchecked(core) }
    }

    /// Returns the frame that a core lies in.
    ///
    /// # Safety
    ///
    /// - [`Frame::core`] has returned `core` for such a frame.
    pub(crate) unsafe fn around(core: NonNull<RawCore>) -> NonNull<Self> {
        // SAFETY: our caller's promise.
        unsafe { core.byte_sub(offset_of!(Self, core)) }.cast()
    }

    /// # Safety
    ///
    /// - `frame` lies in a coroutine's memory.
    pub(crate) unsafe fn payload(frame: NonNull<Self>) -> *mut P {
        // SAFETY: our caller's promise.
        let payload = unsafe { &raw mut (*frame.as_ptr()).payload };
        UnsafeCell::raw_get(payload).cast()
    }
}

#[cold]
#[track_caller]
fn too_small(len: usize, needed: usize) -> ! {
    panic!("{len} bytes are too few for this coroutine: give it {needed}")
}

/// Returns the same function, with a type that may unwind.
pub(super) fn that_may_unwind(
    entry: unsafe extern "C" fn(data: *mut (), tag: AbiTag) -> u32,
) -> Entry {
    // SAFETY: code that may call a function that unwinds may call one that does not.
    unsafe { mem::transmute::<unsafe extern "C" fn(*mut (), AbiTag) -> u32, Entry>(entry) }
}

impl RawCore {
    /// Makes a core in `memory` that will run `entry(data)` on a stack in the rest of it.
    ///
    /// `entry` returns [`ENTRY_RETURNED`](Self::ENTRY_RETURNED) when it has finished.
    ///
    /// # Safety
    ///
    /// - `memory` is valid for reads and writes, and nothing else accesses it, until the returned core is no
    ///   longer used and its coroutine has ended. While the coroutine is suspended, its frames are in there: they
    ///   may hold futures that other code points to.
    ///
    /// # Panics
    ///
    /// Panics if the memory is too small; the message says what would be enough.
    #[track_caller]
    pub unsafe fn new_in(
        memory: NonNull<[MaybeUninit<u8>]>,
        entry: unsafe extern "C" fn(data: *mut (), tag: AbiTag) -> u32,
        data: *mut (),
    ) -> NonNull<Self> {
        let entry = that_may_unwind(entry);
        let layout = Frame::<()>::divide(memory.cast::<u8>().addr().get(), memory.len());
        // SAFETY: our caller makes the same promise, and the layout is of this memory.
        unsafe { Self::place_in(memory, layout, entry, data) }
    }

    /// Like [`RawCore::new_in`], in memory that was already divided.
    ///
    /// # Safety
    ///
    /// - As for [`RawCore::new_in`], and [`Frame::place`].
    pub(super) unsafe fn place_in(
        memory: NonNull<[MaybeUninit<u8>]>,
        layout: Layout,
        entry: Entry,
        data: *mut (),
    ) -> NonNull<Self> {
        // SAFETY: our caller's promises.
        let frame = unsafe { Frame::<()>::place(memory, layout, entry, Some(data)) };
        // SAFETY: just placed there.
        unsafe { Frame::core(frame) }
    }
}
