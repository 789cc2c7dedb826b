//! Coroutines in coroutines, and futures that wait while they are polled.

use bysyncify::{Coroutine, RawCoreHandle, abandoned_coroutines, can_embed, embed, try_embed};
use guest_support::{
    CountingWaker, Droppy, Gate, Trace, after_one_poll, after_polls, poll_once, run, tests,
};
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

fn poll_with<F: Future + Unpin>(future: &mut F, waker: &Arc<CountingWaker>) -> Poll<F::Output> {
    let waker = Waker::from(waker.clone());
    Pin::new(future).poll(&mut Context::from_waker(&waker))
}

tests! {
    fn three_deep() {
        let trace = Trace::default();
        let (one, two, three) = (trace.clone(), trace.clone(), trace.clone());
        let coroutine = Coroutine::new(32768, move |outer| {
            let array = [1u64; 20];
            let array = std::hint::black_box(&array);
            one.add("one");
            let middle = Coroutine::new(32768, move |middle| {
                let array = [2u64; 20];
                let array = std::hint::black_box(&array);
                two.add("two");
                let inner = Coroutine::new(32768, move |inner| {
                    let array = [3u64; 20];
                    let array = std::hint::black_box(&array);
                    three.add("three");
                    let got = inner.embed(after_polls(2, 3u64));
                    three.add("three again");
                    got + array.iter().sum::<u64>()
                });
                let got = middle.embed(inner);
                two.add("two again");
                got + array.iter().sum::<u64>()
            });
            let got = outer.embed(middle);
            one.add("one again");
            got + array.iter().sum::<u64>()
        });
        assert_eq!(run(coroutine), (3, 3 + 60 + 40 + 20));
        let trace = trace.take();
        assert_eq!(trace, ["one", "two", "three", "three again", "two again", "one again"]);
    }

    fn an_outer_handle_suspends_the_inner_coroutine() {
        let outer_handle: Rc<Cell<Option<RawCoreHandle>>> = Rc::default();
        let trace = Trace::default();
        let (inside, outside) = (trace.clone(), trace.clone());
        let coroutine = Coroutine::new(32768, move |outer| {
            outer_handle.set(Some(outer.raw()));
            let mut inner = Coroutine::new(32768, move |_| {
                let outer = outer_handle.take().expect("set above");
                // SAFETY: the outer coroutine runs: it polls this one.
                unsafe { outer.embed(after_one_poll(7)) }
            });
            // The inner coroutine is suspended: its poll returns here.
            assert!(poll_once(&mut inner).is_pending());
            inside.add("the outer one went on");
            outer.embed(inner)
        });
        assert_eq!(run(coroutine), (1, 7));
        assert_eq!(outside.take(), ["the outer one went on"]);
    }

    fn a_future_that_waits_while_it_is_polled() {
        let coroutine = Coroutine::new(32768, |handle| {
            let kept = [5u32; 16];
            handle.embed(async {
                let kept = std::hint::black_box(&kept);
                // Suspends the coroutine during the poll of this future.
                let inner = embed(after_polls(2, 1));
                let after = after_polls(1, 2).await;
                inner + after + kept[3] + embed(after_one_poll(10))
            })
        });
        // One poll less, if the waker did not equal its clone and the future was polled again.
        let (polls, value) = run(coroutine);
        assert!((4..=5).contains(&polls), "{polls} polls");
        assert_eq!(value, 18);
    }

    fn such_a_future_sees_the_latest_waker() {
        let gate = Rc::new(Gate::default());
        let passed = gate.clone();
        let mut coroutine = Coroutine::new(32768, move |handle| {
            handle.embed(async move {
                // The coroutine is resumed here with another waker than before…
                embed(after_one_poll(()));
                // …and waits here: which waker is registered?
                passed.pass().await
            })
        });
        let first = Arc::new(CountingWaker::default());
        let second = Arc::new(CountingWaker::default());
        assert!(poll_with(&mut coroutine, &first).is_pending());
        assert_eq!(first.count(), 1);
        assert!(poll_with(&mut coroutine, &second).is_pending());
        gate.open(9);
        assert_eq!((first.count(), second.count()), (1, 1));
        assert_eq!(poll_with(&mut coroutine, &second), Poll::Ready(9));
        // A finished coroutine keeps no waker.
        assert_eq!((Arc::strong_count(&first), Arc::strong_count(&second)), (1, 1));
    }

    fn dropping_the_outer_one_cancels_the_inner_one_first() {
        let trace = Trace::default();
        let (inside, innermost) = (trace.clone(), trace.clone());
        let mut coroutine = Coroutine::new(32768, move |outer| {
            let _held = Droppy(inside.clone(), "outer");
            let inner = Coroutine::new(32768, move |inner| {
                let _held = Droppy(innermost.clone(), "inner");
                let result = inner.try_embed(after_polls(9, ()));
                innermost.add(format!("inner: {result:?}"));
            });
            let result = outer.try_embed(inner);
            inside.add(format!("outer: {result:?}"));
        });
        assert!(poll_once(&mut coroutine).is_pending());
        drop(coroutine);
        let trace = trace.take();
        let expected =
            ["inner: Err(Cancelled)", "drop inner", "outer: Err(Cancelled)", "drop outer"];
        assert_eq!((&trace[..], abandoned_coroutines()), (&expected.map(String::from)[..], 0));
    }

    fn a_coroutine_dropped_by_another_one_while_that_runs() {
        let trace = Trace::default();
        let (one, two) = (trace.clone(), trace.clone());
        let mut first = Coroutine::new(16384, move |handle| {
            let _held = Droppy(one.clone(), "first");
            let _ = handle.try_embed(after_polls(9, ()));
            // It runs on its own stack, and afterwards the second one is resumed.
            one.add(format!("can embed: {}", can_embed()));
        });
        assert!(poll_once(&mut first).is_pending());
        let mut second = Coroutine::new(16384, move |handle| {
            handle.embed(after_one_poll(()));
            drop(first);
            two.add(format!("can embed: {}", can_embed()));
            handle.embed(after_one_poll(()));
            two.add("done");
        });
        while poll_once(&mut second).is_pending() {}
        let expected = ["can embed: false", "drop first", "can embed: true", "done"];
        assert_eq!(trace.take(), expected);
    }

    fn a_future_on_the_stack_of_one_is_polled_by_another() {
        // `pin!` puts it on the first one's stack. It can be polled in any coroutine.
        let coroutine = Coroutine::new(32768, |handle| {
            let mut shared = pin!(after_polls(3, 11));
            assert!(poll_once(&mut shared).is_pending());
            let first = handle.try_embed(poll_fn(|cx| match shared.as_mut().poll(cx) {
                Poll::Ready(value) => Poll::Ready(Some(value)),
                Poll::Pending => Poll::Ready(None),
            }));
            assert_eq!(first, Ok(None));
            try_embed(shared)
        });
        assert_eq!(run(coroutine), (2, Ok(11)));
    }
}
