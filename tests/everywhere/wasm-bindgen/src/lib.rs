//! What a web page does with wasm-bindgen, with coroutines in the middle of it. `suite.mjs` calls
//! what is exported here, and knows what has to come back.
//!
//! Nothing here is Node's or a browser's alone: the same module runs in both.

mod clocks;
mod closures;
mod objects;
mod page;
mod tasks;
mod values;

use bysyncify::{Coroutine, embed};
use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

/// Enough for a debug build.
const STACK: usize = 64 * 1024;

/// A coroutine with a stack of the usual size.
fn coroutine<T: 'static>(
    body: impl FnOnce() -> T + 'static,
) -> Coroutine<impl FnOnce(bysyncify::CoreHandle<'_>) -> T, T> {
    Coroutine::new(STACK, move |_| body())
}

/// Waits for a promise, in synchronous code.
fn wait(promise: Promise) -> Result<JsValue, JsValue> {
    embed(JsFuture::from(promise))
}

/// Waits so many milliseconds, in synchronous code.
fn pause(milliseconds: u32) {
    wait(page::sleep(milliseconds, &JsValue::UNDEFINED)).expect("a timer does not fail");
}
