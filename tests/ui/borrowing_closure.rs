//! A coroutine that is forgotten keeps what it borrows for ever.

use bysyncify::Coroutine;

fn main() {
    let local = String::from("local");
    let coroutine = Coroutine::new(4096, |_| local.len());
    std::mem::forget(coroutine);
}
