//! The asynchronous host interface: requests that the host starts now and completes later.
//!
//! ```text
//!   Request::start ── open/read(id, …) ──► the host starts it and returns at once
//!        │ pending                                  ⋮
//!   wake, then poll ◄──── complete(id, status) ── its promise is settled
//!        │ ready
//!   Request::take ──────── take(id, …) ──► the host copies the bytes
//!        │ drop
//!        └──────────────── forget(id) ───► the host drops what it has
//! ```
//!
//! The host keeps no address: bytes are copied while `take` runs. So a request can be dropped at any time, and no
//! buffer has to be kept alive for it.
//!
//! `host-interface.mjs` is the other side.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

mod sys {
    #[link(wasm_import_module = "host")]
    unsafe extern "C" {
        // Requests. Their status is a number that is not negative, or minus the length of an
        // error message that can be taken.
        pub(super) fn open(id: u32, path: *const u8, len: usize);
        pub(super) safe fn read(id: u32, file: u32, len: usize);
        pub(super) fn take(id: u32, to: *mut u8, len: usize);
        pub(super) safe fn forget(id: u32);

        // The rest is done when they return.
        pub(super) safe fn size(file: u32) -> f64;
        pub(super) safe fn close(file: u32);
        pub(super) safe fn argument_len(index: u32) -> i32;
        pub(super) fn argument(index: u32, to: *mut u8);
        pub(super) safe fn progress(archive: u32, done: f64, total: f64, entries: f64);
        pub(super) fn report(archive: u32, ok: u32, text: *const u8, len: usize);
        pub(super) fn panicked(text: *const u8, len: usize);
        pub(super) safe fn finish(failed: u32);
    }
}

thread_local! {
    static REQUESTS: RefCell<Requests> = RefCell::default();
}

/// The requests that the host has not completed.
#[derive(Default)]
struct Requests {
    last_id: u32,
    waiting: HashMap<u32, Rc<RefCell<State>>>,
}

enum State {
    Waiting(Option<Waker>),
    Done(i32),
}

/// Called by the host, through the export of the same name.
pub(crate) fn complete(id: u32, status: i32) {
    // The request was dropped, and the host may not know that yet.
    let Some(state) = REQUESTS.with_borrow_mut(|requests| requests.waiting.remove(&id)) else {
        return;
    };
    if let State::Waiting(Some(waker)) = state.replace(State::Done(status)) {
        waker.wake();
    }
}

/// A request to the host: a future of its status.
struct Request {
    id: u32,
    state: Rc<RefCell<State>>,
}

impl Request {
    /// Makes a request, and lets `begin` pass it to the host.
    fn start(begin: impl FnOnce(u32)) -> Self {
        let state = Rc::new(RefCell::new(State::Waiting(None)));
        let id = REQUESTS.with_borrow_mut(|requests| {
            requests.last_id = requests.last_id.wrapping_add(1);
            requests.waiting.insert(requests.last_id, Rc::clone(&state));
            requests.last_id
        });
        begin(id);
        Self { id, state }
    }

    /// Waits for the host's answer: a number, or an error with its message.
    async fn outcome(&mut self) -> io::Result<u32> {
        let status = (&mut *self).await;
        u32::try_from(status).map_err(|_| {
            let mut message = vec![0; status.unsigned_abs() as usize];
            self.take(&mut message);
            io::Error::other(String::from_utf8_lossy(&message).into_owned())
        })
    }

    /// Fills `buffer` with the first bytes of the host's answer.
    fn take(&self, buffer: &mut [u8]) {
        // SAFETY: the host writes to the buffer while this call runs, and not beyond its end.
        unsafe { sys::take(self.id, buffer.as_mut_ptr(), buffer.len()) }
    }
}

impl Future for Request {
    type Output = i32;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<i32> {
        match &mut *self.state.borrow_mut() {
            State::Done(status) => Poll::Ready(*status),
            State::Waiting(waker) => {
                *waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        REQUESTS.with_borrow_mut(|requests| requests.waiting.remove(&self.id));
        sys::forget(self.id);
    }
}

/// A file that the host has opened. Dropping it closes it.
pub(crate) struct File(u32);

impl File {
    /// Opens a file to read it from its beginning.
    pub(crate) async fn open(path: &str) -> io::Result<Self> {
        let mut request = Request::start(|id| {
            // SAFETY: the host copies the path while this call runs.
            unsafe { sys::open(id, path.as_ptr(), path.len()) }
        });
        request.outcome().await.map(Self)
    }

    /// Reads the next bytes, as many as the host has, into `buffer`. 0 is the end.
    pub(crate) async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut request = Request::start(|id| sys::read(id, self.0, buffer.len()));
        let len = request.outcome().await? as usize;
        request.take(&mut buffer[..len]);
        Ok(len)
    }

    /// The length in bytes, or 0 if there is none, as for a pipe.
    pub(crate) fn size(&self) -> f64 {
        sys::size(self.0)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        sys::close(self.0);
    }
}

/// The paths that the user has given.
pub(crate) fn arguments() -> Vec<String> {
    (0..).map_while(argument).collect()
}

fn argument(index: u32) -> Option<String> {
    let len = usize::try_from(sys::argument_len(index)).ok()?;
    let mut text = vec![0; len];
    // SAFETY: the host writes as many bytes as it has just said.
    unsafe { sys::argument(index, text.as_mut_ptr()) }
    Some(String::from_utf8_lossy(&text).into_owned())
}

/// Reports how far an archive has been read, in bytes of the file. The host decides what to show.
pub(crate) fn progress(archive: u32, done: u64, total: f64, entries: u64) {
    sys::progress(archive, done as f64, total, entries as f64);
}

/// Prints the result for an archive.
pub(crate) fn report(archive: u32, result: &Result<String, String>) {
    let (ok, text) = match result {
        Ok(text) => (1, text),
        Err(text) => (0, text),
    };
    // SAFETY: the host copies the text while this call runs.
    unsafe { sys::report(archive, ok, text.as_ptr(), text.len()) }
}

/// Reports the end, and how many archives have failed.
pub(crate) fn finish(failed: u32) {
    sys::finish(failed);
}

/// Sends the messages of panics to the host, which could not read them otherwise.
pub(crate) fn report_panics() {
    std::panic::set_hook(Box::new(|info| {
        let text = info.to_string();
        // SAFETY: the host copies the text while this call runs.
        unsafe { sys::panicked(text.as_ptr(), text.len()) }
    }));
}
