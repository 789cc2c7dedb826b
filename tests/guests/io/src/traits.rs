//! The file's implementations of the traits of each crate.

use std::future::poll_fn;
use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use embedded_io::ErrorKind;
use tokio::io::ReadBuf;

use crate::file::File;

type Cx<'a, 'b> = &'a mut Context<'b>;

impl futures_io::AsyncRead for File {
    fn poll_read(self: Pin<&mut Self>, cx: Cx, to: &mut [u8]) -> Poll<io::Result<usize>> {
        File::poll_read(&self, cx, to)
    }
}

impl futures_io::AsyncWrite for File {
    fn poll_write(self: Pin<&mut Self>, cx: Cx, bytes: &[u8]) -> Poll<io::Result<usize>> {
        File::poll_write(&self, cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: Cx) -> Poll<io::Result<()>> {
        self.poll_note(cx, "flush")
    }

    fn poll_close(self: Pin<&mut Self>, cx: Cx) -> Poll<io::Result<()>> {
        self.poll_note(cx, "end")
    }
}

impl futures_io::AsyncSeek for File {
    fn poll_seek(self: Pin<&mut Self>, cx: Cx, to: SeekFrom) -> Poll<io::Result<u64>> {
        File::poll_seek(&self, cx, to)
    }
}

impl tokio::io::AsyncRead for File {
    fn poll_read(self: Pin<&mut Self>, cx: Cx, to: &mut ReadBuf) -> Poll<io::Result<()>> {
        let len = ready!(File::poll_read(&self, cx, to.initialize_unfilled()))?;
        to.advance(len);
        Poll::Ready(Ok(()))
    }
}

impl tokio::io::AsyncWrite for File {
    fn poll_write(self: Pin<&mut Self>, cx: Cx, bytes: &[u8]) -> Poll<io::Result<usize>> {
        File::poll_write(&self, cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: Cx) -> Poll<io::Result<()>> {
        self.poll_note(cx, "flush")
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: Cx) -> Poll<io::Result<()>> {
        self.poll_note(cx, "end")
    }
}

impl tokio::io::AsyncSeek for File {
    fn start_seek(self: Pin<&mut Self>, to: SeekFrom) -> io::Result<()> {
        File::start_seek(&self, to)
    }

    fn poll_complete(self: Pin<&mut Self>, cx: Cx) -> Poll<io::Result<u64>> {
        File::poll_complete(&self, cx)
    }
}

/// The error type for `embedded-io`: the only possible error is a seek to an invalid position.
fn simple<T>(result: io::Result<T>) -> Result<T, ErrorKind> {
    result.map_err(|_| ErrorKind::InvalidInput)
}

impl embedded_io::ErrorType for File {
    type Error = ErrorKind;
}

impl embedded_io_async::Read for File {
    async fn read(&mut self, to: &mut [u8]) -> Result<usize, ErrorKind> {
        simple(poll_fn(|cx| File::poll_read(self, cx, to)).await)
    }
}

impl embedded_io_async::Write for File {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        simple(poll_fn(|cx| File::poll_write(self, cx, bytes)).await)
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        simple(poll_fn(|cx| self.poll_note(cx, "flush")).await)
    }
}

impl embedded_io_async::Seek for File {
    async fn seek(&mut self, to: embedded_io::SeekFrom) -> Result<u64, ErrorKind> {
        let to = match to {
            embedded_io::SeekFrom::Start(position) => SeekFrom::Start(position),
            embedded_io::SeekFrom::End(offset) => SeekFrom::End(offset),
            embedded_io::SeekFrom::Current(offset) => SeekFrom::Current(offset),
        };
        simple(poll_fn(|cx| File::poll_seek(self, cx, to)).await)
    }
}

/// A file with its own buffer, as `AsyncBufRead` requires.
pub(crate) struct Buffered {
    pub(crate) file: File,
    buffer: [u8; 8],
    start: usize,
    end: usize,
}

impl Buffered {
    pub(crate) fn new(file: File) -> Self {
        Self { file, buffer: [0; 8], start: 0, end: 0 }
    }

    fn poll_fill(&mut self, cx: Cx) -> Poll<io::Result<&[u8]>> {
        if self.start == self.end {
            self.end = ready!(self.file.poll_read(cx, &mut self.buffer))?;
            self.start = 0;
        }
        Poll::Ready(Ok(&self.buffer[self.start..self.end]))
    }
}

impl futures_io::AsyncRead for Buffered {
    fn poll_read(self: Pin<&mut Self>, cx: Cx, to: &mut [u8]) -> Poll<io::Result<usize>> {
        self.file.poll_read(cx, to)
    }
}

impl futures_io::AsyncBufRead for Buffered {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: Cx) -> Poll<io::Result<&[u8]>> {
        self.get_mut().poll_fill(cx)
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        self.start += amount;
    }
}

impl tokio::io::AsyncRead for Buffered {
    fn poll_read(mut self: Pin<&mut Self>, cx: Cx, to: &mut ReadBuf) -> Poll<io::Result<()>> {
        tokio::io::AsyncRead::poll_read(Pin::new(&mut self.file), cx, to)
    }
}

impl tokio::io::AsyncBufRead for Buffered {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: Cx) -> Poll<io::Result<&[u8]>> {
        self.get_mut().poll_fill(cx)
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        self.start += amount;
    }
}
