//! A stack that is too small for a coroutine is freed, and so is all else.

use std::alloc::{GlobalAlloc, Layout, System};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicIsize, Ordering};

use bysyncify::{AsyncGenerator, Coroutine, Generator, Stack};

/// How many bytes are allocated.
static BYTES: AtomicIsize = AtomicIsize::new(0);

struct Counting;

// SAFETY: the system's, which is asked for the same.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: our caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: our caller's promise.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What `make` says when it is given a stack that is too small. The second time: what a first panic
/// allocates stays.
fn refusal<T>(make: impl Fn(Stack) -> T) -> String {
    let refuse = || {
        let refused = catch_unwind(AssertUnwindSafe(|| drop(make(Stack::new(400)))));
        let payload = refused.expect_err("it is too small");
        *payload.downcast::<String>().expect("a message")
    };
    drop(refuse());
    let before = BYTES.load(Ordering::Relaxed);
    let message = refuse();
    let after = BYTES.load(Ordering::Relaxed) - message.capacity() as isize;
    assert_eq!(after - before, 0);
    message
}

#[test]
fn a_stack_that_is_refused_is_freed() {
    // Told nowhere: the test's own output grows.
    std::panic::set_hook(Box::new(|_| {}));
    let messages = [
        refusal(|stack| Coroutine::with_stack(stack, |_| ())),
        refusal(|stack| Generator::with_stack(stack, |yielder| yielder.yield_(()))),
        refusal(|stack| AsyncGenerator::with_stack(stack, |_, yielder| yielder.yield_(()))),
    ];
    let _ = std::panic::take_hook();
    for message in messages {
        assert!(message.starts_with("400 bytes are too few for this coroutine"), "{message}");
    }
}
