//! Values of JavaScript's: arguments and results of every kind, on stacks that are put away.

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::{coroutine, page, pause, wait};

/// The same object goes to JavaScript and comes back, again and again.
#[wasm_bindgen]
pub async fn pass_through(value: JsValue, times: u32) -> JsValue {
    coroutine(move || {
        (0..times)
            .fold(value, |value, _| wait(page::sleep(1, &value)).expect("a timer does not fail"))
    })
    .await
}

/// Imports that take externrefs, by reference and by value, one and several, with waits between.
#[wasm_bindgen]
pub async fn gather(target: Object, keys: Vec<JsValue>, last: Option<Object>) -> Object {
    coroutine(move || {
        for (index, key) in keys.iter().enumerate() {
            let value = wait(Promise::resolve(key)).expect("it resolves");
            assert!(Object::is(&value, key));
            let pair = Array::of(&[value, (index as u32).into()]);
            pause(1);
            Reflect::set(&target, &pair.get(0), &pair.get(1)).expect("an object can be changed");
        }
        if let Some(last) = last {
            Object::assign(&target, &last);
        }
        target
    })
    .await
}

/// Many slots of wasm-bindgen's table are taken and given back while others are on the stack.
#[wasm_bindgen]
pub async fn keep_objects() -> f64 {
    coroutine(|| {
        let objects: [Array; 3] = std::array::from_fn(|index| Array::of(&[index.into()]));
        for array in &objects {
            let same = wait(page::sleep(1, array)).expect("a timer does not fail");
            assert!(Object::is(&same, array));
            let filler: Vec<JsValue> = (0..1000).map(JsValue::from).collect();
            pause(1);
            drop(filler);
            same.unchecked_into::<Array>().push(&10.into());
        }
        objects.iter().flat_map(|array| array.iter()).filter_map(|item| item.as_f64()).sum()
    })
    .await
}

/// What is copied into memory and out of it.
#[wasm_bindgen]
pub async fn copy(text: String, bytes: Vec<u8>, numbers: Vec<f64>) -> Vec<String> {
    coroutine(move || {
        pause(1);
        let array = Uint8Array::from(&bytes[..]);
        pause(1);
        let reversed: Vec<u8> = array.to_vec().into_iter().rev().collect();
        vec![text.to_uppercase(), format!("{reversed:?}"), format!("{numbers:?}")]
    })
    .await
}

/// Not asynchronous: nothing of a suspended coroutine may be in its way.
#[wasm_bindgen]
pub fn add(a: u32, b: Option<u32>) -> u32 {
    a + b.unwrap_or(1000)
}

/// While a coroutine waits, JavaScript calls an exported function.
#[wasm_bindgen]
pub async fn call_back_in(export: Function) -> JsValue {
    coroutine(move || {
        let mut sum = JsValue::from(0);
        for number in 1..=3_u32 {
            page::set_timeout_with(&export, 0, &number.into());
            pause(5);
            sum = export.call2(&JsValue::NULL, &sum, &number.into()).expect("it adds");
        }
        sum
    })
    .await
}
