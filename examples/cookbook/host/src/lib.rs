//! The interface between the cookbook's programs and their host.
//!
//! [`run`] is the glue: it runs synchronous code in a coroutine. [`fetch`], [`size`], [`sleep`] and [`http::send`] are
//! futures of operations of the host. [`RemoteFile`], [`Socket`] and [`Listener`] are synchronous, and wait. `host.mjs`
//! is the other side. A program that uses wasm-bindgen needs none of this file: its `JsFuture`s are futures, and its
//! `spawn_local` runs the coroutine.

#[cfg(feature = "getrandom")]
mod entropy;
mod file;
pub mod http;
mod socket;

use std::cell::RefCell;
use std::collections::HashMap;
use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::ops::Range;
use std::panic;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bysyncify::{Coroutine, Stack};

pub use file::RemoteFile;
pub use socket::{Listener, Socket};

/// The functions of the host. They copy texts while the call runs, and keep no address.
mod sys {
    #[link(wasm_import_module = "host")]
    unsafe extern "C" {
        pub(super) fn print(text: *const u8, len: usize);
        pub(super) fn fail(text: *const u8, len: usize);
        pub(super) fn save(bytes: *const u8, len: usize);
        /// -1 if there is no such argument.
        pub(super) safe fn argument_len(index: usize) -> isize;
        pub(super) fn argument(index: usize, to: *mut u8);
        pub(super) safe fn now() -> f64;
        pub(super) fn random(to: *mut u8, len: usize);
        // These return at once. Later the host calls `room`, and then `complete`.
        pub(super) fn fetch(id: u32, url: *const u8, len: usize, start: f64, end: f64);
        pub(super) fn size(id: u32, url: *const u8, len: usize);
        pub(super) safe fn sleep(id: u32, milliseconds: f64);
        /// The program has ended: whether all went well, the stack that it used, and how often it has waited.
        pub(super) safe fn end(is_good: bool, stack: usize, waits: u32);
    }
}

type Program = Pin<Box<dyn Future<Output = ()>>>;

thread_local! {
    static PROGRAM: RefCell<Option<Program>> = const { RefCell::new(None) };
    static REQUESTS: RefCell<Requests> = RefCell::default();
}

/// The requests to the host, and its answers.
#[derive(Default)]
struct Requests {
    last_id: u32,
    open: HashMap<u32, Answer>,
}

#[derive(Default)]
struct Answer {
    bytes: Vec<u8>,
    /// Whether `bytes` are the answer, and not an error message. None until the host has answered.
    is_good: Option<bool>,
}

/// Runs a program with a stack of this size: synchronous code, which waits with [`bysyncify::embed`].
///
/// It returns when the program waits for the first time. From then on `complete` runs it.
pub fn run<P>(stack: usize, program: P)
where
    P: FnOnce() -> Result<(), Box<dyn Error>> + 'static,
{
    panic::set_hook(Box::new(|panic| fail(&panic.to_string())));
    let mut coroutine = Coroutine::with_stack(Stack::painted(stack), |_| program());
    let program = async move {
        let mut waits = 0;
        let result = poll_fn(|cx| {
            let poll = Pin::new(&mut coroutine).poll(cx);
            waits += u32::from(poll.is_pending());
            poll
        })
        .await;
        if let Err(error) = &result {
            fail(&error.to_string());
        }
        let stack = coroutine.into_stack().ok().and_then(|stack| stack.high_water());
        sys::end(result.is_ok(), stack.map_or(0, |most| most.total()), waits);
    };
    PROGRAM.set(Some(Box::pin(program)));
    go_on();
}

/// Runs the program until it waits, or has ended.
fn go_on() {
    PROGRAM.with_borrow_mut(|program| {
        // Each completion calls this, so nothing has to be woken.
        let mut cx = Context::from_waker(Waker::noop());
        if program.as_mut().is_some_and(|program| program.as_mut().poll(&mut cx).is_ready()) {
            *program = None;
        }
    });
}

/// Called by the host. Returns the address to which it writes the answer to a request, of `len` bytes. Null if the
/// request was dropped.
#[unsafe(no_mangle)]
extern "C" fn room(id: u32, len: usize) -> *mut u8 {
    REQUESTS.with_borrow_mut(|requests| match requests.open.get_mut(&id) {
        Some(answer) => {
            answer.bytes = vec![0; len];
            answer.bytes.as_mut_ptr()
        }
        None => std::ptr::null_mut(),
    })
}

/// Called by the host when the answer is complete.
#[unsafe(no_mangle)]
extern "C" fn complete(id: u32, is_good: bool) {
    REQUESTS.with_borrow_mut(|requests| {
        if let Some(answer) = requests.open.get_mut(&id) {
            answer.is_good = Some(is_good);
        }
    });
    go_on();
}

/// A request to the host. When it is dropped, the answer is not wanted any more.
struct Request(u32);

impl Request {
    fn begin(begin: impl FnOnce(u32)) -> Self {
        let id = REQUESTS.with_borrow_mut(|requests| {
            requests.last_id += 1;
            requests.open.insert(requests.last_id, Answer::default());
            requests.last_id
        });
        begin(id);
        Self(id)
    }
}

impl Future for Request {
    type Output = io::Result<Vec<u8>>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        REQUESTS.with_borrow_mut(|requests| {
            let Some(answer) = requests.open.get_mut(&self.0) else { return Poll::Pending };
            let bytes = std::mem::take(&mut answer.bytes);
            match answer.is_good {
                None => Poll::Pending,
                Some(true) => Poll::Ready(Ok(bytes)),
                Some(false) => {
                    Poll::Ready(Err(io::Error::other(String::from_utf8_lossy(&bytes).into_owned())))
                }
            }
        })
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        REQUESTS.with_borrow_mut(|requests| requests.open.remove(&self.0));
    }
}

/// Fetches these bytes of the file at an address, or all of it.
pub async fn fetch(url: &str, bytes: Option<Range<u64>>) -> io::Result<Vec<u8>> {
    let (start, end) = bytes.map_or((-1.0, -1.0), |it| (it.start as f64, it.end as f64));
    // SAFETY: a text.
    Request::begin(|id| unsafe { sys::fetch(id, url.as_ptr(), url.len(), start, end) }).await
}

/// Returns the number of bytes of the file at an address.
pub async fn size(url: &str) -> io::Result<u64> {
    // SAFETY: a text.
    let size = Request::begin(|id| unsafe { sys::size(id, url.as_ptr(), url.len()) }).await?;
    let size = std::str::from_utf8(&size).ok().and_then(|size| size.parse().ok());
    size.ok_or_else(|| io::Error::other(format!("{url}: the server does not tell its size")))
}

/// Waits for this many milliseconds.
pub async fn sleep(milliseconds: f64) {
    // A timer does not fail.
    let _ = Request::begin(|id| sys::sleep(id, milliseconds)).await;
}

/// Prints a line.
pub fn print(text: &str) {
    // SAFETY: a text.
    unsafe { sys::print(text.as_ptr(), text.len()) }
}

/// Prints a line on stderr.
pub fn fail(text: &str) {
    // SAFETY: a text.
    unsafe { sys::fail(text.as_ptr(), text.len()) }
}

/// Passes these bytes to the host, which saves them if it was started with a function for that.
pub fn save(bytes: &[u8]) {
    // SAFETY: the host copies the bytes.
    unsafe { sys::save(bytes.as_ptr(), bytes.len()) }
}

/// An argument of the command line.
pub fn argument(index: usize) -> Option<String> {
    let mut bytes = vec![0; usize::try_from(sys::argument_len(index)).ok()?];
    // SAFETY: it is so long.
    unsafe { sys::argument(index, bytes.as_mut_ptr()) };
    String::from_utf8(bytes).ok()
}

/// Milliseconds since 1970.
pub fn now() -> f64 {
    sys::now()
}

/// Fills the slice with random bytes.
pub fn random(bytes: &mut [u8]) {
    // SAFETY: so many bytes are there.
    unsafe { sys::random(bytes.as_mut_ptr(), bytes.len()) }
}
