//! Borrowing in a coroutine is a promise.

use bysyncify::Coroutine;

fn main() {
    let local = 1;
    drop(Coroutine::new_unchecked(4096, |_| local + 1));
}
