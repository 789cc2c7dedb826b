//! Synchronous code that waits for timers, and its tests under wasm-bindgen-test-runner.

use bysyncify::embed;
use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, milliseconds: u32, value: &JsValue);
}

/// Waits so many milliseconds for `value`.
pub fn later(milliseconds: u32, value: &JsValue) -> JsValue {
    let promise = Promise::new(&mut |resolve, _| set_timeout(&resolve, milliseconds, value));
    embed(JsFuture::from(promise)).expect("a timer does not fail")
}

/// Waits at each depth; the sum of the depths.
pub fn sum_slowly(depth: u32) -> u32 {
    let here = later(1, &depth.into()).as_f64().expect("a number") as u32;
    if depth == 0 { here } else { here + sum_slowly(depth - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bysyncify::Coroutine;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    async fn unit_tests_wait() {
        assert_eq!(Coroutine::new(64 * 1024, |_| sum_slowly(10)).await, 55);
    }
}
