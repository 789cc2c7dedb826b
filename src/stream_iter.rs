//! Blocking iterators over streams.

use core::future::poll_fn;
use core::iter::FusedIterator;
use core::pin::Pin;

use futures_core::Stream;

use crate::embed::{EmbedError, try_embed, value_or_diverge};
use crate::handle::CoreHandle;

/// Iterates over `stream`, and waits for each item in the innermost running coroutine.
///
/// Pin a stream that is not `Unpin` first: `iter(pin!(stream))`, or `iter(Box::pin(stream))` if the iterator is to
/// leave the function.
///
/// If the coroutine is cancelled or dropped, the `next` that waits never returns, as with
/// [`embed`](crate::embed()). [`try_iter`] has an error for that.
///
/// # Panics
///
/// The iterator panics outside a coroutine.
///
/// ```no_run
/// use bysyncify::iter;
/// use futures_core::Stream;
///
/// fn total(numbers: impl Stream<Item = u32> + Unpin) -> u32 {
///     iter(numbers).sum()
/// }
/// ```
pub fn iter<S: Stream + Unpin>(stream: S) -> StreamIter<'static, S> {
    StreamIter(try_iter(stream))
}

/// Like [`iter`], but the iterator ends with an error where that panics or never returns.
///
/// ```no_run
/// use bysyncify::{EmbedError, try_iter};
/// use futures_core::Stream;
///
/// fn total(numbers: impl Stream<Item = u32> + Unpin) -> Result<u32, EmbedError> {
///     try_iter(numbers).sum()
/// }
/// ```
pub fn try_iter<S: Stream + Unpin>(stream: S) -> TryStreamIter<'static, S> {
    TryStreamIter { stream, handle: None, has_ended: false }
}

impl<'a> CoreHandle<'a> {
    /// Iterates over `stream`, and waits for each item: see the free function [`iter`].
    ///
    /// # Panics
    ///
    /// The iterator panics while the handle's coroutine is not running.
    pub fn iter<S: Stream + Unpin>(&self, stream: S) -> StreamIter<'a, S> {
        StreamIter(self.try_iter(stream))
    }

    /// Iterates over `stream`, and ends with an error if the coroutine is cancelled or dropped:
    /// see the free function [`try_iter`].
    pub fn try_iter<S: Stream + Unpin>(&self, stream: S) -> TryStreamIter<'a, S> {
        TryStreamIter { stream, handle: Some(*self), has_ended: false }
    }
}

/// The items of a stream, each waited for when the iterator is advanced: see [`iter`].
#[derive(Debug)]
#[must_use = "an iterator does nothing unless it is consumed"]
pub struct StreamIter<'a, S>(TryStreamIter<'a, S>);

impl<S> StreamIter<'_, S> {
    /// Returns the stream, with the items that the iterator has not returned yet.
    pub fn into_inner(self) -> S {
        self.0.stream
    }
}

impl<S: Stream + Unpin> Iterator for StreamIter<'_, S> {
    type Item = S::Item;

    #[inline]
    #[track_caller]
    fn next(&mut self) -> Option<S::Item> {
        self.0.next().map(value_or_diverge)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.rest()
    }
}

impl<S: Stream + Unpin> FusedIterator for StreamIter<'_, S> {}

/// The items of a stream. Ends after an error: see [`try_iter`].
///
/// After an error there are no more items, even if the stream has some. So a loop that skips errors ends, too.
#[derive(Debug)]
#[must_use = "an iterator does nothing unless it is consumed"]
pub struct TryStreamIter<'a, S> {
    stream: S,
    /// None if any coroutine may wait.
    handle: Option<CoreHandle<'a>>,
    /// A stream must not be polled after its end.
    has_ended: bool,
}

impl<S> TryStreamIter<'_, S> {
    /// Returns the stream, with the items that the iterator has not returned yet.
    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: Stream + Unpin> TryStreamIter<'_, S> {
    /// The bounds of the number of items that the stream still has.
    fn rest(&self) -> (usize, Option<usize>) {
        if self.has_ended { (0, Some(0)) } else { self.stream.size_hint() }
    }
}

impl<S: Stream + Unpin> Iterator for TryStreamIter<'_, S> {
    type Item = Result<S::Item, EmbedError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        let item = poll_fn(|cx| Pin::new(&mut self.stream).poll_next(cx));
        let item = match self.handle {
            Some(handle) => handle.try_embed(item),
            None => try_embed(item),
        };
        self.has_ended = !matches!(item, Ok(Some(_)));
        item.transpose()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // The next item may be an error, and then it is the last.
        let (least, most) = self.rest();
        (least.min(1), most.and_then(|most| most.checked_add(usize::from(!self.has_ended))))
    }
}

impl<S: Stream + Unpin> FusedIterator for TryStreamIter<'_, S> {}
