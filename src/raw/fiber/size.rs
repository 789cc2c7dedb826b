//! The size of native stacks.
//!
//! A size that is right for WebAssembly is too small for native code. In WebAssembly, the stack holds only values
//! that have an address. Natively, it also holds return addresses, saved registers and all values that do not fit
//! into registers. Code that prints a backtrace, or C code, relies on large stacks. So a coroutine gets [`FACTOR`]
//! times the requested size, and at least [`AT_LEAST`], rounded up to a power of two. That is address space:
//! memory is taken by the page, when it is written to.

/// The factor from the requested size to the native one.
pub(crate) const FACTOR: usize = 4;

/// The size of the smallest native stack.
const AT_LEAST: usize = if size_of::<usize>() < 8 { 128 * 1024 } else { 256 * 1024 };

/// The size of the native stack of a coroutine that requests `asked` bytes. None if there is no such size.
pub(super) fn size_for(asked: usize) -> Option<usize> {
    let size = asked.checked_mul(FACTOR)?.max(AT_LEAST).checked_next_power_of_two()?;
    // A larger one does not fit into the address space of any program.
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
