//! The smallest program with a coroutine, for its size: waits for one event, then returns.
//! `no_coroutine.rs` is the same without one.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};

use bysyncify::Coroutine;

static EVENT: AtomicU32 = AtomicU32::new(0);

/// Sets the event, polls twice, and returns what was waited for.
#[unsafe(export_name = "run")]
extern "C" fn run(event: u32) -> u32 {
    let wait = || {
        poll_fn(|_| match EVENT.load(Ordering::Relaxed) {
            0 => Poll::Pending,
            event => Poll::Ready(event),
        })
    };
    let mut future = Coroutine::new(4096, move |handle| handle.embed(wait()));
    let mut context = Context::from_waker(Waker::noop());
    let early = Pin::new(&mut future).poll(&mut context).is_ready();
    EVENT.store(event, Ordering::Relaxed);
    match Pin::new(&mut future).poll(&mut context) {
        Poll::Ready(event) if !early => event,
        _ => 0,
    }
}
