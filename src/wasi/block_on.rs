//! The executor.

use alloc::sync::Arc;
use alloc::task::Wake;
use core::future::{Future, IntoFuture};
use core::pin::pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, Waker};

use super::waits::{self, Running, Turn};

/// Whether the future must be polled.
struct Awake(AtomicBool);

impl Wake for Awake {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs a future, such as a [`Coroutine`](crate::Coroutine), until it is ready.
///
/// While it waits, the host waits, in `poll_oneoff`: for the first [`sleep`](super::sleep()) that is due, and for
/// the streams of [`readable`](super::readable) and [`writable`](super::writable). That takes no processor time.
///
/// # Panics
///
/// - If nothing can wake the future any more: it waits, and no timer and no stream is waited for. There is no
///   other thread and no event loop that could wake it.
/// - If it is called by code that it polls. Such code waits with `embed`.
/// - If the future panics.
pub fn block_on<F: IntoFuture>(future: F) -> F::Output {
    let _running = Running::begin();
    let mut future = pin!(future.into_future());
    let awake = Arc::new(Awake(AtomicBool::new(true)));
    let waker = Waker::from(Arc::clone(&awake));
    let mut context = Context::from_waker(&waker);
    loop {
        if awake.0.swap(false, Ordering::Relaxed) {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
        }
        let is_awake = awake.0.load(Ordering::Relaxed);
        let is_anybody = waits::turn(if is_awake { Turn::Glance } else { Turn::Park });
        assert!(
            is_awake || is_anybody,
            "deadlock: what `wasi::block_on` runs waits, and nothing is left that could wake it"
        );
    }
}
