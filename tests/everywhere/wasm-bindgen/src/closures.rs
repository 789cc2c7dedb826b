//! Closures that JavaScript calls: later, while their coroutine waits, or at once.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bysyncify::Coroutine;
use js_sys::{Array, Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use crate::{STACK, coroutine, page, pause, wait};

/// A timer calls a closure that lies on the stack of a suspended coroutine.
#[wasm_bindgen]
pub async fn timer_closure() -> String {
    coroutine(|| {
        let said = Rc::new(RefCell::new(Vec::new()));
        for word in ["one", "two", "three"] {
            let inside = said.clone();
            let closure = Closure::<dyn FnMut(JsValue)>::new(move |value: JsValue| {
                inside.borrow_mut().push(value.as_string().unwrap_or_default());
            });
            page::set_timer(&closure, 1, word.into());
            let before = said.borrow().len();
            while said.borrow().len() == before {
                pause(1);
            }
        }
        said.take().join(" ")
    })
    .await
}

/// A timer calls a closure that runs a coroutine of its own, while another one waits for it.
#[wasm_bindgen]
pub async fn closure_with_a_coroutine() -> JsValue {
    coroutine(|| {
        let promise = Promise::new(&mut |resolve, _| {
            let inner = Closure::once_into_js(move || {
                let body = coroutine(move || {
                    pause(2);
                    let sum = (1..=4).inspect(|_| pause(1)).sum::<u32>();
                    resolve.call1(&JsValue::NULL, &sum.into())
                });
                wasm_bindgen_futures::spawn_local(async {
                    body.await.expect("a promise can be resolved");
                });
            });
            page::set_timeout(inner.unchecked_ref(), 1);
        });
        wait(promise).expect("it is resolved")
    })
    .await
}

/// Yields once.
async fn yield_now() {
    let mut is_first = true;
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut is_first, false) { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
}

/// Polls a coroutine to its end, at once. Tells how often.
fn run_at_once(steps: u32) -> u32 {
    let mut coroutine = Box::pin(Coroutine::new(STACK, move |handle| {
        (0..steps).for_each(|_| handle.embed(yield_now()));
    }));
    let mut cx = Context::from_waker(Waker::noop());
    let mut polls = 1;
    while coroutine.as_mut().poll(&mut cx).is_pending() {
        polls += 1;
    }
    polls
}

/// JavaScript calls a closure at once, from a running coroutine; it runs others from beginning to
/// end. That is no wait across JavaScript.
#[wasm_bindgen]
pub async fn coroutines_below_javascript(array: Array) -> Array {
    coroutine(move || {
        pause(1);
        let polls = array
            .map(&mut |value, _, _| run_at_once(value.as_f64().unwrap_or_default() as u32).into());
        pause(1);
        polls
    })
    .await
}

/// A closure that borrows from the coroutine's stack is called while that is suspended.
#[wasm_bindgen]
pub async fn borrowed_closure() -> u32 {
    coroutine(|| {
        let calls = Cell::new(0);
        let body = |_: JsValue| calls.set(calls.get() + 1);
        let closure = ScopedClosure::<dyn Fn(JsValue)>::borrow(&body);
        let function: &Function = closure.as_js_value().unchecked_ref();
        for _ in 0..3 {
            page::set_timeout(function, 0);
            pause(2);
        }
        drop(closure);
        calls.get()
    })
    .await
}

/// JavaScript keeps these for good, and calls them with all kinds of arguments.
#[wasm_bindgen]
pub fn make_closures() -> Array {
    let join = Closure::<dyn Fn(String, Option<u32>) -> String>::new(|text, number| {
        format!("{text} {number:?}")
    });
    let late = Closure::<dyn FnMut(JsValue, f64) -> Promise>::new(|value: JsValue, factor| {
        let body = coroutine(move || {
            pause(1);
            wait(page::sleep(1, &value)).map(|value| value.as_f64().unwrap_or_default() * factor)
        });
        future_to_promise(async { body.await.map(JsValue::from) })
    });
    let catch =
        Closure::<dyn Fn(Function) -> Result<JsValue, JsValue>>::new(|thrower: Function| {
            let error = thrower.call0(&JsValue::NULL).expect_err("it throws");
            Err(Array::of(&[error]).into())
        });
    Array::of(&[join.into_js_value(), late.into_js_value(), catch.into_js_value()])
}

/// `JsFuture`s and closures of JavaScript's in one expression.
#[wasm_bindgen]
pub async fn call_function(function: Function) -> Result<JsValue, JsValue> {
    let body = coroutine(move || {
        let first = function.call1(&JsValue::NULL, &1.into())?;
        let second = wait(first.dyn_into::<Promise>()?)?;
        function.call2(&JsValue::NULL, &second, &"more".into())
    });
    JsFuture::from(body.await?.dyn_into::<Promise>()?).await
}
