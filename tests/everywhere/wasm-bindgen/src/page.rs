//! What the page gives: timers, and a class written in JavaScript.

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    pub(crate) fn set_timeout(callback: &Function, milliseconds: u32);

    #[wasm_bindgen(js_name = setTimeout)]
    pub(crate) fn set_timeout_with(callback: &Function, milliseconds: u32, value: &JsValue);

    #[wasm_bindgen(js_name = setTimeout)]
    pub(crate) fn set_timer(
        callback: &Closure<dyn FnMut(JsValue)>,
        milliseconds: u32,
        value: JsValue,
    );

    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(message: &str);

    /// A class of `suite.mjs`, which puts it into the global scope.
    pub(crate) type Account;

    #[wasm_bindgen(constructor)]
    pub(crate) fn new(owner: &JsValue) -> Account;

    #[wasm_bindgen(static_method_of = Account)]
    pub(crate) fn count() -> u32;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn owner(this: &Account) -> JsValue;

    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_note(this: &Account, note: &str);

    /// Resolves to the new balance after a while.
    #[wasm_bindgen(method)]
    pub(crate) fn deposit(this: &Account, amount: u32) -> Promise;

    /// Throws if there is not enough.
    #[wasm_bindgen(method, catch)]
    pub(crate) fn withdraw(this: &Account, amount: u32) -> Result<u32, JsValue>;
}

/// Resolves to `value` after so many milliseconds.
pub(crate) fn sleep(milliseconds: u32, value: &JsValue) -> Promise {
    // JavaScript calls this closure before `new` returns: it does not wait, so it may.
    Promise::new(&mut |resolve, _| set_timeout_with(&resolve, milliseconds, value))
}

/// Runs when the module is instantiated.
#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|info| console_error(&info.to_string())));
}
