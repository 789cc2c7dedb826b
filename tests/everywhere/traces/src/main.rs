//! Traps in a coroutine that has waited, below functions that were on its stack meanwhile.

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

fn descends(depth: u32) -> u32 {
    match depth {
        0 => waits_and_traps(),
        _ => descends(depth - 1) + 1, // descends
    }
}

fn waits_and_traps() -> u32 {
    bysyncify::embed(Again(false));
    std::process::abort() // traps
}

fn main() {
    let mut coroutine = Box::pin(bysyncify::Coroutine::new(1 << 16, |_| {
        descends(2) // begins
    }));
    let mut context = Context::from_waker(Waker::noop());
    while coroutine.as_mut().poll(&mut context).is_pending() {} // polls
}
