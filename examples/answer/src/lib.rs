//! Calls an asynchronous function of the host as if it were synchronous.
//!
//! This file is the program. `host` makes the function look synchronous.

mod host;

use host::{await_answer, get_answer, print};

/// Called by the host, as often as it likes: each call is a program of its own.
#[unsafe(no_mangle)]
pub extern "C" fn run() {
    host::spawn(|| {
        print("Getting answer...");
        match get_answer() {
            Ok(answer) => print(&format!("Answer is {answer}")),
            Err(error) => print(&error.to_string()),
        }
    });
}

/// The same program for a host that suspends modules by itself (see `host-driven.mjs`). Nothing is spawned: this is the
/// host's own call. The question only shows that its value is kept.
#[unsafe(no_mangle)]
pub extern "C" fn ask(question: i32) -> i32 {
    print(&format!("Asking question {question}..."));
    let answer = await_answer();
    print(&format!("Answer to question {question} is {answer}"));
    answer
}

/// Tries something impossible: a host's suspend cannot cross a coroutine. It ends with a message.
#[unsafe(no_mangle)]
pub extern "C" fn ask_in_coroutine() {
    host::print_panics();
    host::spawn(|| {
        ask(0);
    });
}
