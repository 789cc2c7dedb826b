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
    use core::mem;
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

    type Blocks = Box<[MaybeUninit<Block>]>;

    pub(crate) struct Memory(Blocks);

    impl Memory {
        /// Returns None if memory is exhausted.
        #[inline]
        pub(crate) fn new(size: usize) -> Option<Self> {
            let len = size.checked_next_multiple_of(STACK_ALIGN)?.checked_add(SPARE)?;
            let blocks = len / size_of::<Block>();
            if blocks == 0 {
                return Some(Self(Box::default()));
            }
            allocate(blocks).map(Self)
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
        pub(crate) fn into_raw(mut self, _: Frame) -> RawMemory {
            let memory = mem::take(&mut self.0);
            let len = size_of_val(&*memory);
            NonNull::slice_from_raw_parts(NonNull::from(Box::leak(memory)).cast(), len)
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

    impl Drop for Memory {
        #[inline]
        fn drop(&mut self) {
            let memory = mem::take(&mut self.0);
            if !memory.is_empty() {
                free(memory);
            }
        }
    }

    /// Returns None if memory is exhausted. `blocks` is not 0.
    //
    // Not inlined, like `free`: otherwise they would be in the code of each kind of coroutine.
    #[inline(never)]
    fn allocate(blocks: usize) -> Option<Blocks> {
        #[cfg(bysyncify_single_threaded)]
        if let Some(memory) = kept::take(blocks) {
            return Some(memory);
        }
        let layout = Layout::array::<Block>(blocks).ok()?;
        // SAFETY: it has a size.
        let allocated = || NonNull::new(unsafe { alloc(layout) });
        let memory = allocated();
        // Perhaps there is room for it in what is kept.
        #[cfg(bysyncify_single_threaded)]
        let memory = memory.or_else(|| {
            drop(kept::take_any());
            allocated()
        });
        let memory = ptr::slice_from_raw_parts_mut(memory?.as_ptr().cast(), blocks);
        // SAFETY: just allocated, with the layout of such a slice, which need not be initialized.
        Some(unsafe { Box::from_raw(memory) })
    }

    /// Frees memory, or keeps it and frees what was kept before.
    #[inline(never)]
    fn free(memory: Blocks) {
        #[cfg(bysyncify_single_threaded)]
        let memory = kept::exchange(memory);
        drop(memory);
    }

    /// The memory that was freed last, for the next coroutine whose memory has the same size. To allocate and to free
    /// it took a quarter of the instructions of a coroutine that waits once (`c10m` in bench/literature.md).
    #[cfg(bysyncify_single_threaded)]
    mod kept {
        use core::cell::Cell;

        use super::{Block, Blocks, Box, MaybeUninit, ptr};
        use crate::raw::layout::DEFAULT_STACK_SIZE;

        /// The most that is kept, in bytes: enough for a stack of the default size, and what lies below it.
        const MOST: usize = 2 * DEFAULT_STACK_SIZE;

        /// What is kept, or a slice of no blocks at no address.
        struct Kept(Cell<*mut [MaybeUninit<Block>]>);

        // SAFETY: the target has no threads (build.rs).
        unsafe impl Sync for Kept {}

        const NOTHING: *mut [MaybeUninit<Block>] =
            ptr::slice_from_raw_parts_mut(ptr::null_mut(), 0);

        static KEPT: Kept = Kept(Cell::new(NOTHING));

        /// Takes what is kept, if it has so many blocks. That is not 0.
        pub(super) fn take(blocks: usize) -> Option<Blocks> {
            let kept = KEPT.0.get();
            if kept.len() != blocks {
                return None;
            }
            KEPT.0.set(NOTHING);
            // SAFETY: it is not `NOTHING`, which has no blocks; so `exchange` has made it of such a box. It is
            // not kept any more.
            Some(unsafe { Box::from_raw(kept) })
        }

        /// Takes what is kept.
        pub(super) fn take_any() -> Option<Blocks> {
            let kept = KEPT.0.replace(NOTHING);
            // SAFETY: as in `take`: it was made of such a box, and is not kept any more.
            (!kept.is_null()).then(|| unsafe { Box::from_raw(kept) })
        }

        /// Keeps `memory`, if it is not too large. Returns what is to be freed.
        pub(super) fn exchange(memory: Blocks) -> Option<Blocks> {
            if size_of_val(&*memory) > MOST {
                return Some(memory);
            }
            let before = take_any();
            KEPT.0.set(Box::into_raw(memory));
            before
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
