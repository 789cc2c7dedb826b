//! Native stacks: how large they are, and those that are kept for the next coroutine.
//!
//! A size that is right for WebAssembly is too small for native code: there a stack has only what has
//! an address, natively it has return addresses, saved registers and all that does not fit into
//! registers. And whoever prints a backtrace, or calls into C, takes what they are used to. So a
//! coroutine gets [`FACTOR`] times what it asks for, and [`AT_LEAST`] in any case, rounded up to a
//! power of two. That is address space. Memory is taken by the page, when it is written to.
//!
//! A stack that is given back is kept for the next of its size. The pages that were written to stay
//! with the first [`KEPT`] of a size; those of others go back to the system.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[cfg(unix)]
pub(super) use super::arena::NativeStack;
#[cfg(windows)]
pub(super) use super::windows::NativeStack;

/// How many times what was asked for.
pub(crate) const FACTOR: usize = 4;

/// What a coroutine gets that asks for less.
const AT_LEAST: usize = if size_of::<usize>() < 8 { 128 * 1024 } else { 256 * 1024 };

/// How many stacks of a size are kept with the pages that they have.
const KEPT: usize = 64;

/// Stacks of one size that were given back.
#[derive(Default)]
struct Free {
    with_pages: Vec<NativeStack>,
    without: Vec<NativeStack>,
}

/// By size.
static FREE: Mutex<BTreeMap<usize, Free>> = Mutex::new(BTreeMap::new());

fn free() -> MutexGuard<'static, BTreeMap<usize, Free>> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The size of the stack of a coroutine that asks for `asked` bytes. None if there is no such size.
fn size_for(asked: usize) -> Option<usize> {
    let size = asked.checked_mul(FACTOR)?.max(AT_LEAST).checked_next_power_of_two()?;
    // Half of an address space is nobody's.
    (size <= isize::MAX as usize / 2).then_some(size)
}

/// A stack for a coroutine that asks for so many bytes. None if there is no memory for it.
pub(super) fn take(asked: usize) -> Option<NativeStack> {
    let size = size_for(asked)?;
    let kept = free().get_mut(&size).and_then(|free| {
        let Free { with_pages, without } = free;
        with_pages.pop().or_else(|| without.pop())
    });
    kept.or_else(|| NativeStack::new(size))
}

/// Keeps a stack that nobody uses any more.
pub(super) fn give_back(stack: NativeStack) {
    let size = stack.size();
    {
        let mut free = free();
        let Free { with_pages, .. } = free.entry(size).or_default();
        if with_pages.len() < KEPT {
            return with_pages.push(stack);
        }
    }
    // Takes a while: others need not wait for it.
    stack.release_pages();
    free().entry(size).or_default().without.push(stack);
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
