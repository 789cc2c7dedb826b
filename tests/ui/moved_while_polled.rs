//! A coroutine is not moved while it is polled.

use bysyncify::Coroutine;
use std::pin::Pin;
use std::task::{Context, Waker};

fn main() {
    let mut coroutine = Coroutine::new(4096, |_| 1);
    let polling = Pin::new(&mut coroutine);
    let moved = coroutine;
    let _ = polling.poll(&mut Context::from_waker(Waker::noop()));
    drop(moved);
}
