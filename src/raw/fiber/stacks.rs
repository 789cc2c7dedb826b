//! Native stacks that are kept for reuse.
//!
//! A stack that is given back is kept for the next coroutine that needs its size (`size.rs`). The first [`KEPT`]
//! stacks of a size keep their pages; those of the others are returned to the system.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[cfg(unix)]
pub(super) use super::arena::NativeStack;
#[cfg(unix)]
use super::overflow;
use super::size::size_for;
#[cfg(windows)]
pub(super) use super::windows::NativeStack;

/// How many stacks of a size keep their pages.
const KEPT: usize = 64;

/// Stacks of one size that were given back.
#[derive(Default)]
struct Free {
    with_pages: Vec<NativeStack>,
    without: Vec<NativeStack>,
}

/// The unused stacks, by size.
static FREE: Mutex<BTreeMap<usize, Free>> = Mutex::new(BTreeMap::new());

fn free() -> MutexGuard<'static, BTreeMap<usize, Free>> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes a stack for a coroutine that requests `asked` bytes. None if there is no memory for it.
pub(super) fn take(asked: usize) -> Option<NativeStack> {
    let size = size_for(asked)?;
    let kept = free().get_mut(&size).and_then(|free| {
        let Free { with_pages, without } = free;
        with_pages.pop().or_else(|| without.pop())
    });
    kept.or_else(|| {
        // Before the first stack exists that could overflow.
        #[cfg(unix)]
        overflow::watch();
        NativeStack::new(size)
    })
}

/// Keeps a stack that is not used any more.
pub(super) fn give_back(stack: NativeStack) {
    let size = stack.size();
    {
        let mut free = free();
        let Free { with_pages, .. } = free.entry(size).or_default();
        if with_pages.len() < KEPT {
            return with_pages.push(stack);
        }
    }
    // This takes a while, so the lock is not held.
    stack.release_pages();
    free().entry(size).or_default().without.push(stack);
}
