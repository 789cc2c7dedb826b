//! What `cargo xtask bench` measures, each beside its alternative.

use std::future::{Future, poll_fn};
use std::hint::black_box;
use std::mem::replace;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};

use bysyncify::{Coroutine, embed};

/// Not a constant, so that nothing is optimised away that depends on it.
static ONE: AtomicU32 = AtomicU32::new(1);

/// Suspends for ever. Inlined, as short closures are.
#[inline(always)]
fn wait() -> u32 {
    embed(poll_fn(|_| match ONE.load(Ordering::Relaxed) {
        1 => Poll::Pending,
        _ => Poll::Ready(0),
    }))
}

/// The deepest frame. Apart, because what Asyncify saves for `wait` would otherwise be saved
/// once for every frame of `descend`.
#[inline(never)]
fn bottom() -> u32 {
    wait()
}

/// Suspends for ever with `depth` frames more than this one on the stack.
fn descend(depth: u32) -> u32 {
    let value = if depth == 1 { bottom() } else { descend(depth - 1) };
    value.rotate_left(1) ^ ONE.load(Ordering::Relaxed)
}

fn poll_pending<F: Future + Unpin>(mut future: F, count: u32) {
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..count {
        assert!(Pin::new(&mut future).poll(&mut context).is_pending());
    }
}

/// Suspends and resumes one coroutine `count` times, with `depth` frames on top of its first.
#[unsafe(export_name = "bench suspend")]
extern "C" fn suspend(depth: u32, count: u32) {
    match depth {
        0 => poll_pending(Coroutine::new(64 * 1024, |handle| handle.embed(Never)), count),
        1 => poll_pending(Coroutine::new(64 * 1024, |_| bottom()), count),
        _ => poll_pending(Coroutine::new(64 * 1024, move |_| descend(depth - 1)), count),
    }
}

/// Never ready.
struct Never;

impl Future for Never {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

/// Pending once, then ready: what `yield_now` is everywhere.
struct YieldNow(bool);

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// The same with a new future for each suspend, which is then polled twice.
#[unsafe(export_name = "bench embed")]
extern "C" fn embed_each(_: u32, count: u32) {
    let coroutine = Coroutine::new(64 * 1024, |_| {
        while ONE.load(Ordering::Relaxed) == 1 {
            embed(YieldNow(false));
        }
    });
    poll_pending(coroutine, count);
}

/// Makes, polls and drops `count` coroutines that never suspend.
#[unsafe(export_name = "bench spawn")]
extern "C" fn spawn(_: u32, count: u32) {
    let mut context = Context::from_waker(Waker::noop());
    for value in 0..count {
        let mut coroutine = Coroutine::new(4096, move |_| black_box(value));
        assert_eq!(Pin::new(&mut coroutine).poll(&mut context), Poll::Ready(value));
    }
}

/// What a coroutine that never suspends is compared with.
#[unsafe(export_name = "bench box_pin")]
extern "C" fn box_pin(_: u32, count: u32) {
    let mut context = Context::from_waker(Waker::noop());
    for value in 0..count {
        let mut future: Pin<Box<dyn Future<Output = u32>>> =
            Box::pin(async move { black_box(value) });
        assert_eq!(black_box(&mut future).as_mut().poll(&mut context), Poll::Ready(value));
    }
}
