//! WASI and native programs: the program has its thread to itself, and sleeps when all tasks sleep.

use std::env;
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use crate::{tasks, time};

static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

/// How long the program has been running.
pub(crate) fn now() -> Duration {
    STARTED.elapsed()
}

/// Prints a line.
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// The program's argument, if it is a number.
pub(crate) fn argument() -> Option<u32> {
    env::args().nth(1)?.parse().ok()
}

/// Whether the argument is `--dump`.
pub(crate) fn is_to_dump() -> bool {
    env::args().nth(1).is_some_and(|argument| argument == "--dump")
}

/// Runs the program to its end.
pub(crate) fn run(program: impl FnOnce() + 'static) {
    let program = tasks::go_main(program);
    loop {
        time::set(now());
        tasks::run_until_all_wait();
        if program.is_finished() {
            return;
        }
        let Some(due) = time::first() else { super::deadlock() };
        // On WASI this is `poll_oneoff`.
        thread::sleep(due.saturating_sub(now()));
    }
}
