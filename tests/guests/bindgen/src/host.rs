//! Node's timers, and a hook that prints panics.

use js_sys::{Array, Function, Promise};
use wasm_bindgen::convert::IntoWasmAbi;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "node:timers/promises")]
extern "C" {
    /// Resolves to `value` after this many milliseconds.
    #[wasm_bindgen(js_name = setTimeout)]
    pub(crate) fn sleep(milliseconds: u32, value: &JsValue) -> Promise;
}

#[wasm_bindgen(module = "node:timers")]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    pub(crate) fn set_timeout(callback: &Closure<dyn FnMut()>, milliseconds: u32);
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(message: &str);

    /// Has one import for each type of `this`: wasm-bindgen makes the imports from functions of ours.
    #[wasm_bindgen(js_namespace = Reflect, experimental_generic_mono)]
    pub(crate) fn apply<T: IntoWasmAbi>(function: &Function, this: T, arguments: &Array);
}

/// Runs when the module is instantiated.
#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|info| console_error(&info.to_string())));
}
