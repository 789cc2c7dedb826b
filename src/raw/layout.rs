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
//! Two stacks share the space between `base` and `top`. LLVM's *shadow stack* (values that have an address) grows
//! down from `top` while the coroutine runs. When it suspends, Asyncify saves the wasm locals of every suspended
//! function from `base` up, in the space that the shadow stack has left. So there is one size to choose, not two.
//! In an optimised module of `bysyncify-ld`, frames stay there while code runs: those of the functions that wait
//! for it to return. The shadow stack must not grow below their end.
//!
//! Asyncify needs its buffer 4-aligned (8 on wasm64), and LLVM needs the shadow stack 16-aligned: see Binaryen's
//! `Asyncify.cpp` and the WebAssembly C ABI.

#![forbid(unsafe_code)]

/// The alignment of LLVM's shadow stack, in bytes.
pub(crate) const STACK_ALIGN: usize = 16;

/// The smallest stack that a coroutine accepts, in bytes.
///
/// It is not a recommended size: an unoptimised build needs more to do anything.
pub const MIN_STACK_SIZE: usize = 512;

/// The stack size of a coroutine for which none is given, in bytes: 64 KiB. It is 256 KiB if this crate is
/// compiled with debug assertions, as in an unoptimised build.
///
/// Of the libraries that this crate is tested with, a `flate2` decoder needs most: 39 KB optimised, 120 KB not.
/// The default is twice as much, rounded up to a power of two. Many small coroutines need less
/// ([`Stack::painted`](crate::Stack::painted) measures), and an interpreter needs more.
pub const DEFAULT_STACK_SIZE: usize = if cfg!(debug_assertions) { 256 * 1024 } else { 64 * 1024 };

/// The bytes of stack that `embed` needs for itself, with room to spare. Measured by running a recursion on stacks
/// of every size: each must end in its result or in a message.
pub(crate) const RED_ZONE: usize = if cfg!(debug_assertions) { 1024 } else { 256 };

/// The room that a stack should have beyond the measured use, in bytes. It is [`RED_ZONE`], or the 384 that the
/// checks of `bysyncify-ld` reserve below a function with a check. The latter is raised by 256 for the part of the
/// deepest frame that was not written to, which leaves no trace. In std's formatting of numbers, that part has 160
/// bytes.
pub(crate) const SPARE: usize = if cfg!(debug_assertions) { 1024 } else { 640 };

/// How much of a coroutine's stack is used, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct StackUsage {
    /// The bytes of frames that Asyncify has saved, growing up. In an optimised module of `bysyncify-ld`, a part
    /// of them may have been restored already and not be free yet: no more than what is still needed, and 12 bytes (20
    /// on wasm64) for each unfinished wait.
    pub frames: usize,
    /// The bytes of the shadow stack, growing down.
    pub shadow: usize,
}

impl StackUsage {
    /// Returns a size for a stack, in bytes: the sum of both, and the room that [`embed`](crate::embed()) and the
    /// linker's checks need, rounded up to a multiple of 16. That room is 640 bytes, or 1024 with debug
    /// assertions.
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
    /// The error is the number of bytes that would have been enough.
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
        // The bytes after the last aligned address are lost. A sum that wraps has the same remainder. If a compiler knows
        // that both are aligned, this is `len`.
        let top = len.saturating_sub(address.wrapping_add(len) % STACK_ALIGN);
        if top < base || top - base < MIN_STACK_SIZE {
            return Err(needed);
        }
        Ok(Self { frame: offset, base, top })
    }

    /// The same layout, moved up by `offset` bytes.
    #[cfg(feature = "alloc")]
    #[inline]
    pub(crate) fn after(self, offset: usize) -> Self {
        Self { frame: self.frame + offset, base: self.base + offset, top: self.top + offset }
    }

    /// Returns how many 16-aligned bytes always suffice for a stack of `size` bytes beside such a frame. Saturates
    /// at `usize::MAX`.
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
