//! Memory for native stacks on Unix: many are mapped at once, each above a guard.
//!
//! ```text
//!   a chunk: one mapping
//!   ┌───────┬───────────────┬───────┬───────────────┬───────┬───────────────┬── not used yet ──┐
//!   │ guard │ ◄── a stack   │ guard │ ◄── a stack   │ guard │ ◄── a stack   │                  │
//!   └───────┴───────────────┴───────┴───────────────┴───────┴───────────────┴──────────────────┘
//!   an access to a guard, below a stack, causes SIGSEGV (SIGBUS on macOS): `overflow.rs`
//! ```
//!
//! Linux limits a process to 65,530 mappings (`vm.max_map_count`). A guard made by `mprotect` splits a mapping in
//! two, so that about 32,000 stacks would be the most. Linux 6.13 has guards that split nothing
//! (`MADV_GUARD_INSTALL`): these are tried first. Where they are missing, `mprotect` is used. When that reaches
//! the limit, [`NativeStack::new`] returns none, and never a stack without a guard.
//!
//! Chunks are never unmapped, because a signal handler reads them. Their pages are returned to the system:
//! [`NativeStack::release_pages`].

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, PoisonError};

use corosensei::stack::{Stack, StackPointer};

/// The size of a guard: that of the largest pages there are. Where compilers do not probe the stack, a frame may
/// skip a guard of one page.
pub(super) const GUARD: usize = 64 * 1024;

/// The approximate size of a mapping.
const CHUNK: usize = 16 * 1024 * 1024;

/// Linux's constant for a guard that does not split the mapping. `libc` does not have it for every C library.
#[cfg(any(target_os = "linux", target_os = "android"))]
const MADV_GUARD_INSTALL: libc::c_int = 102;

/// A slot of a chunk. It has no other owner: it is neither `Clone` nor made twice.
pub(crate) struct NativeStack {
    /// The guard's low end.
    limit: StackPointer,
    base: StackPointer,
}

/// A mapping for stacks of one size.
pub(super) struct Chunk {
    low: usize,
    /// The size of one stack, without its guard.
    size: usize,
    slots: usize,
    next: *const Chunk,
}

/// The newest chunk: the head of a list that only grows, so that a signal handler can read it.
static CHUNKS: AtomicPtr<Chunk> = AtomicPtr::new(ptr::null_mut());

/// The unused slots of the newest chunk of a size.
struct Fresh {
    low: *mut u8,
    slots: usize,
}

// SAFETY: memory that nothing else refers to.
unsafe impl Send for Fresh {}

/// The unused slots, by the size of stacks.
static FRESH: Mutex<BTreeMap<usize, Fresh>> = Mutex::new(BTreeMap::new());

impl NativeStack {
    /// Makes a stack of `size` bytes, a multiple of 64 KiB. None if there is no memory for it.
    pub(super) fn new(size: usize) -> Option<Self> {
        let slot = GUARD.checked_add(size)?;
        let mut all = FRESH.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = all.entry(size).or_insert(Fresh { low: ptr::null_mut(), slots: 0 });
        if fresh.slots == 0 {
            *fresh = map(size, slot)?;
        }
        let low = fresh.low;
        if !protect(low) {
            return None;
        }
        fresh.slots -= 1;
        fresh.low = low.wrapping_add(slot);
        // From now on the stack is accessed through this address.
        let low = low.expose_provenance();
        Some(Self { limit: StackPointer::new(low)?, base: StackPointer::new(low + slot)? })
    }

    pub(super) fn size(&self) -> usize {
        self.base.get() - self.limit.get() - GUARD
    }

    /// Returns the pages to the system. Later writes get new pages.
    pub(super) fn release_pages(&self) {
        let low = ptr::with_exposed_provenance_mut(self.limit.get() + GUARD);
        // SAFETY: the stack is ours, and its contents are not used any more. If this fails, the pages stay, which
        // does no harm.
        unsafe { libc::madvise(low, self.size(), libc::MADV_DONTNEED) };
    }
}

// SAFETY: `NativeStack::new` makes a stack of at least 64 KiB, above a guard that nothing can write to.
unsafe impl Stack for NativeStack {
    #[inline]
    fn base(&self) -> StackPointer {
        self.base
    }

    #[inline]
    fn limit(&self) -> StackPointer {
        self.limit
    }
}

/// Maps a chunk for stacks of `size` bytes.
fn map(size: usize, slot: usize) -> Option<Fresh> {
    let slots = (CHUNK / slot).max(1);
    let len = slots.checked_mul(slot)?;
    // Memory is not reserved before it is used, and OpenBSD requires stacks to be marked.
    let flags = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_NORESERVE | STACK;
    let access = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: a new mapping, wherever there is room.
    let mapping = unsafe { libc::mmap(ptr::null_mut(), len, access, flags, -1, 0) };
    if mapping == libc::MAP_FAILED {
        return None;
    }
    // Otherwise the first page of a stack could take 2 MiB.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: the mapping is ours. It is advice.
    unsafe {
        libc::madvise(mapping, len, libc::MADV_NOHUGEPAGE)
    };
    let low = mapping.cast::<u8>();
    let next = CHUNKS.load(Ordering::Relaxed);
    // Only the holder of `FRESH` adds to the list.
    let chunk = Box::leak(Box::new(Chunk { low: low.addr(), size, slots, next }));
    CHUNKS.store(chunk, Ordering::Release);
    Some(Fresh { low, slots })
}

#[cfg(not(any(target_os = "macos", target_os = "ios")))]
const STACK: libc::c_int = libc::MAP_STACK;
#[cfg(any(target_os = "macos", target_os = "ios"))]
const STACK: libc::c_int = 0;

/// Makes the guard at the low end of a slot. Returns whether there is one now.
fn protect(low: *mut u8) -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        // SAFETY: a part of a mapping of ours that nothing uses.
        let result = unsafe { libc::madvise(low.cast(), GUARD, MADV_GUARD_INSTALL) };
        if result == 0 {
            return true;
        }
    }
    // SAFETY: likewise.
    unsafe { libc::mprotect(low.cast(), GUARD, libc::PROT_NONE) == 0 }
}

/// The size of the stack that overflows if `address` was accessed. None if no guard is there.
///
/// Called by a signal handler: it only reads memory.
pub(super) fn whose_guard(address: usize) -> Option<usize> {
    let mut chunk = CHUNKS.load(Ordering::Acquire).cast_const();
    // SAFETY: chunks are never freed, and were filled before they were put into the list.
    while let Some(&Chunk { low, size, slots, next }) = unsafe { chunk.as_ref() } {
        let offset = address.wrapping_sub(low);
        if offset < slots * (GUARD + size) {
            return (offset % (GUARD + size) < GUARD).then_some(size);
        }
        chunk = next;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn what_lies_below_a_stack_is_its_guard() {
        let stack = NativeStack::new(1 << 20).unwrap();
        let (limit, base) = (stack.limit().get(), stack.base().get());
        assert_eq!((base - limit, stack.size()), ((1 << 20) + GUARD, 1 << 20));
        for in_guard in [limit, limit + GUARD - 1] {
            assert_eq!(whose_guard(in_guard), Some(1 << 20));
        }
        for elsewhere in [limit + GUARD, base - 1, 16, usize::MAX] {
            assert_eq!(whose_guard(elsewhere), None);
        }
        let low = ptr::with_exposed_provenance_mut::<u8>(limit + GUARD);
        // SAFETY: the stack's lowest byte.
        unsafe { low.write_volatile(7) };
        stack.release_pages();
        // SAFETY: likewise.
        assert_eq!(unsafe { low.read_volatile() }, if cfg!(target_os = "linux") { 0 } else { 7 });
    }

    #[test]
    fn stacks_are_apart() {
        let mut stacks: Vec<_> = (0..200).map(|_| NativeStack::new(1 << 18).unwrap()).collect();
        stacks.sort_by_key(NativeStack::limit);
        assert!(stacks.is_sorted_by(|one, next| one.base() <= next.limit()));
    }

    #[test]
    fn there_may_be_no_memory() {
        assert!(NativeStack::new(isize::MAX as usize / 2).is_none());
        assert!(NativeStack::new(usize::MAX - 1).is_none());
    }
}
