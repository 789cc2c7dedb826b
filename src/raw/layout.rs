//! How a coroutine's memory is divided. Arithmetic only.
//!
//! ```text
//!  low                                                                            high
//!  ├─pad─┬─ frame ──────────────────────────────────┬─ stack ─────────────────────┬─pad─┤
//!  │     │ closure or result │ RawCore │canary      │ Asyncify ──►   ◄── shadow   │     │
//!        ▲                   ▲                      ▲                             ▲
//!        frame               16-aligned             base: 16-aligned              top: 16-aligned
//! ```
//!
//! Two stacks share the space between `base` and `top`. LLVM's *shadow stack* (what has an
//! address) grows down from `top` while the coroutine runs. When it suspends, Asyncify saves
//! the wasm locals of every paused function from `base` up, in what the shadow stack left.
//! So there is one size to choose, not two. In an optimised module of our linker's frames stay there
//! while code runs, of those functions that wait for it to return: then that is where the shadow stack ends.
//!
//! Asyncify wants its buffer 4-aligned (8 on wasm64), and LLVM the shadow stack 16-aligned:
//! both per Binaryen's `Asyncify.cpp` and the WebAssembly C ABI.

#![forbid(unsafe_code)]

/// The alignment of LLVM's shadow stack, in bytes.
pub(crate) const STACK_ALIGN: usize = 16;

/// The smallest stack that a coroutine accepts, in bytes.
///
/// It is not a size to aim for: an unoptimised build needs more to do anything.
pub const MIN_STACK_SIZE: usize = 512;

/// The stack that a coroutine gets which asks for no size, in bytes: 64 KiB, or 256 KiB if this crate
/// is compiled with debug assertions, as in an unoptimised build.
///
/// Of the libraries that this crate is tested with the hungriest is a `flate2` decoder: 39 KB optimised,
/// 120 KB not. It is twice as much, rounded up to a power of two. Many coroutines that do little want
/// less ([`Stack::painted`](crate::Stack::painted) measures), and an interpreter wants more.
pub const DEFAULT_STACK_SIZE: usize = if cfg!(debug_assertions) { 256 * 1024 } else { 64 * 1024 };

/// What `embed` needs for itself, in bytes, with room to spare: measured by running a recursion
/// on stacks of every size, to see that each ends in its result or in a message.
pub(crate) const RED_ZONE: usize = if cfg!(debug_assertions) { 1024 } else { 256 };

/// What a stack should have beyond what was measured, in bytes: [`RED_ZONE`], or the 384 that the
/// checks of our linker want to be left below whoever has one, and 256 for what is within the deepest
/// frame and was not written to, which leaves no trace. Where std writes a number it is 160.
pub(crate) const SPARE: usize = if cfg!(debug_assertions) { 1024 } else { 640 };

/// How much of a coroutine's stack is used, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct StackUsage {
    /// What Asyncify has saved, growing up. In an optimised module of our linker's a part of it may have
    /// been taken again and not be free yet: no more than what is still needed.
    pub frames: usize,
    /// What the shadow stack takes, growing down.
    pub shadow: usize,
}

impl StackUsage {
    /// A size to ask for: both together, and what [`embed`](crate::embed()) and the linker's
    /// checks want to be left (640 bytes, or 1024 with debug assertions), rounded up to 16.
    pub fn total(self) -> usize {
        (self.frames + self.shadow + SPARE).next_multiple_of(STACK_ALIGN)
    }
}

/// Offsets from the low end of a coroutine's memory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) frame: usize,
    pub(crate) base: usize,
    pub(crate) top: usize,
}

impl Layout {
    /// Divides `len` bytes at `address` for a frame of the given size and alignment, both
    /// multiples of 16.
    ///
    /// Errs with the number of bytes that would have been enough.
    #[inline]
    pub(crate) fn divide(
        address: usize,
        len: usize,
        frame: core::alloc::Layout,
    ) -> Result<Self, usize> {
        let needed = Self::needed(MIN_STACK_SIZE, frame);
        debug_assert!(frame.align() >= STACK_ALIGN && frame.size() % STACK_ALIGN == 0);
        let offset = address.next_multiple_of(frame.align()) - address;
        let base = offset + frame.size();
        // Wraps only if `len` is nonsense for this address; then `top` is small.
        let end = address.saturating_add(len) / STACK_ALIGN * STACK_ALIGN;
        let top = end.saturating_sub(address);
        if top < base || top - base < MIN_STACK_SIZE {
            return Err(needed);
        }
        Ok(Self { frame: offset, base, top })
    }

    /// The same, with so many bytes more before it.
    #[cfg(feature = "alloc")]
    #[inline]
    pub(crate) fn after(self, offset: usize) -> Self {
        Self { frame: self.frame + offset, base: self.base + offset, top: self.top + offset }
    }

    /// How many 16-aligned bytes always suffice for a stack of `size` bytes beside such a frame.
    /// Saturates at `usize::MAX`.
    #[inline]
    pub(crate) fn needed(size: usize, frame: core::alloc::Layout) -> usize {
        let lost_to_alignment = frame.align() - STACK_ALIGN;
        (lost_to_alignment + frame.size())
            .saturating_add(size.max(MIN_STACK_SIZE))
            .checked_next_multiple_of(STACK_ALIGN)
            .unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::alloc::Layout as Frame;

    fn frame(size: usize, align: usize) -> Frame {
        Frame::from_size_align(size, align).unwrap()
    }

    #[test]
    fn what_is_needed_is_enough_at_every_aligned_address() {
        for align in [16, 32, 64, 4096] {
            for size in [64, 80, 128, 5008] {
                for stack in [MIN_STACK_SIZE, 513, 65536] {
                    let frame = frame(size, align);
                    let len = Layout::needed(stack, frame);
                    for address in (0x1000..0x3000).step_by(STACK_ALIGN) {
                        let got = Layout::divide(address, len, frame).unwrap();
                        assert!((got.top - got.base) >= stack);
                        assert_eq!((address + got.frame) % align, 0);
                        assert_eq!((address + got.base) % STACK_ALIGN, 0);
                        assert_eq!((address + got.top) % STACK_ALIGN, 0);
                        assert_eq!(got.frame + size, got.base);
                        assert!(got.top <= len);
                    }
                }
            }
        }
    }

    #[test]
    fn any_address_and_length_divides_or_errs() {
        for address in 1..64 {
            for len in 0..1200 {
                match Layout::divide(address, len, frame(64, 16)) {
                    Ok(got) => assert!((got.top - got.base) >= MIN_STACK_SIZE && got.top <= len),
                    Err(needed) => assert_eq!(needed, 512 + 64),
                }
            }
        }
    }

    #[test]
    fn an_ordinary_stack_gets_exactly_what_was_asked_for() {
        let frame = frame(64, 16);
        let got = Layout::divide(0x1000, Layout::needed(4096, frame), frame).unwrap();
        assert_eq!(got, Layout { frame: 0, base: 64, top: 64 + 4096 });
    }

    #[test]
    fn absurd_sizes_saturate() {
        assert_eq!(Layout::needed(usize::MAX, frame(64, 16)), usize::MAX);
    }
}
