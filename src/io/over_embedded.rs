//! `embedded-io` over `embedded-io-async`.

use core::fmt;

use embedded_io::{BufRead, Error, ErrorKind, ErrorType, Read, Seek, SeekFrom, Write};
use embedded_io_async as io;

use crate::embed::{EmbedError, try_embed};

/// Adapts a reader, writer or seeker with the traits of `embedded-io-async` to code that uses those of
/// `embedded-io`. Needs neither `std` nor an allocator.
///
/// Each call is passed on, and waited for in the innermost running coroutine: there is no buffer.
/// [`EmbeddedBufReader`](crate::io::EmbeddedBufReader) adds one, in memory that you provide.
///
/// ```no_run
/// use bysyncify::io::{EmbeddedBufReader, EmbeddedIo};
/// use embedded_io::Read;
///
/// /// In a coroutine.
/// fn read_header(port: impl embedded_io_async::Read) -> [u8; 4] {
///     let mut header = [0; 4];
///     let mut port = EmbeddedBufReader::new(EmbeddedIo::new(port), [0; 256]);
///     port.read_exact(&mut header).expect("a header");
///     header
/// }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct EmbeddedIo<T> {
    inner: T,
}

impl<T> EmbeddedIo<T> {
    /// Wraps `inner`, without a buffer.
    pub const fn new(inner: T) -> Self {
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

/// An error of the inner value of an [`EmbeddedIo`], or of waiting for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmbeddedIoError<E> {
    /// An error of the inner value.
    Io(E),
    /// The wait failed: the coroutine was cancelled or dropped, or there is none.
    Embed(EmbedError),
}

impl<E: fmt::Display> fmt::Display for EmbeddedIoError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Embed(error) => error.fmt(f),
        }
    }
}

impl<E: core::error::Error> core::error::Error for EmbeddedIoError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io(error) => error.source(),
            Self::Embed(error) => error.source(),
        }
    }
}

impl<E: Error> Error for EmbeddedIoError<E> {
    /// [`Other`](ErrorKind::Other) if the wait failed. Not [`Interrupted`](ErrorKind::Interrupted): callers would
    /// then try again, forever.
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Io(error) => error.kind(),
            Self::Embed(_) => ErrorKind::Other,
        }
    }
}

#[inline]
fn wait<T, E>(future: impl Future<Output = Result<T, E>>) -> Result<T, EmbeddedIoError<E>> {
    try_embed(future).map_err(EmbeddedIoError::Embed)?.map_err(EmbeddedIoError::Io)
}

impl<T: ErrorType> ErrorType for EmbeddedIo<T> {
    type Error = EmbeddedIoError<T::Error>;
}

impl<R: io::Read> Read for EmbeddedIo<R> {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Self::Error> {
        wait(self.inner.read(buffer))
    }
}

impl<R: io::BufRead> BufRead for EmbeddedIo<R> {
    fn fill_buf(&mut self) -> Result<&[u8], Self::Error> {
        wait(self.inner.fill_buf())
    }

    fn consume(&mut self, amount: usize) {
        self.inner.consume(amount);
    }
}

impl<W: io::Write> Write for EmbeddedIo<W> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        wait(self.inner.write(bytes))
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        wait(self.inner.flush())
    }
}

impl<S: io::Seek> Seek for EmbeddedIo<S> {
    fn seek(&mut self, to: SeekFrom) -> Result<u64, Self::Error> {
        wait(self.inner.seek(to))
    }
}
