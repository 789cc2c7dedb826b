//! Very many coroutines that are suspended at the same time.

use std::cell::RefCell;
use std::future::poll_fn;
use std::mem::take;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bysyncify::{CoreHandle, Coroutine};

/// The stack of each, in bytes.
const STACK_SIZE: usize = 1024;

type Code = fn(CoreHandle<'_>) -> u32;
type Waits = Coroutine<Code, u32>;

thread_local! {
    static ALL: RefCell<Vec<Waits>> = const { RefCell::new(Vec::new()) };
}

/// Waits twice, and returns 1.
fn wait_twice(handle: CoreHandle<'_>) -> u32 {
    let wait = |number| {
        let mut is_pending = true;
        handle.embed(poll_fn(move |_| {
            if take(&mut is_pending) { Poll::Pending } else { Poll::Ready(number) }
        }))
    };
    wait(0) + wait(1)
}

/// Makes this many.
#[unsafe(export_name = "bench make")]
extern "C" fn make(count: usize) {
    let made = (0..count).map(|_| Coroutine::new(STACK_SIZE, wait_twice as Code));
    ALL.with_borrow_mut(|all| all.extend(made));
}

/// Polls all of them. Returns the sum of their results: 0 while they wait.
#[unsafe(export_name = "bench poll")]
extern "C" fn poll() -> u32 {
    let mut context = Context::from_waker(Waker::noop());
    ALL.with_borrow_mut(|all| {
        let results = all.iter_mut().map(|it| match Pin::new(it).poll(&mut context) {
            Poll::Ready(result) => result,
            Poll::Pending => 0,
        });
        results.sum()
    })
}

/// Drops all of them.
#[unsafe(export_name = "bench drop")]
extern "C" fn drop_all() {
    ALL.take();
}
