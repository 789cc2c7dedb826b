//! The interface to the hosts: a function that prints, and answers that come at any time.
//!
//! `start` and `resume` return when the program waits for an answer. Then no function of the module is on the host's
//! stack, so the memory is the whole state of the program: see README.md.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bysyncify::{Coroutine, embed};

/// The memory of the coroutine. Most is for `format!`, which needs a lot in an unoptimised build.
const STACK_SIZE: usize = 32 * 1024;

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    #[link_name = "print"]
    fn host_print(text: *const u8, len: usize);
}

thread_local! {
    /// The program, until it has ended.
    static PROGRAM: RefCell<Option<Pin<Box<dyn Future<Output = ()>>>>> = RefCell::default();
    /// The answer that the host has written, until the program has read it.
    static ANSWER: RefCell<Option<Vec<u8>>> = RefCell::default();
}

/// Prints a line.
pub(crate) fn print(line: &str) {
    // SAFETY: the host copies the text while this call runs.
    unsafe { host_print(line.as_ptr(), line.len()) }
}

/// Asks, and waits for the answer.
pub(crate) fn ask(question: &str) -> String {
    print(question);
    let answer = embed(poll_fn(|_| ANSWER.take().map_or(Poll::Pending, Poll::Ready)));
    String::from_utf8_lossy(&answer).into_owned()
}

/// Called once by the host, unless it has a snapshot. Returns 1 if the program waits for an answer,
/// and 0 if it has ended.
#[unsafe(no_mangle)]
extern "C" fn start() -> u32 {
    let program = Box::pin(Coroutine::new(STACK_SIZE, |_| crate::invoice()));
    PROGRAM.set(Some(program));
    resume()
}

/// Called by the host when it has an answer. Returns the address to which it writes `len` bytes.
#[unsafe(no_mangle)]
extern "C" fn answer(len: usize) -> *mut u8 {
    let mut bytes = vec![0; len];
    let place = bytes.as_mut_ptr();
    ANSWER.set(Some(bytes));
    place
}

/// Called by the host when it has written the answer. Returns what `start` does.
#[unsafe(no_mangle)]
extern "C" fn resume() -> u32 {
    PROGRAM.with_borrow_mut(|program| {
        let Some(running) = program else { return 0 };
        if running.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            return 1;
        }
        *program = None;
        0
    })
}
