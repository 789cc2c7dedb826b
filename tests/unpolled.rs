//! What a coroutine does that is never polled: the same on every target.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use bysyncify::Coroutine;

/// A closure that keeps `kept` alive and is larger than the smallest stack.
fn large(kept: Rc<()>) -> impl FnOnce(bysyncify::CoreHandle<'_>) -> usize + 'static {
    let array = [1u8; 600];
    move |_| Rc::strong_count(&kept) + array.len()
}

#[test]
fn a_closure_that_is_refused_is_dropped_once() {
    let kept = Rc::new(());
    let closure = large(kept.clone());
    let refused = catch_unwind(AssertUnwindSafe(|| drop(Coroutine::new(512, closure))));
    assert!(refused.is_err());
    assert_eq!(Rc::strong_count(&kept), 1);
}

#[test]
fn a_closure_that_is_not_called_is_dropped_once() {
    let kept = Rc::new(());
    let coroutine = Coroutine::new(4096, large(kept.clone()));
    assert_eq!(Rc::strong_count(&kept), 2);
    drop(coroutine);
    assert_eq!(Rc::strong_count(&kept), 1);
}
