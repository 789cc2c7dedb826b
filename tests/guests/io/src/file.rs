//! A file that is often pending, and records its operations.

use std::cell::RefCell;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// The clones share the same file, so one can inspect what was done through another.
#[derive(Clone)]
pub(crate) struct File(Rc<RefCell<State>>);

struct State {
    bytes: Cursor<Vec<u8>>,
    /// The most bytes that are read or written at once.
    step: usize,
    /// How often it is pending before each operation.
    delay: usize,
    left: usize,
    /// A seek that has begun, in tokio's interface.
    target: Option<SeekFrom>,
    asked: Vec<String>,
}

impl File {
    pub(crate) fn new(bytes: &[u8], step: usize, delay: usize) -> Self {
        let bytes = Cursor::new(bytes.to_vec());
        let state = State { bytes, step, delay, left: delay, target: None, asked: Vec::new() };
        Self(Rc::new(RefCell::new(state)))
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.borrow().bytes.get_ref().clone()
    }

    /// The operations since the last call.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.0.borrow_mut().asked)
    }

    /// Calls `act` after the delay, and records `what`.
    fn poll<T>(
        &self,
        cx: &mut Context<'_>,
        what: impl FnOnce() -> String,
        act: impl FnOnce(&mut State) -> T,
    ) -> Poll<T> {
        let mut state = self.0.borrow_mut();
        if state.left > 0 {
            state.left -= 1;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        state.left = state.delay;
        state.asked.push(what());
        Poll::Ready(act(&mut state))
    }

    pub(crate) fn poll_read(&self, cx: &mut Context<'_>, to: &mut [u8]) -> Poll<io::Result<usize>> {
        let len = to.len();
        self.poll(cx, || format!("read {len}"), |state| state.bytes.read(state.cut(to)))
    }

    pub(crate) fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let len = bytes.len();
        let act = |state: &mut State| state.bytes.write(&bytes[..len.min(state.step)]);
        self.poll(cx, || format!("write {len}"), act)
    }

    pub(crate) fn poll_note(&self, cx: &mut Context<'_>, what: &str) -> Poll<io::Result<()>> {
        self.poll(cx, || what.into(), |_| Ok(()))
    }

    pub(crate) fn poll_seek(&self, cx: &mut Context<'_>, to: SeekFrom) -> Poll<io::Result<u64>> {
        self.poll(cx, || format!("{to:?}"), |state| state.bytes.seek(to))
    }

    /// As in tokio: an error while another seek is in progress.
    pub(crate) fn start_seek(&self, to: SeekFrom) -> io::Result<()> {
        match self.0.borrow_mut().target.replace(to) {
            None => Ok(()),
            Some(_) => Err(io::Error::other("two seeks at once")),
        }
    }

    pub(crate) fn poll_complete(&self, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let target = self.0.borrow().target;
        let Some(to) = target else { return Poll::Ready(Ok(self.0.borrow().bytes.position())) };
        let position = ready!(self.poll_seek(cx, to));
        self.0.borrow_mut().target = None;
        Poll::Ready(position)
    }
}

impl State {
    fn cut<'a>(&self, buffer: &'a mut [u8]) -> &'a mut [u8] {
        let len = buffer.len().min(self.step);
        &mut buffer[..len]
    }
}
