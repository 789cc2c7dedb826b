//! Waiting until a stream can be read or written.

use core::ffi::c_int;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use super::host::Direction;
use super::host::Id;
use super::waits;

/// Is ready when there is something to read from this descriptor, or its end is reached: a `read` does not
/// wait then. 0 is the standard input; others have a descriptor by `std::os::fd::AsRawFd`.
///
/// Mind that `std::io::stdin()` has a buffer: what is in there already makes no descriptor ready. Read all
/// that there is, or read from a `File` of the descriptor.
///
/// A descriptor that is not open counts as ready: to read is what fails. If the host says that it cannot wait, all
/// descriptors that are waited for do: to read is then what waits or fails.
///
/// To be polled below [`block_on`](super::block_on()) only.
pub fn readable(descriptor: c_int) -> Ready {
    Ready { descriptor, direction: Direction::Read, wait: None }
}

/// Is ready when something can be written to this descriptor: a `write` does not wait then. 1 is the standard
/// output. Otherwise as [`readable`].
pub fn writable(descriptor: c_int) -> Ready {
    Ready { descriptor, direction: Direction::Write, wait: None }
}

/// See [`readable`] and [`writable`]. Dropping it ends the wait.
#[derive(Debug)]
#[must_use = "futures do nothing unless they are polled: `embed(wasi::readable(…))`"]
pub struct Ready {
    descriptor: c_int,
    direction: Direction,
    /// Once it has been polled.
    wait: Option<Id>,
}

impl Future for Ready {
    type Output = ();

    /// # Panics
    ///
    /// Outside [`block_on`](super::block_on()).
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
