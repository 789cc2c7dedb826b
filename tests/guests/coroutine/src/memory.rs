//! How much memory a coroutine takes, and that suspending takes none.

use bysyncify::{Coroutine, Stack};
use guest_support::{after_polls, poll_once, tests};
use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

/// The system's allocator, with counters.
struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: our caller's promises.
        let allocated = unsafe { System.alloc(layout) };
        if layout.size() >= 4096 {
            PLACES.fetch_or(1 << (allocated.addr() / 8 % 2), Ordering::Relaxed);
        }
        allocated
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: our caller's promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// For the addresses of blocks as large as a stack, divided by 8: bit 0 is set if one is even, bit 1 if one is odd.
static PLACES: AtomicUsize = AtomicUsize::new(0);

/// A value that has to be aligned on a stack.
#[repr(align(16))]
struct Aligned([u8; 16]);

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
            let captured = [7u64; 8];
            let before = (allocations(), bytes());
            let mut coroutine = Coroutine::new(size, move |handle| {
                handle.embed(after_polls(1, captured[3]))
            });
            assert!(poll_once(&mut coroutine).is_pending());
            assert_eq!(allocations() - before.0, 1);
            let taken = bytes() - before.1 + size_of_val(&coroutine) - size;
            assert!(taken <= 96 + size_of_val(&captured), "{taken} bytes beside the stack");
            while poll_once(&mut coroutine).is_pending() {}
        }
    }

    fn the_memory_of_the_last_coroutine_is_used_again() {
        let run = |size| drop(Coroutine::new(size, |_| ()));
        run(8192);
        let before = (allocations(), bytes());
        for _ in 0..100 {
            run(8192);
        }
        if cfg!(not(target_feature = "atomics")) {
            assert_eq!(allocations(), before.0);
        }
        assert_eq!(bytes(), before.1);
        // It is that of one coroutine, and not of a large one.
        run(4096);
        assert!(bytes() <= before.1);
        run(1 << 20);
        assert!(bytes() <= before.1);
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
    }

    fn a_stack_is_aligned_wherever_its_memory_lies() {
        let (mut kept, mut stacks, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
        for index in 0..64 {
            // So that blocks get all alignments that the allocator uses.
            kept.push(vec![0u8; 8 * (index % 3 + 1)]);
            let mut coroutine = Coroutine::with_stack(Stack::new(4096), |_| {
                let local = Aligned([1; 16]);
                black_box(&raw const local.0).addr()
            });
            sizes.push(coroutine.stack_size());
            let Poll::Ready(address) = poll_once(&mut coroutine) else { panic!("it does not wait") };
            assert_eq!(address % 16, 0);
            let stack = coroutine.into_stack().expect("it has finished");
            assert_eq!(stack.size(), 4096);
            stacks.push(stack);
            kept.push(vec![0u8; 8 * (index % 2 + 1)]);
        }
        assert!(sizes.iter().all(|size| *size == sizes[0]), "{sizes:?}");
        // The allocator of wasm32 also returns blocks between two multiples of 16.
        let places = if cfg!(target_pointer_width = "32") { 0b11 } else { 0b01 };
        assert_eq!(PLACES.load(Ordering::Relaxed), places);
    }

    fn every_end_gives_the_memory_back() {
        let all_ends = || {
            drop(Coroutine::new(8192, |_| ()));
            let mut cancelled = Coroutine::new(8192, |handle| handle.try_embed(after_polls(1, ())));
            assert!(poll_once(&mut cancelled).is_pending());
            drop(cancelled);
            let mut finished = Coroutine::new(8192, |_| ());
            assert!(poll_once(&mut finished).is_ready());
            drop(finished);
            drop(Stack::new(8192));
        };
        // That of the last one is kept, the same each time.
        all_ends();
        let before = bytes();
        all_ends();
        assert_eq!(bytes(), before);
        // But it is not freed while it has frames.
        drop(Coroutine::new(1024, |_| ()));
        let before = bytes();
        let mut abandoned = Coroutine::new(8192, |handle| handle.embed(after_polls(1, ())));
        assert!(poll_once(&mut abandoned).is_pending());
        drop(abandoned);
        assert!(bytes() > before + 8192);
    }
}
