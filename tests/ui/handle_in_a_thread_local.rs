//! A handle does not leave its closure: by way of a thread local.

use bysyncify::{CoreHandle, Coroutine};
use std::cell::Cell;

thread_local! {
    static OUTSIDE: Cell<Option<CoreHandle<'static>>> = const { Cell::new(None) };
}

fn main() {
    drop(Coroutine::new(4096, |handle| OUTSIDE.set(Some(handle))));
}
