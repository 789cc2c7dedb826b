//! Waiting for one call of a `poll_…` function.

use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::io;

use crate::embed::try_embed;

/// Calls `poll` until it is ready.
#[inline]
pub(super) fn wait<T>(poll: impl FnMut(&mut Context<'_>) -> Poll<io::Result<T>>) -> io::Result<T> {
    try_embed(poll_fn(poll))?
}

/// The type of a reader's `poll_fill_buf`.
type PollFillBuf<R> = for<'r> fn(Pin<&'r mut R>, &mut Context<'_>) -> Poll<io::Result<&'r [u8]>>;

/// Waits until the buffer of `reader` has data, or its end is reached.
///
/// The output of a future cannot borrow from what each of its polls borrows anew. So the reader is polled once
/// more when it is known to have data, and to keep them until they are consumed.
pub(super) fn fill_buf<R: Unpin>(reader: &mut R, poll: PollFillBuf<R>) -> io::Result<&[u8]> {
    let len = wait(|cx| poll(Pin::new(&mut *reader), cx).map_ok(<[u8]>::len))?;
    if len == 0 {
        return Ok(&[]);
    }
    match poll(Pin::new(reader), &mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::Error::other("a reader has lost what was in its buffer")),
    }
}
