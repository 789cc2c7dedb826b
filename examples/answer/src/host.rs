//! Functions of the host: `print`, which is complete when it returns, and `get_answer`, which is not.
//!
//! The host starts an operation that takes time, and returns at once. When it has the result, it calls `settled`. So an
//! asynchronous function consists of two: an import and an export. `host-calls.mjs` makes them from an `async
//! function`.
//!
//! `await_answer` is for comparison: there the host suspends and resumes the module.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;

use bysyncify::{Coroutine, embed};
use futures::channel::oneshot;
use futures::executor::LocalPool;
use futures::task::LocalSpawnExt;

/// The memory of each program. Most is for `format!`, which needs a lot in an unoptimised build.
const STACK_SIZE: usize = 32 * 1024;

mod sys {
    #[link(wasm_import_module = "env")]
    unsafe extern "C" {
        pub(super) fn print(text: *const u8, len: usize);
        /// Starts the host's `get_answer()`. The result comes later, with this number.
        pub(super) safe fn get_answer(call: u32);
        /// Named in `build.rs`.
        pub(super) safe fn await_answer() -> i32;
    }
}

/// The error of the host: there is no result.
#[derive(Debug)]
pub(crate) struct Failed;

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("There is no answer")
    }
}

/// Prints a line.
pub(crate) fn print(line: &str) {
    // SAFETY: the host copies the text while this call runs.
    unsafe { sys::print(line.as_ptr(), line.len()) }
}

/// The host's function. It is called like any other, and its caller waits.
pub(crate) fn get_answer() -> Result<i32, Failed> {
    wait_for(|call| sys::get_answer(call))
}

/// The same, but the host suspends the caller. Not for use inside a coroutine.
pub(crate) fn await_answer() -> i32 {
    sys::await_answer()
}

/// Has panics printed: otherwise the host sees a trap and no message.
pub(crate) fn print_panics() {
    std::panic::set_hook(Box::new(|info| print(&info.to_string())));
}

thread_local! {
    /// The executor.
    static POOL: RefCell<LocalPool> = RefCell::default();
    static CALLS: RefCell<Calls> = RefCell::default();
}

/// The calls that the host has not settled, with the senders of their results.
#[derive(Default)]
struct Calls {
    last: u32,
    waiting: HashMap<u32, oneshot::Sender<Result<i32, Failed>>>,
}

/// Starts a call, and waits for its result.
fn wait_for(start: impl FnOnce(u32)) -> Result<i32, Failed> {
    let (sender, receiver) = oneshot::channel();
    let call = CALLS.with_borrow_mut(|calls| {
        calls.last = calls.last.wrapping_add(1);
        calls.waiting.insert(calls.last, sender);
        calls.last
    });
    start(call);
    // The whole stack is paused here, from `spawn` down to this function.
    embed(receiver).expect("a sender is not dropped before it has sent")
}

/// Called by the host when a call has ended.
#[unsafe(no_mangle)]
extern "C" fn settled(call: u32, is_ok: bool, value: i32) {
    if let Some(sender) = CALLS.with_borrow_mut(|calls| calls.waiting.remove(&call)) {
        // The receiver may be gone.
        let _ = sender.send(if is_ok { Ok(value) } else { Err(Failed) });
    }
    POOL.with_borrow_mut(LocalPool::run_until_stalled);
}

/// Runs a program until it waits. It continues in `settled`.
pub(crate) fn spawn(program: impl FnOnce() + 'static) {
    POOL.with_borrow_mut(|pool| {
        let task = Coroutine::new(STACK_SIZE, |_| program());
        pool.spawner().spawn_local(task).expect("the executor has not ended");
        pool.run_until_stalled();
    });
}
