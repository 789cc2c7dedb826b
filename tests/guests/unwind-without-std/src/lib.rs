//! Panics that unwind, where the library has no `std` to catch them with.
//!
//! Catching a panic and raising it again needs `std`. Without the library's feature `std`, a panic that would leave a
//! coroutine ends the program. A panic that is caught inside does not concern the library.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

use bysyncify::{Coroutine, EmbedError, abandoned_coroutines, embed, try_embed};
use guest_support::{
    Droppy, Trace, after_polls, expect_trap, poll_once, run, tell_all_messages, tests,
};

/// Expects the panic's own message, then the library's, then std's, because the library's panic must not unwind.
fn expect_end(message: &str) {
    tell_all_messages();
    expect_trap(&format!(
        "{message} | a panic cannot leave a coroutine without `std`: catch it inside, or enable the \
         feature `std` of `bysyncify`, which hands it on to whoever polls | panic in a function that \
         cannot unwind"
    ));
}

/// Not inlined: see `guest-unwind`.
#[inline(never)]
fn is_caught(function: impl FnOnce()) -> bool {
    #[cfg(not(target_family = "wasm"))]
    let _catching = guest_support::native::Catching::new();
    catch_unwind(AssertUnwindSafe(function)).is_err()
}

tests! {
    fn one_that_leaves_a_coroutine_ends_the_program() {
        let mut coroutine = Coroutine::new(65_536, |_| {
            embed(after_polls(1, ()));
            panic!("out")
        });
        assert_eq!(poll_once::<Coroutine<_, ()>>(&mut coroutine), Poll::Pending);
        expect_end("out");
        // It cannot be caught, because the program ends before.
        assert!(!is_caught(|| { let _ = poll_once(&mut coroutine); }));
    }

    fn one_of_a_waker_ends_the_program() {
        const FUNCTIONS: RawWakerVTable =
            RawWakerVTable::new(|_| panic!("waker's clone"), |_| (), |_| (), |_| ());
        // SAFETY: it has no data, and any of its functions may be called at any time.
        let waker = unsafe { Waker::from_raw(RawWaker::new(std::ptr::null(), &FUNCTIONS)) };
        let mut coroutine = Coroutine::new(65_536, |_| is_caught(|| embed(after_polls(1, ()))));
        expect_end("waker's clone");
        let _ = Pin::new(&mut coroutine).poll(&mut Context::from_waker(&waker));
    }

    fn one_that_is_caught_inside_leaves_it_as_it_was() {
        let coroutine = Coroutine::new(65_536, |_| {
            let is_caught = is_caught(|| { embed(after_polls(1, ())); panic!("x") });
            (is_caught, embed(after_polls(1, 5)))
        });
        assert_eq!(run(coroutine), (3, (true, 5)));
    }

    /// Unwinding needs `std`, too.
    fn a_coroutine_that_is_dropped_while_it_waits_in_embed_is_abandoned() {
        let trace = Trace::default();
        for gives_up in [true, false] {
            let log = trace.clone();
            let mut coroutine = Coroutine::new(65_536, move |_| {
                let _droppy = Droppy(log.clone(), "local");
                match gives_up {
                    true => log.add(format!("{:?}", try_embed(after_polls(9, ())))),
                    false => embed(after_polls(9, ())),
                }
            });
            assert!(poll_once(&mut coroutine).is_pending());
            drop(coroutine);
        }
        assert_eq!(trace.take(), [format!("Err({:?})", EmbedError::Cancelled), "drop local".into()]);
        assert_eq!(abandoned_coroutines(), 1);
    }
}
