//! A yielder does not leave its closure: by way of a cell outside.

use bysyncify::{Generator, Yielder};
use std::cell::Cell;
use std::rc::Rc;

fn main() {
    let outside: Rc<Cell<Option<Yielder<'static, u32>>>> = Rc::default();
    let inside = outside.clone();
    drop(Generator::new(4096, move |yielder| inside.set(Some(yielder))));
}
