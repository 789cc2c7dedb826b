//! A handle does not leave its closure: by way of a cell outside.

use bysyncify::{CoreHandle, Coroutine};
use std::cell::Cell;
use std::rc::Rc;

fn main() {
    let outside: Rc<Cell<Option<CoreHandle<'static>>>> = Rc::default();
    let inside = outside.clone();
    drop(Coroutine::new(4096, move |handle| inside.set(Some(handle))));
}
