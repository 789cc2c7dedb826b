//! Time as futures, written by hand.

use core::pin::Pin;
use core::task::{Context, Poll};

use crate::host;

/// Waits for some time to pass.
pub(crate) struct Sleep {
    until: u32,
}

/// Waits for this many milliseconds, from now on.
pub(crate) fn sleep(milliseconds: u32) -> Sleep {
    let until = host::now() + milliseconds;
    host::poll_at(until);
    Sleep { until }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if host::now() < self.until { Poll::Pending } else { Poll::Ready(()) }
    }
}

/// Waits for a future, for a limited time.
pub(crate) struct Within<F> {
    future: F,
    limit: Sleep,
}

/// Waits for `future`; its output is `None` if that takes longer than this many milliseconds.
pub(crate) fn within<F: Future + Unpin>(milliseconds: u32, future: F) -> Within<F> {
    Within { future, limit: sleep(milliseconds) }
}

impl<F: Future + Unpin> Future for Within<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match Pin::new(&mut self.future).poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => Pin::new(&mut self.limit).poll(cx).map(|()| None),
        }
    }
}
