//! The same in Node and in a browser.

use std::cell::RefCell;
use std::rc::Rc;

use bysyncify::Coroutine;
use everywhere_wasm_bindgen_test::{later, sum_slowly};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use wasm_bindgen_test::wasm_bindgen_test;

const STACK: usize = 64 * 1024;

#[wasm_bindgen_test]
fn synchronous_tests_run_as_ever() {
    assert!(!bysyncify::can_embed());
}

#[wasm_bindgen_test]
async fn synchronous_code_waits() {
    assert_eq!(Coroutine::new(STACK, |_| sum_slowly(20)).await, 210);
}

#[wasm_bindgen_test]
async fn coroutines_take_turns() {
    let trace = Rc::new(RefCell::new(Vec::new()));
    let inside = trace.clone();
    spawn_local(async move {
        let trace = inside.clone();
        Coroutine::new(STACK, move |_| {
            for step in 0..3 {
                later(20, &JsValue::NULL);
                trace.borrow_mut().push(format!("spawned {step}"));
            }
        })
        .await;
    });
    let inside = trace.clone();
    Coroutine::new(STACK, move |_| {
        later(10, &JsValue::NULL);
        for step in 0..3 {
            inside.borrow_mut().push(format!("own {step}"));
            later(20, &JsValue::NULL);
        }
    })
    .await;
    let expected = ["own 0", "spawned 0", "own 1", "spawned 1", "own 2", "spawned 2"];
    assert_eq!(trace.take(), expected);
}

#[wasm_bindgen_test]
#[should_panic(expected = "cannot embed outside a running coroutine")]
fn panics_are_told_apart() {
    later(0, &JsValue::NULL);
}

/// Not run but to see that a failure is one.
#[wasm_bindgen_test]
#[ignore = "it fails"]
async fn a_test_that_fails() {
    let sum = Coroutine::new(STACK, |_| sum_slowly(2)).await;
    assert_eq!(sum, 4, "as it should");
}
