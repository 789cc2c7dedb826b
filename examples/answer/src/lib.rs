//! Calls a function of the host's that takes its time, as if it did not.
//!
//! This file is the program. `host` is what makes the function look so.

mod host;

use host::{get_answer, print};

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
