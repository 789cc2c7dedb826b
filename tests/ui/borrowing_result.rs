//! A result does not borrow: it lies in the coroutine's memory until it is taken.

use bysyncify::{CoreHandle, Coroutine};

fn make<'a>(text: &'a str) -> impl Future<Output = &'a str> {
    let closure: fn(CoreHandle<'_>) -> &'a str = |_| "";
    let _ = text;
    Coroutine::new(4096, closure)
}

fn main() {
    drop(make("text"));
}
