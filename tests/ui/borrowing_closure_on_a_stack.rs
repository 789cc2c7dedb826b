//! As in `borrowing_closure`, on a stack that there already is.

use bysyncify::{Coroutine, Stack};

fn main() {
    let local = String::from("local");
    let coroutine = Coroutine::with_stack(Stack::new(4096), |_| local.len());
    std::mem::forget(coroutine);
}
