//! A coroutine that is dropped while it waits in `embed`. That cannot return a result, so the coroutine is unwound.

use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use bysyncify::{
    AsyncGenerator, Coroutine, EmbedError, Generator, abandoned_coroutines, can_embed, embed,
    try_embed,
};
use guest_support::{Droppy, Trace, after_polls, poll_once, run, tests};

use crate::{catch, caught};

tests! {
    fn its_destructors_run_and_nothing_is_abandoned() {
        static HOOKS: AtomicUsize = AtomicUsize::new(0);
        panic::set_hook(Box::new(|_| { HOOKS.fetch_add(1, Ordering::Relaxed); }));
        let trace = Trace::default();
        let log = trace.clone();
        let mut coroutine = Coroutine::new(16_384, move |_| {
            let _outer = Droppy(log.clone(), "outer");
            let _inner = Droppy(log.clone(), "inner");
            embed(after_polls(9, ()));
            log.add("never");
        });
        assert!(poll_once(&mut coroutine).is_pending());
        drop(coroutine);
        assert_eq!(trace.take(), ["drop inner", "drop outer"]);
        assert_eq!((abandoned_coroutines(), HOOKS.load(Ordering::Relaxed)), (0, 0));
        assert!(!thread::panicking() && !can_embed());
    }

    fn cancel_returns_nothing_and_the_stack_is_free() {
        let mut coroutine = Coroutine::new(16_384, |_| embed(after_polls(9, 5)));
        assert!(poll_once(&mut coroutine).is_pending());
        assert_eq!(coroutine.cancel(), None);
        let again = "cannot poll a coroutine after it has finished";
        assert_eq!(caught(|| { let _ = poll_once(&mut coroutine); }), Some(again.into()));
        let stack = coroutine.into_stack().expect("it has ended");
        assert_eq!(run(Coroutine::with_stack(stack, |_| embed(after_polls(1, 4)))), (2, 4));
    }

    fn in_a_coroutine_that_goes_on() {
        let trace = Trace::default();
        let log = trace.clone();
        let coroutine = Coroutine::new(65_536, move |_| {
            let inner_log = log.clone();
            let mut inner = Coroutine::new(16_384, move |_| {
                let _droppy = Droppy(inner_log, "inner");
                embed(after_polls(9, ()));
            });
            assert!(poll_once(&mut inner).is_pending());
            embed(after_polls(1, ()));
            drop(inner);
            log.add("dropped");
            embed(after_polls(1, 3))
        });
        assert_eq!(run(coroutine), (3, 3));
        assert_eq!(trace.take(), ["drop inner", "dropped"]);
        assert_eq!(abandoned_coroutines(), 0);
    }

    fn with_coroutines_in_it() {
        let trace = Trace::default();
        let log = trace.clone();
        let mut coroutine = Coroutine::new(65_536, move |_| {
            let _outer = Droppy(log.clone(), "outer");
            let mut inner = Coroutine::new(16_384, move |_| {
                let _inner = Droppy(log, "inner");
                embed(after_polls(9, ()));
            });
            assert!(poll_once(&mut inner).is_pending());
            embed(after_polls(9, ()));
        });
        assert!(poll_once(&mut coroutine).is_pending());
        drop(coroutine);
        assert_eq!(trace.take(), ["drop inner", "drop outer"]);
        assert_eq!(abandoned_coroutines(), 0);
    }

    fn who_catches_that_and_returns_has_returned() {
        let mut coroutine = Coroutine::new(16_384, |_| {
            caught(|| embed(after_polls(9, ()))).is_some_and(|text| text == "no text")
        });
        assert!(poll_once(&mut coroutine).is_pending());
        assert_eq!(coroutine.cancel(), Some(true));
    }

    fn who_catches_that_and_waits_again_is_abandoned() {
        let trace = Trace::default();
        let log = trace.clone();
        let mut coroutine = Coroutine::new(16_384, move |_| {
            let _droppy = Droppy(log.clone(), "local");
            caught(|| embed(after_polls(9, ())));
            log.add(format!("{:?}", try_embed(after_polls(1, ()))));
            embed(after_polls(1, ()));
            log.add("never");
        });
        assert!(poll_once(&mut coroutine).is_pending());
        drop(coroutine);
        assert_eq!(trace.take(), ["Err(Cancelled)"]);
        assert_eq!(abandoned_coroutines(), 1);
        assert!(!can_embed() && !thread::panicking());
    }

    fn who_panics_with_that_elsewhere_is_not_mistaken_for_it() {
        // The payload of one coroutine is raised again in another one that was not cancelled.
        let trace = Trace::default();
        let log = trace.clone();
        let mut first = Coroutine::new(16_384, move |_| {
            let payload = catch(|| embed(after_polls(9, ()))).expect_err("a payload");
            let mut second = Coroutine::new(8192, move |_| { if can_embed() { panic::resume_unwind(payload) } });
            log.add(format!("{:?}", caught(|| { let _ = poll_once(&mut second); })));
        });
        assert!(poll_once(&mut first).is_pending());
        drop(first);
        assert_eq!(trace.take(), ["Some(\"no text\")"]);
    }

    fn by_a_panic() {
        let trace = Trace::default();
        let log = trace.clone();
        let message = caught(|| {
            let mut coroutine = Coroutine::new(16_384, move |_| {
                let _droppy = Droppy(log, "local");
                embed(after_polls(9, ()));
            });
            assert!(poll_once(&mut coroutine).is_pending());
            panic!("x")
        });
        assert_eq!(message, Some("x".into()));
        assert_eq!(trace.take(), ["drop local"]);
        assert_eq!(abandoned_coroutines(), 0);
        assert!(!thread::panicking());
    }

    // On the host the coroutine's thread is not panicking.
    #[cfg(target_family = "wasm")]
    fn by_a_panic_and_with_an_error() {
        let trace = Trace::default();
        let log = trace.clone();
        let message = caught(|| {
            let mut coroutine = Coroutine::new(16_384, move |_| {
                let result = try_embed(after_polls(9, ()));
                log.add(format!("{result:?} panicking {}", thread::panicking()));
            });
            assert!(poll_once(&mut coroutine).is_pending());
            panic!("x")
        });
        assert_eq!(message, Some("x".into()));
        assert_eq!(trace.take(), ["Err(Cancelled) panicking true"]);
    }

    fn generators_that_nobody_wants_more_of() {
        let trace = Trace::default();
        let log = trace.clone();
        let generator = Generator::new(16_384, move |yielder| {
            let _droppy = Droppy(log, "generator");
            for n in 0.. { yielder.yield_(n); }
        });
        assert_eq!(generator.take(3).collect::<Vec<_>>(), [0, 1, 2]);
        let log = trace.clone();
        let coroutine = Coroutine::new(65_536, move |handle| {
            let generator = AsyncGenerator::new(16_384, move |handle, yielder| {
                let _droppy = Droppy(log, "async");
                for n in 0.. { yielder.yield_(handle.embed(after_polls(1, n))); }
            });
            handle.iter(generator).take(2).collect::<Vec<_>>()
        });
        assert_eq!(run(coroutine).1, [0, 1]);
        assert_eq!(trace.take(), ["drop generator", "drop async"]);
        assert_eq!(abandoned_coroutines(), 0);
    }

    fn embed_after_an_error_unwinds_too() {
        let trace = Trace::default();
        let log = trace.clone();
        let mut coroutine = Coroutine::new(16_384, move |_| {
            let _droppy = Droppy(log.clone(), "local");
            assert_eq!(try_embed(after_polls(9, ())), Err(EmbedError::Cancelled));
            log.add("waits again");
            embed(after_polls(0, ()));
        });
        assert!(poll_once(&mut coroutine).is_pending());
        assert_eq!(coroutine.cancel(), None);
        assert_eq!(trace.take(), ["waits again", "drop local"]);
        assert_eq!(abandoned_coroutines(), 0);
    }
}
