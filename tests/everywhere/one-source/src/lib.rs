//! Synchronous code that waits, and does not depend on where it runs.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use bysyncify::embed;

/// Lines that arrive at any time.
#[derive(Clone, Debug, Default)]
pub struct Lines(Rc<RefCell<State>>);

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<String>,
    reader: Option<Waker>,
}

impl Lines {
    /// Adds a line, and wakes the reader.
    pub fn add(&self, line: &str) {
        let mut state = self.0.borrow_mut();
        state.lines.push_back(line.to_owned());
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// Returns the next line. Waits until there is one.
    pub fn read(&self) -> String {
        embed(poll_fn(|cx| {
            let mut state = self.0.borrow_mut();
            match state.lines.pop_front() {
                Some(line) => Poll::Ready(line),
                None => {
                    state.reader = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        }))
    }
}

/// Evaluates an expression in Polish notation. Each line is a word: `+`, `*`, or a number.
pub fn evaluate(lines: &Lines) -> u64 {
    match lines.read().as_str() {
        "+" => evaluate(lines) + evaluate(lines),
        "*" => evaluate(lines) * evaluate(lines),
        number => number.parse().expect("a number"),
    }
}
