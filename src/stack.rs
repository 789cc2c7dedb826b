//! Memory for coroutines: allocated once, reused often, measured on request.

use core::alloc::Layout as Frame;
use core::fmt;

use crate::memory::{Memory, RawMemory};
use crate::raw::layout::{STACK_ALIGN, StackUsage};

/// Owned memory for one coroutine at a time.
///
/// Pass it to [`Coroutine::with_stack`](crate::Coroutine::with_stack).
/// [`Coroutine::into_stack`](crate::Coroutine::into_stack) returns it when the coroutine has finished.
pub struct Stack {
    memory: Memory,
    painted: bool,
    high_water: Option<StackUsage>,
}

impl Stack {
    /// Allocates `size` bytes, rounded up to a multiple of 16 and aligned to 16.
    ///
    /// A coroutine keeps both its closure and its stack in this memory.
    ///
    /// # Panics
    ///
    /// Panics if there is no memory for it.
    #[inline]
    #[track_caller]
    pub fn new(size: usize) -> Self {
        let Some(memory) = Memory::new(size) else { no_memory(size) };
        Self { memory, painted: false, high_water: None }
    }

    /// Like [`Stack::new`], and measures how much a coroutine uses: see
    /// [`Stack::high_water`].
    ///
    /// That takes one pass over the whole memory before the coroutine runs, and one after.
    ///
    /// # Panics
    ///
    /// Panics as [`Stack::new`] does.
    #[track_caller]
    pub fn painted(size: usize) -> Self {
        Self { painted: true, ..Self::new(size) }
    }

    /// The size in bytes: the requested size, rounded up to a multiple of 16.
    #[inline]
    pub fn size(&self) -> usize {
        self.memory.size()
    }

    /// The most that the last coroutine has used at any time. None unless the stack was made by [`Stack::painted`]
    /// and a coroutine has finished on it.
    ///
    /// A stack of `total()` bytes is enough to run the same again. A smaller one may do, because the two maxima
    /// are of different moments. What is within a frame and was never written to is not seen: if the deepest
    /// function has more than 256 bytes of that, a message asks for them.
    ///
    /// The longest range that was not written to separates frames from shadow stack. If the two add up to nearly
    /// the whole stack, there was no such range: measure with a larger stack.
    pub fn high_water(&self) -> Option<StackUsage> {
        self.high_water
    }

    #[inline]
    pub(crate) fn is_painted(&self) -> bool {
        self.painted
    }

    /// The address of the stack's first byte, 16-aligned: it decides how the memory is divided.
    #[inline]
    pub(crate) fn address(&self) -> usize {
        self.memory.address().next_multiple_of(STACK_ALIGN)
    }

    /// The offset of that byte in the memory that [`Stack::into_raw`] gives away.
    #[inline]
    pub(crate) fn offset(&self) -> usize {
        self.address() - self.memory.address()
    }

    /// Gives the memory away, to be turned into a stack again by `from_raw`, or leaked. It is for a coroutine with
    /// such a frame.
    #[inline]
    pub(crate) fn into_raw(self, frame: Frame) -> RawMemory {
        self.memory.into_raw(frame)
    }

    /// # Safety
    ///
    /// - `memory` comes from `into_raw`, with the same frame, and nothing uses it any more. `stack` is the size of
    ///   the stack beside the frame.
    #[inline]
    pub(crate) unsafe fn from_raw(
        memory: RawMemory,
        frame: Frame,
        stack: usize,
        high_water: Option<StackUsage>,
    ) -> Self {
        // SAFETY: our caller makes the same promises.
        let memory = unsafe { Memory::from_raw(memory, frame, stack) };
        Self { memory, painted: high_water.is_some(), high_water }
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack")
            .field("size", &self.size())
            .field("painted", &self.painted)
            .field("high_water", &self.high_water)
            .finish()
    }
}

/// Panics. If memory is exhausted, std ends the program, and on `wasm32-unknown-unknown` without a message. Here a
/// message helps: most likely the size is wrong.
#[cold]
#[track_caller]
fn no_memory(size: usize) -> ! {
    panic!("there is no memory for a stack of {size} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_rounded_up() {
        for (asked, got) in [(0, 0), (1, 16), (16, 16), (4097, 4112)] {
            let stack = Stack::new(asked);
            assert_eq!(stack.size(), got);
        }
    }

    #[test]
    fn memory_survives_the_round_trip() {
        let frame = Frame::from_size_align(64, 16).unwrap();
        let raw = Stack::new(100).into_raw(frame);
        assert!(raw.len() >= 64 && raw.cast::<u8>().addr().get() % 16 == 0);
        // SAFETY: just given away, and not used since.
        let stack = unsafe { Stack::from_raw(raw, frame, 112 - 64, None) };
        assert_eq!(stack.size(), 112);
    }
}
