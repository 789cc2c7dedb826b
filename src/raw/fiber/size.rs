//! How large a native stack is.
//!
//! A size that is right for WebAssembly is too small for native code: there a stack has only what has
//! an address, natively it has return addresses, saved registers and all that does not fit into
//! registers. And whoever prints a backtrace, or calls into C, takes what they are used to. So a
//! coroutine gets [`FACTOR`] times what it asks for, and [`AT_LEAST`] in any case, rounded up to a
//! power of two. That is address space. Memory is taken by the page, when it is written to.

/// How many times what was asked for.
pub(crate) const FACTOR: usize = 4;

/// What a coroutine gets that asks for less.
const AT_LEAST: usize = if size_of::<usize>() < 8 { 128 * 1024 } else { 256 * 1024 };

/// The size of the stack of a coroutine that asks for `asked` bytes. None if there is no such size.
pub(super) fn size_for(asked: usize) -> Option<usize> {
    let size = asked.checked_mul(FACTOR)?.max(AT_LEAST).checked_next_power_of_two()?;
    // Half of an address space is nobody's.
    (size <= isize::MAX as usize / 2).then_some(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_raised() {
        assert_eq!(size_for(512), Some(AT_LEAST));
        assert_eq!(size_for(AT_LEAST), Some(4 * AT_LEAST));
        assert_eq!(size_for(AT_LEAST + 1), Some(8 * AT_LEAST));
        for absurd in [usize::MAX, usize::MAX / 4, usize::MAX / 8 + 1] {
            assert_eq!(size_for(absurd), None);
        }
    }
}
