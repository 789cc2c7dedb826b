//! What a generator yields does not borrow from its stack.

use bysyncify::Generator;

fn main() {
    let generator = Generator::new(4096, |yielder| {
        let text = String::from("text");
        yielder.yield_(text.as_str());
    });
    generator.for_each(drop);
}
