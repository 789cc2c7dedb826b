//! A panic that leaves a coroutine's closure: it reaches the poller, on the poller's own stack.

use std::any::Any;
use std::future::Future;
use std::mem::MaybeUninit;
use std::panic::panic_any;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use awaiter_trait::r#dyn::DynAwaiter;
use awaiter_trait::{Awaiter as _, Coroutine as _};
use bysyncify::{
    AsyncGenerator, Coroutine, CoroutineMarker, Generator, RawCoroutine, abandoned_coroutines,
    can_embed, embed, try_embed,
};
use futures_core::{FusedFuture, Stream};
use guest_support::{Droppy, Trace, after_polls, poll_once, run, tests};

use crate::{catch, caught};

const AGAIN: &str = "cannot poll a coroutine after it has panicked";

tests! {
    fn it_reaches_who_polls_and_ends_the_coroutine() {
        let mut coroutine = Coroutine::new(65_536, |_| { if can_embed() { panic!("out") } });
        let own = [3_u8; 64];
        assert_eq!(caught(|| { let _ = poll_once(&mut coroutine); }), Some("out".into()));
        assert_eq!(own, [3; 64]);
        assert!(!can_embed());
        assert!(coroutine.is_terminated());
        for _ in 0..2 {
            assert_eq!(caught(|| { let _ = poll_once(&mut coroutine); }), Some(AGAIN.into()));
        }
        assert_eq!(coroutine.cancel(), None);
        // Its stack can be used again.
        let stack = coroutine.into_stack().expect("it has ended");
        assert_eq!(run(Coroutine::with_stack(stack, |_| embed(after_polls(1, 4)))), (2, 4));
        assert_eq!(abandoned_coroutines(), 0);
    }

    fn later_and_with_destructors_in_order() {
        let trace = Trace::default();
        let log = trace.clone();
        let mut coroutine = Coroutine::new(65_536, move |_| {
            let _outer = Droppy(log.clone(), "outer");
            embed(after_polls(1, ()));
            let _inner = Droppy(log.clone(), "inner");
            embed(after_polls(1, ()));
            log.add("panics");
            panic!("out")
        });
        assert_eq!(poll_once(&mut coroutine), Poll::Pending);
        assert_eq!(poll_once(&mut coroutine), Poll::Pending);
        assert_eq!(trace.take(), [""; 0]);
        assert_eq!(caught(|| { let _ = poll_once(&mut coroutine); }), Some("out".into()));
        assert_eq!(trace.take(), ["panics", "drop inner", "drop outer"]);
    }

    fn the_payload_is_handed_on_as_it_is() {
        let mut coroutine = Coroutine::new(65_536, |_| { if can_embed() { panic_any(vec![1, 2, 3]) } });
        let payload = catch(|| poll_once(&mut coroutine));
        let payload: Box<dyn Any + Send> = payload.expect_err("a panic");
        assert_eq!(payload.downcast_ref(), Some(&vec![1, 2, 3]));
    }

    fn through_coroutines_in_coroutines() {
        let trace = Trace::default();
        let log = trace.clone();
        let coroutine = Coroutine::new(65_536, move |_| {
            let middle_log = log.clone();
            let mut middle = Coroutine::new(32_768, move |_| {
                let _middle = Droppy(middle_log, "middle");
                let mut inner = Coroutine::new(16_384, |_| {
                    embed(after_polls(1, ()));
                    if can_embed() { panic!("from the inside") }
                });
                assert!(poll_once(&mut inner).is_pending());
                embed(after_polls(1, ()));
                let _ = poll_once(&mut inner);
            });
            assert!(poll_once(&mut middle).is_pending());
            embed(after_polls(1, ()));
            let message = caught(|| { let _ = poll_once(&mut middle); });
            log.add(format!("{message:?}"));
            embed(after_polls(1, 8))
        });
        assert_eq!(run(coroutine), (3, 8));
        assert_eq!(trace.take(), ["drop middle", "Some(\"from the inside\")"]);
    }

    fn one_that_panics_beside_others() {
        let good = || Coroutine::new(16_384, |_| (0..10).map(|n| embed(after_polls(1, n))).sum::<i32>());
        let (mut a, mut b) = (good(), good());
        let mut bad = Coroutine::new(16_384, |_| {
            embed(after_polls(1, ()));
            if can_embed() { panic!("bad") }
        });
        assert!(poll_once(&mut a).is_pending());
        assert!(poll_once(&mut bad).is_pending());
        assert!(poll_once(&mut b).is_pending());
        assert_eq!(caught(|| { let _ = poll_once(&mut bad); }), Some("bad".into()));
        drop(bad);
        assert_eq!((run(a), run(b)), ((10, 45), (10, 45)));
    }

    fn out_of_a_generator_which_has_ended_then() {
        let mut generator = Generator::new(65_536, |yielder| {
            yielder.yield_(1);
            if can_embed() { panic!("g") }
            yielder.yield_(2);
        });
        assert_eq!(generator.next(), Some(1));
        assert_eq!(caught(|| { let _ = generator.next(); }), Some("g".into()));
        assert_eq!((generator.next(), generator.size_hint()), (None, (0, Some(0))));
    }

    fn out_of_an_async_generator_which_has_ended_then() {
        let mut generator = AsyncGenerator::new(65_536, |handle, yielder| {
            yielder.yield_(handle.embed(after_polls(1, 1)));
            if can_embed() { panic!("a") }
        });
        let mut next = || {
            Pin::new(&mut generator).poll_next(&mut Context::from_waker(Waker::noop()))
        };
        assert_eq!((next(), next()), (Poll::Pending, Poll::Ready(Some(1))));
        assert_eq!(caught(|| { let _ = next(); }), Some("a".into()));
        assert_eq!(next(), Poll::Ready(None));
    }

    fn out_of_one_in_memory_of_the_users() {
        static mut MEMORY: [MaybeUninit<u8>; 8192] = [MaybeUninit::uninit(); 8192];
        let memory = &raw mut MEMORY;
        // SAFETY: nothing else uses it, and this runs once.
        let memory = unsafe { &mut *memory };
        let mut coroutine = RawCoroutine::new(memory, |_| { if can_embed() { panic!("raw") } });
        assert_eq!(caught(|| { let _ = poll_once(&mut coroutine); }), Some("raw".into()));
        assert!(coroutine.is_terminated());
        assert_eq!(coroutine.into_memory().expect("it has ended").len(), 8192);
    }

    fn through_the_traits() {
        // SAFETY: the coroutine is polled to its end.
        let marker = unsafe { CoroutineMarker::new(16_384) };
        let mut future = Box::pin(marker.exec(|awaiter: &(dyn DynAwaiter + '_)| {
            let n: u32 = awaiter.r#await(pin!(after_polls(1, 5)));
            if n == 5 { panic!("in exec") }
        }));
        let mut poll = || future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(poll().is_pending());
        assert_eq!(caught(|| { let _ = poll(); }), Some("in exec".into()));
        assert_eq!(caught(|| { let _ = poll(); }), Some(AGAIN.into()));
    }

    fn out_of_one_that_is_cancelled_or_dropped() {
        let make = || Coroutine::new(16_384, |_| {
            if try_embed(after_polls(9, ())).is_err() { panic!("cancelled") }
        });
        let mut coroutine = make();
        assert!(poll_once(&mut coroutine).is_pending());
        assert_eq!(caught(|| { let _ = coroutine.cancel(); }), Some("cancelled".into()));
        assert_eq!(caught(|| { let _ = poll_once(&mut coroutine); }), Some(AGAIN.into()));
        let mut coroutine = make();
        assert!(poll_once(&mut coroutine).is_pending());
        assert_eq!(caught(|| drop(coroutine)), Some("cancelled".into()));
        assert_eq!(abandoned_coroutines(), 0);
    }

    fn one_that_is_dropped_by_a_panic_does_not_add_another() {
        let trace = Trace::default();
        let log = trace.clone();
        let message = caught(|| {
            let mut coroutine = Coroutine::new(16_384, move |_| {
                let _droppy = Droppy(log.clone(), "local");
                log.add(format!("{:?}", try_embed(after_polls(9, ()))));
                panic!("second")
            });
            assert!(poll_once(&mut coroutine).is_pending());
            panic!("first")
        });
        assert_eq!(message, Some("first".into()));
        assert_eq!(trace.take(), ["Err(Cancelled)", "drop local"]);
        assert!(!std::thread::panicking());
    }

    fn what_cannot_be_polled_says_so_catchably() {
        let mut coroutine = Coroutine::new(4096, |_| ());
        assert!(poll_once(&mut coroutine).is_ready());
        let again = "cannot poll a coroutine after it has finished";
        // Also inside another coroutine, which continues.
        let outer = Coroutine::new(65_536, move |_| {
            (caught(|| { let _ = poll_once(&mut coroutine); }), embed(after_polls(1, 1)))
        });
        assert_eq!(run(outer), (2, (Some(again.into()), 1)));
        let outside = "cannot embed outside a running coroutine";
        assert_eq!(caught(|| embed(after_polls(0, ()))), Some(outside.into()));
    }
}
