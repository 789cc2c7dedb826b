//! The memory of one coroutine, which a [`Stack`](crate::Stack) owns.
//!
//! | | where a coroutine's stack lies in its memory | natively |
//! |---|---|---|
//! | a `Stack` is | a block of the heap | a size |
//! | a coroutine made on it has | that block | a block for what lies below a stack (`src/raw/frame.rs`), and when it runs a native stack |
//! | given back, it is | the same block | the same size; native stacks are kept elsewhere (`src/raw/fiber/stacks.rs`) |
//!
//! Both divide it in the same way, so that a coroutine that is refused in WebAssembly, because it does not fit, is
//! refused natively, too.

use core::alloc::Layout as Frame;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

pub(crate) use imp::Memory;

/// Memory that `Memory::into_raw` gives away: at least enough for the part that lies below a stack.
pub(crate) type RawMemory = NonNull<[MaybeUninit<u8>]>;

#[cfg(not(bysyncify_native))]
mod imp {
    use alloc::alloc::alloc;
    use alloc::boxed::Box;
    use core::alloc::Layout;
    use core::ptr;

    use super::{Frame, MaybeUninit, NonNull, RawMemory};
    use crate::raw::layout::STACK_ALIGN;

    /// The unit of allocation. It has the largest alignment that the allocator gives without extra work. The
    /// allocator of wasm32 gives 8 bytes. For 16 it allocates a larger block and frees both ends of it, which
    /// takes three times as long.
    #[derive(Clone, Copy)]
    #[repr(C)]
    #[cfg_attr(not(target_pointer_width = "64"), repr(align(8)))]
    #[cfg_attr(target_pointer_width = "64", repr(align(16)))]
    struct Block([usize; 2]);

    const _: () = assert!(size_of::<Block>() == align_of::<Block>());

    /// Bytes of a block beyond the requested size, so that a stack can be aligned in it.
    const SPARE: usize = STACK_ALIGN - size_of::<Block>();

    pub(crate) struct Memory(Box<[MaybeUninit<Block>]>);

    impl Memory {
        /// Returns None if memory is exhausted.
        #[inline]
        pub(crate) fn new(size: usize) -> Option<Self> {
            let len = size.checked_next_multiple_of(STACK_ALIGN)?.checked_add(SPARE)?;
            let blocks = len / size_of::<Block>();
            let layout = Layout::array::<Block>(blocks).ok()?;
            if blocks == 0 {
                return Some(Self(Box::default()));
            }
            // SAFETY: it has a size.
            let memory = NonNull::new(unsafe { alloc(layout) })?;
            let memory = ptr::slice_from_raw_parts_mut(memory.as_ptr().cast(), blocks);
            // SAFETY: just allocated, with the layout of such a slice, which need not be initialized.
            Some(Self(unsafe { Box::from_raw(memory) }))
        }

        #[inline]
        pub(crate) fn size(&self) -> usize {
            size_of_val(&*self.0) - SPARE
        }

        /// The address of the memory: its alignment decides how the memory is divided.
        #[inline]
        pub(crate) fn address(&self) -> usize {
            self.0.as_ptr().addr()
        }

        /// Gives the memory away, to be turned into a `Memory` again by `from_raw`, or leaked.
        #[inline]
        pub(crate) fn into_raw(self, _: Frame) -> RawMemory {
            let len = size_of_val(&*self.0);
            NonNull::slice_from_raw_parts(NonNull::from(Box::leak(self.0)).cast(), len)
        }

        /// # Safety
        ///
        /// - `memory` comes from `into_raw`, and nothing uses it any more.
        #[inline]
        pub(crate) unsafe fn from_raw(memory: RawMemory, _: Frame, _stack: usize) -> Self {
            let blocks = memory.len() / size_of::<Block>();
            let memory = ptr::slice_from_raw_parts_mut(memory.as_ptr().cast(), blocks);
            // SAFETY: `into_raw` leaked such a box, by our contract.
            Self(unsafe { Box::from_raw(memory) })
        }
    }
}

#[cfg(bysyncify_native)]
mod imp {
    use alloc::alloc::{alloc, dealloc, handle_alloc_error};

    use super::{Frame, NonNull, RawMemory};
    use crate::raw::layout::STACK_ALIGN;

    pub(crate) struct Memory {
        size: usize,
    }

    impl Memory {
        /// Returns None if the size exceeds what any allocation can have.
        pub(crate) fn new(size: usize) -> Option<Self> {
            let size = size.checked_next_multiple_of(STACK_ALIGN)?;
            (size <= isize::MAX as usize).then_some(Self { size })
        }

        pub(crate) fn size(&self) -> usize {
            self.size
        }

        /// The address of an imagined block, with the best alignment.
        pub(crate) fn address(&self) -> usize {
            0
        }

        /// Allocates a block for a frame, to be turned into memory again by `from_raw`, or leaked.
        pub(crate) fn into_raw(self, frame: Frame) -> RawMemory {
            // SAFETY: there is a core in each frame, so it is not empty.
            let block = unsafe { alloc(frame) };
            let Some(block) = NonNull::new(block) else { handle_alloc_error(frame) };
            NonNull::slice_from_raw_parts(block.cast(), frame.size())
        }

        /// # Safety
        ///
        /// - `memory` comes from `into_raw`, with the same frame, and nothing uses it any more. `stack` is the
        ///   size that was left beside the frame.
        pub(crate) unsafe fn from_raw(memory: RawMemory, frame: Frame, stack: usize) -> Self {
            // SAFETY: our caller's promise.
            unsafe { dealloc(memory.as_ptr().cast(), frame) };
            Self { size: frame.size() + stack }
        }
    }
}
