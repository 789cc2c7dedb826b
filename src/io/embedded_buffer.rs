//! A reader with a buffer, for programs without `std`.

use embedded_io::{BufRead, ErrorType, Read, Seek, SeekFrom};

/// Reads ahead, so that small reads need not wait: like `BufReader` of `std`, for any reader of `embedded-io`.
///
/// The buffer is any memory that you provide: `[u8; 256]`, `&mut [u8]`, `Vec<u8>`. Reads that are at least as
/// large bypass it, seeking empties it, and its contents are lost with this reader.
#[derive(Debug)]
pub struct EmbeddedBufReader<R, B> {
    inner: R,
    buffer: B,
    /// The bytes of the buffer that were read ahead and not consumed yet. Not beyond the buffer.
    start: usize,
    end: usize,
}

impl<R, B: AsRef<[u8]>> EmbeddedBufReader<R, B> {
    /// Reads from `inner` through `buffer`.
    ///
    /// # Panics
    ///
    /// Panics if the buffer has no bytes.
    #[track_caller]
    pub fn new(inner: R, buffer: B) -> Self {
        assert!(!buffer.as_ref().is_empty(), "a buffer of 0 bytes has nothing to read ahead into");
        Self { inner, buffer, start: 0, end: 0 }
    }

    /// Returns the bytes that were read ahead and not consumed yet.
    pub fn buffer(&self) -> &[u8] {
        &self.buffer.as_ref()[self.start..self.end]
    }

    /// Returns the inner reader. Code that reads from it directly misses the bytes in the buffer.
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// Returns the inner reader: see [`get_ref`](Self::get_ref).
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    /// Returns the inner reader. The bytes in the buffer are lost.
    pub fn into_inner(self) -> R {
        self.inner
    }
}

impl<R: ErrorType, B> ErrorType for EmbeddedBufReader<R, B> {
    type Error = R::Error;
}

impl<R: Read, B: AsRef<[u8]> + AsMut<[u8]>> BufRead for EmbeddedBufReader<R, B> {
    fn fill_buf(&mut self) -> Result<&[u8], R::Error> {
        if self.start == self.end {
            // An error leaves the buffer empty.
            (self.start, self.end) = (0, 0);
            self.end = self.inner.read(self.buffer.as_mut())?;
        }
        Ok(self.buffer())
    }

    fn consume(&mut self, amount: usize) {
        self.start = self.end.min(self.start + amount);
    }
}

impl<R: Read, B: AsRef<[u8]> + AsMut<[u8]>> Read for EmbeddedBufReader<R, B> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, R::Error> {
        if self.start == self.end && buffer.len() >= self.buffer.as_ref().len() {
            return self.inner.read(buffer);
        }
        let ahead = self.fill_buf()?;
        let len = ahead.len().min(buffer.len());
        buffer[..len].copy_from_slice(&ahead[..len]);
        self.consume(len);
        Ok(len)
    }
}

impl<R: Seek, B: AsRef<[u8]>> Seek for EmbeddedBufReader<R, B> {
    fn seek(&mut self, to: SeekFrom) -> Result<u64, R::Error> {
        // `inner` is ahead of us by the bytes in the buffer, whose number fits into an `i64`.
        let ahead = (self.end - self.start) as i64;
        let position = match to {
            SeekFrom::Current(offset) => match offset.checked_sub(ahead) {
                Some(offset) => self.inner.seek(SeekFrom::Current(offset))?,
                None => {
                    self.inner.seek(SeekFrom::Current(-ahead))?;
                    (self.start, self.end) = (0, 0);
                    self.inner.seek(SeekFrom::Current(offset))?
                }
            },
            other => self.inner.seek(other)?,
        };
        (self.start, self.end) = (0, 0);
        Ok(position)
    }
}
