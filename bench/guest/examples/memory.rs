//! What a suspended coroutine takes beyond the stack that was asked for.

use std::alloc::{GlobalAlloc, Layout, System};
use std::future::pending;
use std::mem::forget;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};

use bysyncify::Coroutine;

/// The system's allocator, which counts what it is asked for.
struct Counting;

static ALLOCATED: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the system's allocator does the work, with the arguments that we are given.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: our caller makes the same promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        ALLOCATED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: our caller makes the same promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The bytes, with a closure that captures nothing and a result of no size. Not counted is what
/// the allocator itself keeps with each allocation.
#[unsafe(export_name = "bench memory")]
extern "C" fn memory() -> usize {
    const ASKED: usize = 64 * 1024;
    let before = ALLOCATED.load(Ordering::Relaxed);
    let mut coroutine = Coroutine::new(ASKED, |handle| handle.embed(pending::<()>()));
    let mut context = Context::from_waker(Waker::noop());
    let poll = Pin::new(&mut coroutine).poll(&mut context);
    assert!(poll.is_pending());
    let allocated = ALLOCATED.load(Ordering::Relaxed) - before;
    let own = size_of_val(&coroutine);
    // It would never end: its memory is leaked one way or the other.
    forget(coroutine);
    own + allocated - ASKED
}
