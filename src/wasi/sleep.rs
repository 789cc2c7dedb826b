//! A timer.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::time::Instant;

use super::host::Id;
use super::waits;

/// A substitute for times that the clock cannot represent.
const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// Returns a future that is ready when this time has passed, counted from now.
///
/// It is never ready before. It may be ready later, if other code runs at that time, or if the host is late. If a
/// stream is waited for as well, it may be up to a millisecond late.
///
/// Poll this future within [`block_on`](super::block_on()) only.
pub fn sleep(duration: Duration) -> Sleep {
    let now = Instant::now();
    Sleep { due: now.checked_add(duration).unwrap_or(now + FOR_EVER), timer: None }
}

/// The future of [`sleep`]. Dropping it ends the wait.
#[derive(Debug)]
#[must_use = "futures do nothing unless they are polled: `embed(wasi::sleep(…))`"]
pub struct Sleep {
    due: Instant,
    /// None until it is polled.
    timer: Option<Id>,
}

impl Future for Sleep {
    type Output = ();

    /// # Panics
    ///
    /// Panics outside [`block_on`](super::block_on()).
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.due {
            return Poll::Ready(());
        }
        let waker = context.waker();
        let is_kept = self.timer.is_some_and(|id| waits::renew_timer(self.due, id, waker));
        if !is_kept {
            self.timer = Some(waits::add_timer(self.due, waker.clone()));
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(id) = self.timer {
            waits::remove_timer(self.due, id);
        }
    }
}
