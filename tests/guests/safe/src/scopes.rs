//! Crates that assume that the scopes of one thread end in reverse order.
//!
//! Two coroutines end in any order. The result is up to these crates. The tests show what each of them does, as
//! described in `docs/limits.md`.

use bysyncify::{Coroutine, embed};
use fluid_let::{fluid_let, fluid_set};
use guest_support::{after_polls, expect_trap, poll_once, tests};
use scoped_tls::scoped_thread_local;
use std::task::Poll;

scoped_thread_local!(static SCOPED: [u64; 8]);
fluid_let!(static FLUID: [u64; 8]);

tests! {
    fn scopes_that_end_in_their_order() {
        let go = |polls, value: u64| {
            Coroutine::new(65536, move |_| {
                let array = [value; 8];
                let before = SCOPED.set(&array, || SCOPED.with(|it| it[0]));
                embed(after_polls(polls, ()));
                before
            })
        };
        let (mut one, mut other) = (go(1, 1), go(1, 2));
        assert!(poll_once(&mut one).is_pending() && poll_once(&mut other).is_pending());
        assert_eq!(poll_once(&mut one), Poll::Ready(1));
        assert_eq!(poll_once(&mut other), Poll::Ready(2));
        assert!(!SCOPED.is_set());
    }

    /// The scope that ends first removes the value that the other one has set.
    fn scopes_that_are_waited_in() {
        let go = |polls, value: u64| {
            Coroutine::new(65536, move |_| {
                SCOPED.set(&[value; 8], || {
                    embed(after_polls(polls, ()));
                    SCOPED.with(|it| it[0])
                })
            })
        };
        let (mut one, mut other) = (go(1, 1), go(2, 2));
        assert!(poll_once(&mut one).is_pending() && poll_once(&mut other).is_pending());
        // It sees the value of the other one, which was set last.
        assert_eq!(poll_once(&mut one), Poll::Ready(2));
        assert!(poll_once(&mut other).is_pending());
        expect_trap("cannot access a scoped thread local variable without calling `set` first");
        let _ = poll_once(&mut other);
    }

    /// The scope that ends last restores the value that the other one had set. The value is not read here: the array
    /// no longer exists.
    fn a_scope_that_is_left_behind() {
        let go = |polls, value: u64| {
            Coroutine::new(65536, move |_| {
                SCOPED.set(&[value; 8], || embed(after_polls(polls, ())));
            })
        };
        let (mut one, mut other) = (go(1, 1), go(2, 2));
        assert!(poll_once(&mut one).is_pending() && poll_once(&mut other).is_pending());
        assert!(poll_once(&mut one).is_ready() && !SCOPED.is_set());
        assert!(poll_once(&mut other).is_pending() && poll_once(&mut other).is_ready());
        assert!(SCOPED.is_set());
    }

    fn a_fluid_variable_that_nobody_waits_with() {
        let mut coroutine = Coroutine::new(65536, |_| {
            let array = [1; 8];
            fluid_set!(FLUID, &array);
            FLUID.get(|it| it.map(|it| it[0]))
        });
        assert_eq!(poll_once(&mut coroutine), Poll::Ready(Some(1)));
        assert_eq!(FLUID.get(|it| it.map(|it| it[0])), None);
    }
}
