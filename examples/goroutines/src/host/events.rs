//! A host with an event loop: the program returns to it when all tasks sleep, and is called later.
//! `host.mjs` is the other side.

use std::cell::RefCell;
use std::panic;
use std::time::Duration;

use crate::tasks::{self, Task};
use crate::time;

mod sys {
    #[link(wasm_import_module = "host")]
    unsafe extern "C" {
        pub(super) safe fn now() -> f64;
        pub(super) safe fn wake_in(milliseconds: f64);
        pub(super) safe fn argument() -> f64;
        pub(super) fn say(text: *const u8, len: usize);
    }
}

thread_local! {
    /// The program, while it is not at its end.
    static PROGRAM: RefCell<Option<Task<()>>> = const { RefCell::new(None) };
}

/// How long the program has been running.
pub(crate) fn now() -> Duration {
    Duration::from_secs_f64(sys::now() / 1000.0)
}

/// Prints a line.
pub(crate) fn say(line: &str) {
    // SAFETY: the host copies the text while this call runs.
    unsafe { sys::say(line.as_ptr(), line.len()) }
}

/// The program's argument, if it is a number.
pub(crate) fn argument() -> Option<u32> {
    let argument = sys::argument();
    (argument > 0.0).then_some(argument as u32)
}

/// Whether the argument is `--dump`.
pub(crate) fn is_to_dump() -> bool {
    sys::argument() < 0.0
}

/// Starts the program. This returns as soon as all tasks sleep.
pub(crate) fn run(program: impl FnOnce() + 'static) {
    panic::set_hook(Box::new(|info| say(&info.to_string())));
    PROGRAM.set(Some(tasks::go_main(program)));
    wake();
}

/// Called by the host after the time that it was asked to wait.
#[unsafe(no_mangle)]
extern "C" fn wake() {
    time::set(now());
    tasks::run_until_all_wait();
    if PROGRAM.with_borrow(|program| program.as_ref().is_none_or(Task::is_finished)) {
        return;
    }
    let Some(due) = time::first() else { super::deadlock() };
    sys::wake_in(due.saturating_sub(now()).as_secs_f64() * 1000.0);
}
