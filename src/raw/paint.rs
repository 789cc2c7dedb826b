//! Measures how much of a stack was used: it is filled with a word that programs rarely write, and later searched
//! for other words.
//!
//! In WebAssembly, and wherever the stack lies in the coroutine's memory, it is filled when the coroutine is made,
//! and searched when its memory is taken back. A native stack exists only while the coroutine runs: it is filled
//! when the coroutine is started, and searched when the coroutine has returned (`fiber`).

use core::ops::Range;

use super::layout::StackUsage;

/// A word that programs rarely write.
const PAINT: u32 = 0xbadc_ab1e;

/// Fills an unused stack with paint.
///
/// # Safety
///
/// - The range is valid for writes and 4-aligned at its low end, and no coroutine uses it.
pub(crate) unsafe fn paint(stack: &Range<*mut u8>) {
    for index in 0..words(stack) {
        // SAFETY: in bounds, by our contract.
        let word = unsafe { stack.start.cast::<u32>().add(index) };
        // SAFETY: in bounds and aligned, by our contract.
        unsafe { word.write(PAINT) };
    }
}

/// Finds where the paint is gone: frames grow from below, the shadow stack from above.
///
/// # Safety
///
/// - The range was painted, and a coroutine has finished on it.
pub(crate) unsafe fn measure(stack: &Range<*mut u8>) -> StackUsage {
    let is_paint = |index: usize| {
        // SAFETY: in bounds, by our contract.
        let word = unsafe { stack.start.cast::<u32>().add(index) };
        // SAFETY: in bounds and aligned, and written by `paint` at least. Volatile, because what
        // lies there now was written by frames that the compiler thinks are gone.
        unsafe { word.read_volatile() == PAINT }
    };
    // Both halves have gaps: the shadow stack has arrays that were never filled, and the frames have locals that
    // were loaded from such an array. The part that was never used is the longest run of paint.
    let words = words(stack);
    let (mut start, mut unused) = (0, 0..0);
    for index in 0..=words {
        if index == words || !is_paint(index) {
            if index - start > unused.len() {
                unused = start..index;
            }
            start = index + 1;
        }
    }
    StackUsage { frames: 4 * unused.start, shadow: 4 * (words - unused.end) }
}

fn words(stack: &Range<*mut u8>) -> usize {
    (stack.end.addr() - stack.start.addr()) / 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raw::layout::SPARE;

    #[test]
    fn both_halves_are_measured() {
        let mut memory = [0u32; 64];
        let range = memory.as_mut_ptr_range();
        let range = range.start.cast::<u8>()..range.end.cast::<u8>();
        // SAFETY: an array of our own.
        unsafe { paint(&range) };
        // SAFETY: painted.
        let unused = unsafe { measure(&range) };
        assert_eq!(unused, StackUsage { frames: 0, shadow: 0 });

        // With gaps, like those of arrays that were never filled.
        for word in [0, 2, 50, 60] {
            // SAFETY: in bounds.
            let word = unsafe { range.start.cast::<u32>().add(word) };
            // SAFETY: in bounds and aligned.
            unsafe { word.write(7) };
        }
        // SAFETY: painted.
        let used = unsafe { measure(&range) };
        assert_eq!(used, StackUsage { frames: 12, shadow: 56 });
        assert_eq!(used.total(), (68 + SPARE).next_multiple_of(16));
    }
}
