//! Which values are dropped, when, and which are leaked: rules S2 and S3 of the design.

use bysyncify::{Cancelled, Coroutine, EmbedError, Generator, abandoned_coroutines};
use futures_core::FusedFuture;
use guest_support::{Droppy, Gate, Trace, after_polls, insistently, poll_once, tests};
use std::rc::Rc;
use std::task::Poll;

/// Waits ten times, with a value to drop between any two waits. Returns how far it came.
fn ten_waits(trace: &Trace) -> Result<usize, (usize, EmbedError)> {
    const NAMES: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    let mut held = Vec::new();
    for (index, name) in NAMES.into_iter().enumerate() {
        held.push(Droppy(trace.clone(), name));
        // A future on the stack, which is dropped before older values.
        let guard = Droppy(trace.clone(), "future");
        let future = async move {
            let _guard = guard;
            after_polls(1, ()).await;
        };
        bysyncify::try_embed(future).map_err(|error| (index, error))?;
    }
    Ok(held.len())
}

/// The trace of `ten_waits` if it is stopped at its wait number `stop`.
fn dropped_after(stop: usize) -> Vec<String> {
    let finished = std::iter::repeat_n(String::from("drop future"), stop + 1);
    finished.chain((0..=stop).map(|index| format!("drop {index}"))).collect()
}

tests! {
    fn cancel_runs_the_destructors_at_every_wait() {
        for stop in 0..10 {
            let trace = Trace::default();
            let inside = trace.clone();
            let mut coroutine = Coroutine::new(16384, move |_| ten_waits(&inside));
            for _ in 0..=stop {
                assert_eq!(poll_once(&mut coroutine), Poll::Pending);
            }
            assert_eq!(coroutine.cancel(), Some(Err((stop, Cancelled))));
            assert_eq!(trace.take(), dropped_after(stop));
            assert!(coroutine.is_terminated());
            assert!(coroutine.cancel().is_none());
            assert!(coroutine.into_stack().is_ok());
        }
        assert_eq!(abandoned_coroutines(), 0);
    }

    fn drop_runs_the_destructors_at_every_wait() {
        for stop in 0..10 {
            let trace = Trace::default();
            let inside = trace.clone();
            let mut coroutine = Coroutine::new(16384, move |_| ten_waits(&inside));
            for _ in 0..=stop {
                assert_eq!(poll_once(&mut coroutine), Poll::Pending);
            }
            drop(coroutine);
            assert_eq!(trace.take(), dropped_after(stop));
        }
        assert_eq!(abandoned_coroutines(), 0);
    }

    fn an_unstarted_coroutine_drops_its_closure() {
        let trace = Trace::default();
        let droppy = Droppy(trace.clone(), "closure");
        let coroutine = Coroutine::new(8192, move |_| drop(droppy));
        drop(coroutine);
        assert_eq!(trace.take(), ["drop closure"]);

        let droppy = Droppy(trace.clone(), "closure");
        let mut coroutine = Coroutine::new(8192, move |_| drop(droppy));
        assert_eq!(coroutine.cancel(), None);
        assert_eq!(trace.take(), ["drop closure"]);
        drop(coroutine);
        assert_eq!((trace.take(), abandoned_coroutines()), (vec![], 0));
    }

    fn a_finished_coroutine_drops_nothing_twice() {
        let trace = Trace::default();
        let droppy = Droppy(trace.clone(), "result");
        let mut coroutine = Coroutine::new(8192, move |_| droppy);
        let Poll::Ready(result) = poll_once(&mut coroutine) else { panic!("pending") };
        drop(coroutine);
        assert_eq!(trace.take(), [""; 0]);
        drop(result);
        assert_eq!(trace.take(), ["drop result"]);
    }

    fn a_result_of_a_cancelled_coroutine_is_dropped_with_it() {
        let trace = Trace::default();
        let droppy = Droppy(trace.clone(), "result");
        let mut coroutine = Coroutine::new(8192, move |handle| {
            assert_eq!(handle.try_embed(after_polls(9, 7)), Err(Cancelled));
            droppy
        });
        assert!(poll_once(&mut coroutine).is_pending());
        drop(coroutine);
        assert_eq!((trace.take(), abandoned_coroutines()), (vec!["drop result".into()], 0));
    }

    fn a_coroutine_that_waits_with_embed_is_abandoned() {
        let trace = Trace::default();
        let gate = Rc::new(Gate::default());
        let (inside, passed) = (trace.clone(), gate.clone());
        let mut coroutine = Coroutine::new(8192, move |handle| {
            let _held = Droppy(inside.clone(), "frame");
            let mut future = Some(Droppy(inside.clone(), "future"));
            insistently(|| {
                let future = future.take();
                handle.embed(async {
                    let _future = future;
                    passed.pass().await;
                });
            });
            inside.add("never reached");
        });
        assert!(poll_once(&mut coroutine).is_pending());
        assert_eq!(coroutine.cancel(), None);
        // The future could be dropped, but not the frame.
        assert_eq!(trace.take(), ["drop future"]);
        assert_eq!(abandoned_coroutines(), 1);
        assert!(coroutine.is_terminated());
        let coroutine = coroutine.into_stack().expect_err("its stack is in use for ever");
        drop(coroutine);
        assert_eq!((trace.take(), abandoned_coroutines()), (vec![], 1));
        gate.open(());
    }

    fn every_wait_after_a_cancellation_fails_at_once() {
        let mut coroutine = Coroutine::new(8192, |handle| {
            let mut errors = 0;
            for _ in 0..5 {
                errors += u32::from(handle.try_embed(after_polls(1, ())).is_err());
            }
            // Not even a future that is ready, or a wait without a handle.
            errors += u32::from(bysyncify::try_embed(async {}) == Err(Cancelled));
            (errors, bysyncify::can_embed())
        });
        assert!(poll_once(&mut coroutine).is_pending());
        assert_eq!(coroutine.cancel(), Some((6, false)));
    }

    fn a_forgotten_coroutine_stays_as_it_is() {
        let trace = Trace::default();
        let inside = trace.clone();
        let mut coroutine = Coroutine::new(16384, move |_| ten_waits(&inside));
        assert!(poll_once(&mut coroutine).is_pending());
        std::mem::forget(coroutine);
        // New allocations do not reuse the forgotten memory.
        for _ in 0..100 {
            let mut other = Coroutine::new(16384, |_| std::hint::black_box([1u8; 4096])[7]);
            assert_eq!(poll_once(&mut other), Poll::Ready(1));
        }
        assert_eq!((trace.take(), abandoned_coroutines()), (vec![], 0));
    }

    fn swapping_and_moving_suspended_coroutines_is_harmless() {
        let make = |value: u32| move |_: bysyncify::CoreHandle<'_>| {
            let array = [value; 16];
            let array = std::hint::black_box(&array);
            (0..3).map(|_| bysyncify::embed(after_polls(1, 1))).sum::<u32>() + array[15]
        };
        let mut one = Coroutine::new(8192, make(100));
        let mut two = Coroutine::new(8192, make(200));
        assert!(poll_once(&mut one).is_pending());
        assert!(poll_once(&mut two).is_pending());
        std::mem::swap(&mut one, &mut two);
        let mut boxed = Box::new(one);
        assert!(poll_once(&mut *boxed).is_pending());
        assert!(poll_once(&mut two).is_pending());
        let mut one = *boxed;
        assert!(poll_once(&mut one).is_pending());
        assert!(poll_once(&mut two).is_pending());
        assert_eq!((poll_once(&mut one), poll_once(&mut two)), (Poll::Ready(203), Poll::Ready(103)));
    }

    fn a_generator_is_moved_while_it_waits_and_what_is_forgotten_drops_nothing() {
        let trace = Trace::default();
        let yields = |name: &'static str| {
            let inside = trace.clone();
            Generator::new(16384, move |yielder| {
                let _frame = Droppy(inside.clone(), name);
                for value in ["first", "second"] {
                    yielder.yield_(Droppy(inside.clone(), value));
                }
            })
        };
        let mut moved = vec![yields("moved"), yields("forgotten")];
        let values: Vec<_> = moved.iter_mut().map(|it| it.next().expect("a value")).collect();
        assert_eq!(trace.take(), [""; 0]);
        std::mem::forget(moved.pop());
        let mut moved = Box::new(moved.remove(0));
        drop(moved.next());
        assert_eq!(trace.take(), ["drop second"]);
        drop(values);
        assert_eq!((trace.take(), moved.count()), (vec!["drop first".into(); 2], 0));
        assert_eq!((trace.take(), abandoned_coroutines()), (vec!["drop moved".into()], 0));
    }
}
