//! A generator's closure does not borrow: a forgotten generator would outlive what it borrows.

use bysyncify::AsyncGenerator;

fn main() {
    let text = String::from("text");
    drop(AsyncGenerator::new(4096, |_, yielder| yielder.yield_(text.len())));
}
