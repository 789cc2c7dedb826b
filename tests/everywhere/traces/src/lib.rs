//! A coroutine that waits, and comes to its end below functions that were on its stack meanwhile.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Is ready when it is polled once more.
struct Again(bool);

impl Future for Again {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        match std::mem::replace(&mut self.0, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

fn descends(depth: u32, end: fn() -> u32) -> u32 {
    match depth {
        0 => waits(end),
        _ => descends(depth - 1, end) + 1, // descends
    }
}

fn waits(end: fn() -> u32) -> u32 {
    bysyncify::embed(Again(false));
    end() + 1 // ends
}

/// Calls `end` in a coroutine that has waited.
pub fn waits_before(end: fn() -> u32) {
    let mut coroutine = Box::pin(bysyncify::Coroutine::new(1 << 16, move |_| {
        descends(2, end) // begins
    }));
    let mut context = Context::from_waker(Waker::noop());
    while coroutine.as_mut().poll(&mut context).is_pending() {} // polls
}
