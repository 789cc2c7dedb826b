//! Prints what the host has to read, letter by letter, as the host gets it.
//!
//! `init` is the only function that the host calls by name, and it returns at once. All the rest
//! happens when the host calls back (see `host`), in the middle of the loop in `run`.

mod host;

use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Waker};

use bysyncify::{Coroutine, embed};

/// The memory of the coroutine. There is little on its stack.
const STACK_SIZE: usize = 16 * 1024;

thread_local! {
    /// The program while it waits. `init` has returned then.
    static PROGRAM: RefCell<Option<Pin<Box<dyn Future<Output = ()>>>>> = RefCell::default();
}

/// Called once by the host.
#[unsafe(no_mangle)]
pub extern "C" fn init() {
    let program = Box::pin(Coroutine::new(STACK_SIZE, |_| run()));
    let earlier = PROGRAM.replace(Some(program));
    assert!(earlier.is_none(), "`init` was called twice");
    resume();
}

/// Runs the program until it waits again, or has ended.
///
/// This is the executor: there is one task, and this is called when it can continue.
fn resume() {
    PROGRAM.with_borrow_mut(|program| {
        if let Some(running) = program
            && running.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
        {
            *program = None;
        }
    });
}

/// The program. It is an ordinary loop.
fn run() {
    let mut letter = [0];
    while get(&mut letter) != 0 {
        host::print(&letter);
    }
}

/// Fills the buffer; 0 is the end. An ordinary function that waits.
fn get(buffer: &mut [u8]) -> usize {
    // The whole stack is paused here: this function, the loop, and its caller.
    embed(host::ready());
    host::read(buffer)
}
