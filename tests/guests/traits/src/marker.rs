//! `CoroutineMarker`, which makes coroutines for code that is generic over the implementation.

use awaiter_trait::r#dyn::{DynAwaiter, DynAwaiterMut, DynUnsafeAwaiter, DynUnsafeAwaiterMut};
use awaiter_trait::{
    Awaiter, AwaiterMut, Coroutine, CoroutineMut, CoroutineMutSelfMut, CoroutineSelfMut,
    UnsafeAwaiter, UnsafeAwaiterMut, UnsafeCoroutine, UnsafeCoroutineMut,
    UnsafeCoroutineMutSelfMut, UnsafeCoroutineSelfMut,
};
use bysyncify::CoroutineMarker;
use guest_support::{Trace, after_polls, run, tests};
use std::pin::pin;

fn marker() -> CoroutineMarker {
    // SAFETY: every coroutine that is made in this file is polled to completion.
    unsafe { CoroutineMarker::new(8192) }
}

fn shared(awaiter: &(dyn DynAwaiter + '_)) -> u32 {
    awaiter.r#await(pin!(after_polls(2, 5)))
}

fn exclusive(awaiter: &mut (dyn DynAwaiterMut + '_)) -> u32 {
    awaiter.await_mut(pin!(after_polls(2, 5)))
}

fn unsafe_shared(awaiter: &(dyn DynUnsafeAwaiter + '_)) -> u32 {
    // SAFETY: called by the coroutine whose awaiter it is.
    unsafe { awaiter.unsafe_await(pin!(after_polls(2, 5))) }
}

fn unsafe_exclusive(awaiter: &mut (dyn DynUnsafeAwaiterMut + '_)) -> u32 {
    // SAFETY: called by the coroutine whose awaiter it is.
    unsafe { awaiter.unsafe_await_mut(pin!(after_polls(2, 5))) }
}

/// A library's function, which knows nothing of this crate. It lends its own locals.
fn total_of<C: Coroutine>(coroutine: &C, values: &[u32], trace: &Trace) -> u32 {
    let future = coroutine.exec(|awaiter| {
        values
            .iter()
            .map(|value| {
                trace.add(format!("wait for {value}"));
                awaiter.r#await(pin!(after_polls(1, *value)))
            })
            .sum()
    });
    let (polls, total) = run(Box::pin(future));
    assert_eq!(polls, values.len() + 1);
    total
}

tests! {
    fn a_marker_has_its_size() {
        assert_eq!(marker().size(), 8192);
    }

    fn exec_of_the_four_safe_traits() {
        assert_eq!(run(Box::pin(marker().exec(shared))), (3, 5));
        assert_eq!(run(Box::pin(marker().exec_self_mut(shared))), (3, 5));
        assert_eq!(run(Box::pin(marker().exec_mut(exclusive))), (3, 5));
        assert_eq!(run(Box::pin(marker().exec_mut_self_mut(exclusive))), (3, 5));
    }

    fn exec_of_the_four_unsafe_traits() {
        let mut marker = marker();
        // SAFETY: the closure borrows nothing, and the coroutine is polled to completion.
        let future = unsafe { marker.unsafe_exec(unsafe_shared) };
        assert_eq!(run(Box::pin(future)), (3, 5));
        // SAFETY: likewise.
        let future = unsafe { marker.unsafe_exec_self_mut(unsafe_shared) };
        assert_eq!(run(Box::pin(future)), (3, 5));
        // SAFETY: likewise.
        let future = unsafe { marker.unsafe_exec_mut(unsafe_exclusive) };
        assert_eq!(run(Box::pin(future)), (3, 5));
        // SAFETY: likewise.
        let future = unsafe { marker.unsafe_exec_mut_self_mut(unsafe_exclusive) };
        assert_eq!(run(Box::pin(future)), (3, 5));
    }

    fn generic_code_lends_its_locals() {
        let trace = Trace::default();
        assert_eq!(total_of(&marker(), &[1, 20, 300], &trace), 321);
        assert_eq!(trace.take(), ["wait for 1", "wait for 20", "wait for 300"]);
    }
}
