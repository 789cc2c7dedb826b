//! What `cargo xtask bench` measures: suspend and resume, and spawn, each through the library's
//! ordinary API, as an executor and a user's code would.
//!
//! Every export takes `(depth, count)`, does its work `count` times and leaves nothing behind.
//!
//! Included in a suspend and resume: `Coroutine::poll` with all its checks (phase, waker,
//! canary, overflow of either half), the switch of the shadow stack, the future's own `poll`,
//! and `embed`'s look at whether the waker has changed or the coroutine was cancelled. Not
//! included: an executor's queue, and making or dropping the coroutine, which happens once for
//! each call. `switch.wat`, which this is compared with, says what it leaves out.

use std::future::{Future, poll_fn};
use std::hint::black_box;
use std::mem::replace;
use std::pin::Pin;
use std::process::abort;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};

use bysyncify::{CoreHandle, Coroutine, embed};

/// Whether what coroutines wait for is pending. Written at run time, so no compiler can know that
/// a wait never ends and leave out what would come after it.
static PENDING: AtomicBool = AtomicBool::new(false);

/// Likewise not a constant: something for every frame to do after the wait.
static ONE: AtomicU32 = AtomicU32::new(0);

fn event() -> impl Future<Output = u32> {
    poll_fn(|_| match PENDING.load(Ordering::Relaxed) {
        true => Poll::Pending,
        false => Poll::Ready(ONE.load(Ordering::Relaxed)),
    })
}

/// The deepest frame of those that are deeper than the coroutine's first.
#[inline(never)]
fn bottom() -> u32 {
    embed(event())
}

/// Waits with `depth` frames on top of this one, of which there is one at least.
#[inline(never)]
fn descend(depth: u32) -> u32 {
    if depth == 1 {
        return bottom();
    }
    descend(depth - 1).rotate_left(1) ^ ONE.load(Ordering::Relaxed)
}

/// The executor: polls a coroutine that suspends `count` times.
///
/// Has no way to panic, for what can panic is instrumented, and would be measured as well.
#[inline(never)]
fn poll_pending<U, T>(coroutine: &mut Coroutine<U, T>, count: u32) {
    // Not a constant either: executors have more than one waker.
    let mut context = Context::from_waker(black_box(Waker::noop()));
    for _ in 0..count {
        if Pin::new(&mut *coroutine).poll(&mut context).is_ready() {
            abort();
        }
    }
}

/// Makes a coroutine, suspends and resumes it `count` times, and lets it finish.
fn measure<T: 'static>(count: u32, closure: impl FnOnce(CoreHandle<'_>) -> T + 'static) {
    PENDING.store(true, Ordering::Relaxed);
    ONE.store(black_box(1), Ordering::Relaxed);
    let mut coroutine = Coroutine::new(1024 * 1024, closure);
    poll_pending(&mut coroutine, count);
    PENDING.store(false, Ordering::Relaxed);
    let mut context = Context::from_waker(Waker::noop());
    assert!(Pin::new(&mut coroutine).poll(&mut context).is_ready());
}

/// Suspends and resumes in one wait, with `depth` frames on top of the coroutine's first: none, or
/// two and more.
#[unsafe(export_name = "bench suspend")]
extern "C" fn suspend(depth: u32, count: u32) {
    match depth {
        0 => measure(count, |handle| handle.embed(event())),
        _ => measure(count, move |_| descend(depth - 1)),
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

/// The same at depth 0 with a new future for each suspend, which is then polled twice.
#[unsafe(export_name = "bench embed")]
extern "C" fn embed_each(_: u32, count: u32) {
    measure(count, |handle| {
        while PENDING.load(Ordering::Relaxed) {
            handle.embed(YieldNow(false));
        }
    });
}

/// Makes, polls and drops `count` coroutines that never suspend.
#[unsafe(export_name = "bench spawn")]
extern "C" fn spawn(_: u32, count: u32) {
    for value in 0..count {
        poll_once(Coroutine::new(4096, move |_| black_box(value)), value);
    }
}

/// What a coroutine that never suspends is compared with. Called through `dyn`, or the
/// allocation would be optimised away.
#[unsafe(export_name = "bench box_pin")]
extern "C" fn box_pin(_: u32, count: u32) {
    for value in 0..count {
        let future: Pin<Box<dyn Future<Output = u32>>> = Box::pin(async move { black_box(value) });
        poll_once(future, value);
    }
}

#[inline(always)]
fn poll_once(mut future: impl Future<Output = u32> + Unpin, expected: u32) {
    let mut context = Context::from_waker(black_box(Waker::noop()));
    if Pin::new(black_box(&mut future)).poll(&mut context) != Poll::Ready(expected) {
        abort();
    }
}
