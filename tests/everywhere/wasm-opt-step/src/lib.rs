//! A program that waits in a function of JavaScript's, and is suspended meanwhile: no library and no
//! linker of ours make it so, but `wasm-asyncify` where the tool that packs it calls `wasm-opt`.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// A number that JavaScript makes of this one, a while later.
    fn nap(number: u32) -> u32;
}

/// What JavaScript drives it by: Asyncify's functions are there, too.
#[wasm_bindgen]
pub fn everything_exported() -> JsValue {
    wasm_bindgen::exports()
}

/// Where its frames are saved: room for them, and first the two addresses that Asyncify wants.
#[wasm_bindgen]
pub fn frames() -> usize {
    let frames = Box::leak(vec![0; 2048].into_boxed_slice());
    let room = frames[2..].as_ptr_range();
    frames[0] = room.start as usize;
    frames[1] = room.end as usize;
    frames.as_ptr() as usize
}

/// Something that is called by a pointer.
type Step = Box<dyn Fn(u32) -> u32>;

/// Naps in a function that it calls by a pointer, in itself, and in loops.
#[wasm_bindgen]
pub fn program(depth: u32) -> u32 {
    let steps: [(&str, Step); 2] = [
        ("nap", Box::new(|number| nap(number) ^ number)),
        ("descend", Box::new(move |number| number + program(depth.saturating_sub(1)))),
    ];
    let mut sum = depth;
    for (name, step) in steps.iter().take(1 + depth.min(1) as usize) {
        for round in 0..2 {
            sum = sum.wrapping_mul(31).wrapping_add(step(round) + name.len() as u32);
        }
    }
    sum
}
