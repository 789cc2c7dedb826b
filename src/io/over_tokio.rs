//! `std::io` over tokio's traits.

use core::pin::Pin;
use core::task::{Poll, ready};
use std::io::{self, BufRead, BufReader, BufWriter, IoSlice, Read, Seek, SeekFrom, Write};

use tokio::io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

use super::wait::{fill_buf, wait};

/// Adapts a reader, writer or seeker with tokio's traits to code that uses those of [`std::io`].
///
/// Each call is passed on, and waited for in the innermost running coroutine: there is no buffer.
/// [`TokioIo::reader`] and [`TokioIo::writer`] add one.
///
/// Pin a value that is not `Unpin` first: `TokioIo::new(Box::pin(file))`.
///
/// ```no_run
/// use bysyncify::Coroutine;
/// use bysyncify::io::TokioIo;
/// use std::io::BufRead;
/// use tokio::io::AsyncRead;
///
/// async fn count_lines(file: impl AsyncRead + Unpin + 'static) -> usize {
///     Coroutine::new(64 * 1024, |_| TokioIo::reader(file).lines().count()).await
/// }
/// ```
///
/// # Errors
///
/// If the coroutine is cancelled or dropped, or there is none, calls return an [`EmbedError`](crate::EmbedError)
/// as an `io::Error` of kind `Other`: [`EmbedError::cause_of`](crate::EmbedError::cause_of) finds it. Whether
/// bytes were written that were being written then, only the inner writer can know.
#[derive(Debug)]
pub struct TokioIo<T> {
    inner: T,
}

impl<T> TokioIo<T> {
    /// Wraps `inner`, without a buffer.
    pub fn new(inner: T) -> Self {
        Self { inner }
    }

    /// Returns the inner value.
    pub fn get_ref(&self) -> &T {
        &self.inner
    }

    /// Returns the inner value.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// Returns the inner value.
    pub fn into_inner(self) -> T {
        self.inner
    }
}

impl<R: AsyncRead + Unpin> TokioIo<R> {
    /// Reads ahead, so that small reads need not wait.
    ///
    /// The buffer is `std`'s. Reads that are at least as large bypass it, seeking empties it, and its contents are
    /// lost with the `BufReader`. For another size use [`BufReader::with_capacity`].
    pub fn reader(inner: R) -> BufReader<Self> {
        BufReader::new(Self::new(inner))
    }
}

impl<W: AsyncWrite + Unpin> TokioIo<W> {
    /// Collects small writes. Call [`flush`](Write::flush) when all is written: see below.
    ///
    /// The buffer is `std`'s, which writes it when it is full, when it is flushed, and when it is dropped. That
    /// last one waits as well, and nobody learns of its errors: in a coroutine that was cancelled, or outside of
    /// any, the contents of the buffer are lost.
    pub fn writer(inner: W) -> BufWriter<Self> {
        BufWriter::new(Self::new(inner))
    }

    /// Flushes and shuts down: calls [`AsyncWrite::poll_shutdown`], for which [`std::io`] has no method.
    ///
    /// # Errors
    ///
    /// Errors of the inner writer, and of waiting.
    pub fn shutdown(&mut self) -> io::Result<()> {
        wait(|cx| Pin::new(&mut self.inner).poll_shutdown(cx))
    }
}

impl<R: AsyncRead + Unpin> Read for TokioIo<R> {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        wait(|cx| {
            let mut buffer = ReadBuf::new(buffer);
            ready!(Pin::new(&mut self.inner).poll_read(cx, &mut buffer))?;
            Poll::Ready(Ok(buffer.filled().len()))
        })
    }
}

impl<R: AsyncBufRead + Unpin> BufRead for TokioIo<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        fill_buf(&mut self.inner, R::poll_fill_buf)
    }

    fn consume(&mut self, amount: usize) {
        Pin::new(&mut self.inner).consume(amount);
    }
}

impl<W: AsyncWrite + Unpin> Write for TokioIo<W> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        wait(|cx| Pin::new(&mut self.inner).poll_write(cx, bytes))
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        wait(|cx| Pin::new(&mut self.inner).poll_write_vectored(cx, buffers))
    }

    fn flush(&mut self) -> io::Result<()> {
        wait(|cx| Pin::new(&mut self.inner).poll_flush(cx))
    }
}

impl<S: AsyncSeek + Unpin> Seek for TokioIo<S> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        // A seek that was cancelled may still be in progress. It must end before a second one begins.
        wait(|cx| Pin::new(&mut self.inner).poll_complete(cx))?;
        Pin::new(&mut self.inner).start_seek(to)?;
        wait(|cx| Pin::new(&mut self.inner).poll_complete(cx))
    }
}
