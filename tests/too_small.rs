//! A stack that is too small for a coroutine is freed: the same on every target.

use std::alloc::{GlobalAlloc, Layout, System};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicIsize, Ordering};

use bysyncify::{AsyncGenerator, Coroutine, Generator, Stack};

/// The size of a stack that nothing else here has.
const SIZE: usize = 400;

/// How many blocks of that size there are.
static STACKS: AtomicIsize = AtomicIsize::new(0);

struct Counting;

fn counts(layout: Layout) -> isize {
    (layout.size() == SIZE && layout.align() == 16).into()
}

// SAFETY: the system's, which is asked for the same.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        STACKS.fetch_add(counts(layout), Ordering::Relaxed);
        // SAFETY: our caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        STACKS.fetch_sub(counts(layout), Ordering::Relaxed);
        // SAFETY: our caller's promise.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What `make` says when it is given a stack that is too small.
fn refusal<T>(make: impl FnOnce(Stack) -> T) -> String {
    let stack = Stack::new(SIZE);
    assert_eq!(STACKS.load(Ordering::Relaxed), 1);
    let refused = catch_unwind(AssertUnwindSafe(|| drop(make(stack))));
    let payload = refused.expect_err("it is too small");
    *payload.downcast::<String>().expect("a message")
}

#[test]
fn a_stack_that_is_refused_is_freed() {
    let messages = [
        refusal(|stack| Coroutine::with_stack(stack, |_| ())),
        refusal(|stack| Generator::with_stack(stack, |yielder| yielder.yield_(()))),
        refusal(|stack| AsyncGenerator::with_stack(stack, |_, yielder| yielder.yield_(()))),
    ];
    for message in messages {
        assert!(message.starts_with("400 bytes are too few for this coroutine"), "{message}");
    }
    assert_eq!(STACKS.load(Ordering::Relaxed), 0);
}
