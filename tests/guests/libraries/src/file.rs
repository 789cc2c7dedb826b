//! A file that is pending at awkward places, with the traits of `futures-io` and of tokio.

use std::cell::RefCell;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::ReadBuf;

/// A file that is pending before each operation, and reads or writes at most `step` bytes at once.
///
/// The clones share the same file: what one has written can be read through another.
#[derive(Clone)]
pub(crate) struct File {
    bytes: Rc<RefCell<Cursor<Vec<u8>>>>,
    step: usize,
    was_pending: bool,
}

impl File {
    pub(crate) fn new(bytes: &[u8], step: usize) -> Self {
        let bytes = Rc::new(RefCell::new(Cursor::new(bytes.to_vec())));
        Self { bytes, step, was_pending: false }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.bytes.borrow().get_ref().clone()
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.was_pending = !self.was_pending;
        if self.was_pending {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    }
}

impl futures_io::AsyncRead for File {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll(cx));
        let len = to.len().min(self.step);
        Poll::Ready(self.bytes.borrow_mut().read(&mut to[..len]))
    }
}

impl futures_io::AsyncSeek for File {
    fn poll_seek(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: SeekFrom,
    ) -> Poll<io::Result<u64>> {
        ready!(self.poll(cx));
        Poll::Ready(self.bytes.borrow_mut().seek(to))
    }
}

impl futures_io::AsyncWrite for File {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll(cx));
        Poll::Ready(self.bytes.borrow_mut().write(&bytes[..bytes.len().min(self.step)]))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(cx).map(Ok)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

impl tokio::io::AsyncRead for File {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let len = ready!(futures_io::AsyncRead::poll_read(self, cx, to.initialize_unfilled()))?;
        to.advance(len);
        Poll::Ready(Ok(()))
    }
}

impl tokio::io::AsyncSeek for File {
    fn start_seek(self: Pin<&mut Self>, to: SeekFrom) -> io::Result<()> {
        self.bytes.borrow_mut().seek(to).map(drop)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        ready!(self.poll(cx));
        Poll::Ready(Ok(self.bytes.borrow().position()))
    }
}
