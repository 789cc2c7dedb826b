//! Calls a function of the host's that takes its time, as if it did not.
//!
//! This file is the program. `host` is what makes the function look so.

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

/// The same program for a host that suspends modules by itself (see `host-driven.mjs`): nothing is
/// spawned, this is the host's own call. The question is only there to be remembered.
#[unsafe(no_mangle)]
pub extern "C" fn ask(question: i32) -> i32 {
    print(&format!("Asking question {question}..."));
    let answer = await_answer();
    print(&format!("Answer to question {question} is {answer}"));
    answer
}

/// Does what cannot be done: a host's suspend does not get past a coroutine. It ends with a message.
#[unsafe(no_mangle)]
pub extern "C" fn ask_in_coroutine() {
    host::print_panics();
    host::spawn(|| {
        ask(0);
    });
}
