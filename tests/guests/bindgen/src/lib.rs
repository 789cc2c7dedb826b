//! Coroutines that wait for JavaScript's promises. `run.mjs` runs each exported function, in its own instance.

mod host;

use std::cell::RefCell;
use std::rc::Rc;

use bysyncify::{
    Cancelled, Coroutine, EmbedError, abandoned_coroutines, can_embed, embed, try_embed,
};
use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use host::{apply, set_timeout, sleep};

const STACK: usize = 64 * 1024;

/// Waits, in synchronous code.
fn wait_for(promise: Promise) -> Result<JsValue, JsValue> {
    embed(JsFuture::from(promise))
}

/// Two tasks; this one waits for them.
#[wasm_bindgen]
pub async fn two_spawned_coroutines_take_turns() {
    let trace = Rc::new(RefCell::new(Vec::new()));
    let (done, all_done) = (Rc::new(RefCell::new(0)), trace.clone());
    for (name, pauses) in [("a", &[20, 40, 40][..]), ("b", &[40, 40])] {
        let (trace, done) = (trace.clone(), done.clone());
        spawn_local(async move {
            let coroutine = Coroutine::new(STACK, move |_| {
                for &pause in pauses {
                    let said = wait_for(sleep(pause, &format!("{name} after {pause}").into()));
                    trace.borrow_mut().push(said.unwrap().as_string().unwrap());
                }
            });
            coroutine.await;
            *done.borrow_mut() += 1;
        });
    }
    while *done.borrow() < 2 {
        JsFuture::from(sleep(5, &JsValue::NULL)).await.unwrap();
    }
    let expected = ["a after 20", "b after 40", "a after 40", "b after 40", "a after 40"];
    assert_eq!(all_done.take(), expected);
}

/// A `JsValue` is an index, so it survives when the stack is saved.
#[wasm_bindgen]
pub async fn js_values_on_the_stack_outlive_a_suspend() {
    let sum = Coroutine::new(STACK, |_| {
        let objects: [Array; 3] = std::array::from_fn(|index| Array::of(&[index.into()]));
        for array in &objects {
            // The same object, not a copy.
            let same = wait_for(sleep(1, array)).unwrap();
            assert!(js_sys::Object::is(&same, array));
            let filler: Vec<JsValue> = (0..100).map(JsValue::from).collect();
            wait_for(Promise::resolve(&JsValue::NULL)).unwrap();
            drop(filler);
            same.unchecked_into::<Array>().push(&10.into());
        }
        objects.iter().flat_map(|array| array.iter()).map(|n| n.as_f64().unwrap()).sum::<f64>()
    });
    assert_eq!(sum.await, 33.0);
}

/// JavaScript has a reference to data in the coroutine's frame.
#[wasm_bindgen]
pub async fn a_closure_on_the_stack_is_called_while_its_coroutine_is_suspended() {
    let calls = Coroutine::new(STACK, |_| {
        let calls = Rc::new(RefCell::new(0));
        for _ in 0..3 {
            let inside = calls.clone();
            let closure = Closure::new(move || *inside.borrow_mut() += 1);
            set_timeout(&closure, 1);
            let before = *calls.borrow();
            while *calls.borrow() == before {
                wait_for(sleep(1, &JsValue::NULL)).unwrap();
            }
        }
        calls.take()
    });
    assert_eq!(calls.await, 3);
}

/// Nothing can be suspended across a frame of JavaScript's.
#[wasm_bindgen]
pub async fn what_javascript_calls_back_cannot_wait() {
    let coroutine = Coroutine::new(STACK, |_| {
        let seen = Rc::new(RefCell::new(Vec::new()));
        let look_into = |seen: &RefCell<Vec<_>>| {
            let future = JsFuture::from(sleep(1, &JsValue::NULL));
            seen.borrow_mut().push((can_embed(), try_embed(future).err()));
        };
        let array = Array::of(&[JsValue::from(1), JsValue::from(2)]);
        array.for_each(&mut |_, _, _| look_into(&seen));
        let inside = seen.clone();
        let closure = Closure::once(move || look_into(&inside));
        apply(closure.as_ref().unchecked_ref(), JsValue::NULL, &Array::new());
        // After the callback it can wait again.
        wait_for(sleep(1, &JsValue::NULL)).unwrap();
        seen.take()
    });
    assert_eq!(coroutine.await, [(false, Some(EmbedError::NotRunning)); 3]);
}

/// Arguments from JavaScript, and the result, go through a coroutine.
#[wasm_bindgen]
pub async fn pass_through(value: JsValue, times: u32) -> JsValue {
    Coroutine::new(STACK, move |handle| {
        (0..times).fold(value, |value, _| {
            handle.embed(JsFuture::from(sleep(1, &value))).expect("a timer does not fail")
        })
    })
    .await
}

/// The operator `?` passes it on.
#[wasm_bindgen]
pub async fn a_rejected_promise_is_an_error_in_synchronous_code() {
    let error = Coroutine::new(STACK, |_| {
        let number = wait_for(Promise::resolve(&JsValue::from(1)))?;
        wait_for(Promise::reject(&JsValue::from("no")))?;
        Ok::<_, JsValue>(number)
    });
    assert_eq!(error.await.unwrap_err().as_string().as_deref(), Some("no"));
}

/// With a coroutine that returns when it is dropped, and one that does not.
#[wasm_bindgen]
pub async fn a_promise_may_settle_after_its_coroutine_was_dropped() {
    let dropped = Rc::new(RefCell::new(Vec::new()));
    for polite in [true, false] {
        let inside = dropped.clone();
        let mut coroutine = Coroutine::new(STACK, move |handle| {
            let future = JsFuture::from(sleep(10, &"late".into()));
            if polite {
                inside.borrow_mut().push(handle.try_embed(future).unwrap_err());
            } else {
                handle.embed(future).unwrap();
            }
        });
        std::future::poll_fn(|cx| {
            let pin = std::pin::Pin::new(&mut coroutine);
            assert!(pin.poll(cx).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
    }
    assert_eq!(dropped.take(), [Cancelled]);
    assert_eq!(abandoned_coroutines(), 1);
    JsFuture::from(sleep(30, &JsValue::NULL)).await.unwrap();
}
