//! Coroutines that take turns, and tasks beside them.

use std::cell::RefCell;
use std::rc::Rc;

use bysyncify::{Cancelled, abandoned_coroutines, try_embed};
use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};

use crate::{coroutine, page, pause, wait};

/// What happened, in order.
type Trace = Rc<RefCell<Vec<String>>>;

/// Waits in a frame of its own, at each depth.
fn count_down(name: &str, from: u32, trace: &Trace) -> u32 {
    let label: JsValue = format!("{name}{from}").into();
    let same = wait(page::sleep(10, &label)).expect("a timer does not fail");
    assert_eq!(same, label);
    trace.borrow_mut().push(same.as_string().expect("a string"));
    if from == 0 { 0 } else { from + count_down(name, from - 1, trace) }
}

/// Two coroutines on promises: neither ends before the other has gone on.
#[wasm_bindgen]
pub async fn interleave() -> String {
    let trace = Trace::default();
    let spawn = |name: &'static str| {
        let trace = trace.clone();
        let coroutine = coroutine(move || count_down(name, 3, &trace));
        future_to_promise(async move { Ok(coroutine.await.into()) })
    };
    let both = Promise::all(&Array::of(&["a", "b"].map(spawn).map(JsValue::from)));
    let sums = JsFuture::from(both).await.expect("both end");
    let sums = Array::from(&sums).join("+");
    format!("{} = {sums}", trace.take().join(" "))
}

/// A coroutine starts tasks, among them coroutines, and waits for what they do.
#[wasm_bindgen]
pub async fn spawn_inside() -> String {
    coroutine(|| {
        let trace = Trace::default();
        for name in ["x", "y"] {
            let trace = trace.clone();
            spawn_local(async move {
                trace.borrow_mut().push(format!("{name} starts"));
                let inner = trace.clone();
                coroutine(move || {
                    pause(5);
                    inner.borrow_mut().push(format!("{name} waited"));
                })
                .await;
                trace.borrow_mut().push(format!("{name} ends"));
            });
        }
        trace.borrow_mut().push("spawned".into());
        while trace.borrow().len() < 7 {
            pause(1);
        }
        trace.take().join(", ")
    })
    .await
}

/// The promise settles when nobody is there any more. Tells how many coroutines were leaked.
#[wasm_bindgen]
pub async fn drop_while_waiting() -> Vec<usize> {
    let before = abandoned_coroutines();
    let cancelled = Rc::new(RefCell::new(0));
    for is_polite in [true, false] {
        let inside = cancelled.clone();
        let mut coroutine = coroutine(move || {
            let late = JsFuture::from(page::sleep(5, &"late".into()));
            if is_polite {
                assert_eq!(try_embed(late), Err(Cancelled));
                *inside.borrow_mut() += 1;
            } else {
                bysyncify::embed(late).expect("not reached");
            }
        });
        std::future::poll_fn(|cx| {
            assert!(std::pin::Pin::new(&mut coroutine).poll(cx).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
    }
    JsFuture::from(page::sleep(20, &JsValue::NULL)).await.expect("a timer does not fail");
    vec![cancelled.take(), abandoned_coroutines() - before]
}
