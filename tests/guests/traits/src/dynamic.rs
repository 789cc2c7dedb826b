//! Handles behind `dyn`, as code sees them that knows nothing of coroutines.

use awaiter_trait::r#dyn::{DynAwaiter, DynAwaiterMut, DynUnsafeAwaiter, DynUnsafeAwaiterMut};
use awaiter_trait::{Awaiter, UnsafeAwaiter, UnsafeAwaiterMut};
use bysyncify::Coroutine;
use guest_support::{after_one_poll, after_polls, run, tests};
use std::pin::pin;

use crate::by_all::v02;

fn wait_shared(awaiter: &dyn DynAwaiter) -> String {
    awaiter.dyn_await(pin!(after_one_poll(())));
    awaiter.r#await(pin!(after_polls(2, String::from("an output that is dropped"))))
}

tests! {
    fn a_shared_dyn_awaiter() {
        let coroutine = Coroutine::new(8192, |handle| wait_shared(&handle));
        assert_eq!(run(coroutine), (4, "an output that is dropped".into()));
    }

    fn a_dyn_awaiter_by_every_method() {
        let coroutine = Coroutine::new(8192, |mut handle| {
            let awaiter: &mut dyn DynAwaiter = &mut handle;
            let by_mut = v02::by_mut(awaiter);
            // SAFETY: it is a `CoreHandle`, of the coroutine that runs this.
            (by_mut, unsafe { v02::by_unsafe(awaiter) })
        });
        assert_eq!(run(coroutine), (5, (1010, 1100)));
    }

    fn a_mutable_dyn_awaiter() {
        let coroutine = Coroutine::new(8192, |mut handle| {
            let awaiter: &mut dyn DynAwaiterMut = &mut handle;
            awaiter.dyn_await_mut(pin!(after_one_poll(())));
            v02::by_mut(awaiter)
        });
        assert_eq!(run(coroutine), (4, 1010));
    }

    fn an_unsafe_dyn_awaiter() {
        let coroutine = Coroutine::new(8192, |handle| {
            let mut raw = handle.raw();
            let awaiter: &dyn DynUnsafeAwaiter = &raw;
            // SAFETY: the coroutine is the one that runs this.
            let shared = unsafe { awaiter.unsafe_await(pin!(after_one_poll(1))) };
            let awaiter: &mut dyn DynUnsafeAwaiterMut = &mut raw;
            // SAFETY: likewise.
            shared + unsafe { awaiter.unsafe_await_mut(pin!(after_one_poll(10))) }
        });
        assert_eq!(run(coroutine), (3, 11));
    }
}
