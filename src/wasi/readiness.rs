//! Waiting until a stream can be read or written.

use core::ffi::c_int;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use super::host::Direction;
use super::host::Id;
use super::waits;

/// Returns a future that is ready when this descriptor has something to read, or its end is reached: a `read` does
/// not wait then. 0 is the standard input; `std::os::fd::AsRawFd` returns the descriptor of others.
///
/// Note that `std::io::stdin()` has a buffer: bytes in the buffer make no descriptor ready. Read all of them, or
/// read from a `File` of the descriptor.
///
/// A descriptor that is not open counts as ready: reading then fails. If the host reports that it cannot wait, all
/// descriptors that are waited for count as ready: reading then waits or fails.
///
/// Poll this future within [`block_on`](super::block_on()) only.
pub fn readable(descriptor: c_int) -> Ready {
    Ready { descriptor, direction: Direction::Read, wait: None }
}

/// Returns a future that is ready when this descriptor can be written to: a `write` does not wait then. 1 is the
/// standard output. Otherwise like [`readable`].
pub fn writable(descriptor: c_int) -> Ready {
    Ready { descriptor, direction: Direction::Write, wait: None }
}

/// The future of [`readable`] and [`writable`]. Dropping it ends the wait.
#[derive(Debug)]
#[must_use = "futures do nothing unless they are polled: `embed(wasi::readable(…))`"]
pub struct Ready {
    descriptor: c_int,
    direction: Direction,
    /// None until it is polled.
    wait: Option<Id>,
}

impl Future for Ready {
    type Output = ();

    /// # Panics
    ///
    /// Panics outside [`block_on`](super::block_on()).
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker();
        match self.wait {
            None => {
                let id = waits::add_stream(self.descriptor, self.direction, waker.clone());
                self.wait = Some(id);
                Poll::Pending
            }
            Some(id) if waits::renew_stream(id, waker) => Poll::Pending,
            Some(_) => Poll::Ready(()),
        }
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        if let Some(id) = self.wait {
            waits::remove_stream(id);
        }
    }
}
