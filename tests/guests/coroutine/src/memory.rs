//! What a coroutine takes, and that suspending takes nothing: rule S13 of the design.

use bysyncify::{Coroutine, Stack};
use guest_support::{after_polls, poll_once, tests};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The system's allocator, and what it was asked for.
struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: our caller's promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: our caller's promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations() -> usize {
    ALLOCATIONS.load(Ordering::Relaxed)
}

fn bytes() -> usize {
    BYTES.load(Ordering::Relaxed)
}

tests! {
    fn a_suspended_coroutine_takes_96_bytes_at_the_most_beside_its_stack() {
        for size in [4096, 65536, 1 << 20] {
            let before = (allocations(), bytes());
            let captured = [7u64; 8];
            let mut coroutine = Coroutine::new(size, move |handle| {
                handle.embed(after_polls(1, captured[3]))
            });
            assert!(poll_once(&mut coroutine).is_pending());
            assert_eq!(allocations() - before.0, 1);
            let taken = bytes() - before.1 + size_of_val(&coroutine) - size;
            assert!(taken <= 96 + size_of_val(&captured), "{taken} bytes beside the stack");
            while poll_once(&mut coroutine).is_pending() {}
            drop(coroutine);
            assert_eq!(bytes(), before.1);
        }
    }

    fn suspending_and_resuming_allocates_nothing() {
        let mut coroutine = Coroutine::new(8192, |handle| {
            for _ in 0..1000 {
                handle.embed(after_polls(1, ()));
            }
        });
        assert!(poll_once(&mut coroutine).is_pending());
        let before = allocations();
        for _ in 1..1000 {
            assert!(poll_once(&mut coroutine).is_pending());
        }
        assert!(poll_once(&mut coroutine).is_ready());
        assert_eq!(allocations(), before);
    }

    fn a_stack_is_allocated_once_for_many_coroutines() {
        let mut stack = Stack::new(8192);
        let before = (allocations(), bytes());
        for value in 0..100 {
            let mut coroutine = Coroutine::with_stack(stack, move |handle| {
                handle.embed(after_polls(1, value))
            });
            while poll_once(&mut coroutine).is_pending() {}
            stack = coroutine.into_stack().expect("it has finished");
        }
        assert_eq!((allocations(), bytes()), before);
        drop(stack);
        assert_eq!(bytes(), before.1 - 8192);
    }

    fn every_end_gives_the_memory_back() {
        let before = bytes();
        drop(Coroutine::new(8192, |_| ()));
        let mut cancelled = Coroutine::new(8192, |handle| handle.try_embed(after_polls(1, ())));
        assert!(poll_once(&mut cancelled).is_pending());
        drop(cancelled);
        let mut finished = Coroutine::new(8192, |_| ());
        assert!(poll_once(&mut finished).is_ready());
        drop(finished);
        assert_eq!(bytes(), before);
        // But not while frames are in it.
        let mut abandoned = Coroutine::new(8192, |handle| handle.embed(after_polls(1, ())));
        assert!(poll_once(&mut abandoned).is_pending());
        drop(abandoned);
        assert!(bytes() > before + 8192);
    }
}
