//! A future always sees the waker of the coroutine's current poll.
//!
//! Executors use another waker when a future moves to another task or another combinator.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bysyncify::{AsyncGenerator, Coroutine, Yielder, abandoned_coroutines, embed};
use futures::Stream;
use guest_support::{CountingWaker, Gate, Trace, after_one_poll, insistently, tests};

use crate::STACK;

/// A waker that counts its clones and its wakes.
struct Source(Arc<CountingWaker>);

impl Source {
    fn new() -> Self {
        Self(Arc::default())
    }

    fn poll<F: Future + Unpin>(&self, future: &mut F) -> Poll<F::Output> {
        let waker = Waker::from(self.0.clone());
        Pin::new(future).poll(&mut Context::from_waker(&waker))
    }

    fn poll_next<S: Stream + Unpin>(&self, stream: &mut S) -> Poll<Option<S::Item>> {
        let waker = Waker::from(self.0.clone());
        Pin::new(stream).poll_next(&mut Context::from_waker(&waker))
    }

    /// The number of wakers that exist.
    fn wakers(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }

    fn is(&self, waker: &Waker) -> bool {
        waker.will_wake(&Waker::from(self.0.clone()))
    }
}

tests! {
    fn many_waits_in_one_poll_see_the_waker_of_that_poll() {
        let seen = Rc::new(RefCell::new(Vec::new()));
        let inside = seen.clone();
        let mut coroutine = Coroutine::new(STACK, move |handle| {
            for _ in 0..2 {
                for _ in 0..3 {
                    handle.embed(poll_fn(|cx| {
                        inside.borrow_mut().push(cx.waker().clone());
                        Poll::Ready(())
                    }));
                }
                handle.embed(after_one_poll(()));
            }
        });
        for _ in 0..2 {
            let source = Source::new();
            assert!(source.poll(&mut coroutine).is_pending());
            assert_eq!(source.0.count(), 1);
            let wakers = seen.take();
            assert!(wakers.len() == 3 && wakers.iter().all(|waker| source.is(waker)));
        }
        assert!(Source::new().poll(&mut coroutine).is_ready());
    }

    fn the_waker_that_came_last_is_the_one_that_is_woken() {
        let gate = Rc::new(Gate::default());
        let inside = gate.clone();
        let mut coroutine = Coroutine::new(STACK, move |handle| handle.embed(inside.pass()));
        let sources = std::array::from_fn::<_, 3, _>(|_| Source::new());
        for (turn, index) in [0, 1, 0, 2, 2, 1].into_iter().enumerate() {
            assert!(sources[index].poll(&mut coroutine).is_pending());
            assert!(sources[index].is(&gate.waker().unwrap()), "turn {turn}");
            for (other, source) in sources.iter().enumerate() {
                assert_eq!(source.wakers() > 0, other == index, "turn {turn}, source {other}");
            }
        }
        gate.open("open");
        assert_eq!(sources.each_ref().map(|source| source.0.count()), [0, 1, 0]);
        assert_eq!(sources[2].poll(&mut coroutine), Poll::Ready("open"));
        assert_eq!(sources.each_ref().map(Source::wakers), [0; 3]);
    }

    fn a_wake_during_the_poll_reaches_the_executor() {
        let source = Source::new();
        let mut coroutine = Coroutine::new(STACK, |handle| {
            for _ in 0..3 {
                handle.embed(after_one_poll(()));
            }
        });
        for polls in 1..=3 {
            assert!(source.poll(&mut coroutine).is_pending());
            assert_eq!(source.0.count(), polls);
        }
        assert!(source.poll(&mut coroutine).is_ready());
        assert_eq!((source.0.count(), source.wakers()), (3, 0));
    }

    fn spurious_polls_poll_the_future_once_each() {
        let source = Source::new();
        let polls = Rc::new(Cell::new(0));
        let inside = polls.clone();
        let mut coroutine = Coroutine::new(STACK, move |handle| {
            handle.embed(poll_fn(|_| {
                inside.set(inside.get() + 1);
                if inside.get() < 100 { Poll::Pending } else { Poll::Ready(()) }
            }));
        });
        for expected in 1..100 {
            assert!(source.poll(&mut coroutine).is_pending());
            assert_eq!((polls.get(), source.wakers()), (expected, 0));
        }
        assert!(source.poll(&mut coroutine).is_ready());
        assert_eq!((polls.get(), source.wakers()), (100, 0));
    }

    fn a_future_that_waits_while_it_is_polled_registers_the_later_waker() {
        let trace = Trace::default();
        let (first, second) = (Rc::new(Gate::default()), Rc::new(Gate::default()));
        let (in_first, in_second, inside) = (first.clone(), second.clone(), trace.clone());
        let mut coroutine = Coroutine::new(STACK, move |handle| {
            handle.embed(async {
                let one: u32 = embed(in_first.pass());
                inside.add(format!("first gave {one}"));
                let two: u32 = in_second.pass().await;
                inside.add(format!("second gave {two}"));
                one + two
            })
        });
        let (early, late) = (Source::new(), Source::new());
        assert!(early.poll(&mut coroutine).is_pending());
        assert!(early.is(&first.waker().unwrap()));
        first.open(1);
        assert_eq!(early.0.count(), 1);

        // The future still has the early waker inside this poll, and registers it at the second gate.
        assert!(late.poll(&mut coroutine).is_pending());
        assert_eq!(trace.take(), ["first gave 1"]);
        assert!(late.is(&second.waker().unwrap()));
        assert_eq!(early.wakers(), 0);
        second.open(2);
        assert_eq!((early.0.count(), late.0.count()), (1, 1));
        assert_eq!(late.poll(&mut coroutine), Poll::Ready(3));
        assert_eq!(trace.take(), ["second gave 2"]);
        assert_eq!(late.wakers(), 0);
    }

    fn three_waits_within_each_other_all_catch_up() {
        let gates: Rc<[Gate<u32>; 3]> = Rc::default();
        let inside = gates.clone();
        let mut coroutine = Coroutine::new(STACK, move |handle| {
            handle.embed(async {
                let inner = embed(async {
                    let innermost = embed(inside[0].pass());
                    innermost + inside[1].pass().await
                });
                inner + inside[2].pass().await
            })
        });
        let sources = std::array::from_fn::<_, 4, _>(|_| Source::new());
        for (index, gate) in gates.iter().enumerate() {
            assert!(sources[index].poll(&mut coroutine).is_pending());
            assert!(sources[index].is(&gate.waker().unwrap()));
            gate.open(1);
            assert_eq!(sources[index].0.count(), 1);
        }
        assert_eq!(sources[3].poll(&mut coroutine), Poll::Ready(3));
        assert_eq!(sources.each_ref().map(Source::wakers), [0; 4]);
    }
}

/// Checks that no waker is left after the coroutine that got it has ended in some way.
fn ends(end: impl FnOnce(&Source, Pin<Box<dyn Future<Output = ()>>>)) {
    let source = Source::new();
    let mut coroutine = Box::pin(Coroutine::new(STACK, |handle| {
        // This wait is cancelled first, and so is the inner one.
        let _ = handle.try_embed(async {
            let _ = bysyncify::try_embed(after_one_poll(()));
            std::future::pending::<()>().await;
        });
    }));
    assert!(source.poll(&mut coroutine).is_pending());
    assert!(source.wakers() > 0);
    end(&source, coroutine);
    assert_eq!(source.wakers(), 0);
}

tests! {
    fn a_dropped_coroutine_keeps_no_waker() {
        ends(|_, coroutine| drop(coroutine));
        ends(|source, mut coroutine| {
            // No wait inside is left, and the pending future keeps no waker.
            assert!(source.poll(&mut coroutine).is_pending());
            assert_eq!(source.wakers(), 0);
        });
        assert_eq!(bysyncify::abandoned_coroutines(), 0);
    }

    fn a_cancelled_coroutine_keeps_no_waker() {
        let source = Source::new();
        let mut coroutine = Coroutine::new(STACK, |handle| handle.try_embed(after_one_poll(1)));
        assert!(source.poll(&mut coroutine).is_pending());
        assert_eq!(coroutine.cancel(), Some(Err(bysyncify::Cancelled)));
        assert_eq!(source.wakers(), 0);
    }

    fn an_abandoned_coroutine_keeps_no_waker_for_itself() {
        let source = Source::new();
        let mut coroutine = Coroutine::new(STACK, |handle| {
            insistently(|| handle.embed(after_one_poll(1)))
        });
        assert!(source.poll(&mut coroutine).is_pending());
        drop(coroutine);
        assert_eq!((bysyncify::abandoned_coroutines(), source.wakers()), (1, 0));
    }

    fn a_future_that_yields_keeps_the_waker_that_it_is_polled_with() {
        let seen = Rc::new(RefCell::new(Vec::new()));
        let inside = seen.clone();
        let mut stream = AsyncGenerator::new(STACK, move |handle, yielder: Yielder<'_, u32>| {
            let mut polls = 0;
            handle.embed(poll_fn(|cx| {
                polls += 1;
                yielder.yield_(polls);
                inside.borrow_mut().push(cx.waker().clone());
                if polls < 3 { Poll::Pending } else { Poll::Ready(()) }
            }));
            yielder.yield_(100);
        });
        let (first, second) = (Source::new(), Source::new());
        let last_seen = || seen.take().pop().expect("a waker");

        assert_eq!(first.poll_next(&mut stream), Poll::Ready(Some(1)));
        // It is in the middle of that poll, which has the only waker that is left.
        assert_eq!(first.wakers(), 1);
        // That poll continues with its own waker, and returns "pending". Then the future is polled with the current
        // waker.
        assert_eq!(second.poll_next(&mut stream), Poll::Ready(Some(2)));
        assert!(first.is(&last_seen()));
        assert_eq!((first.wakers(), second.wakers()), (0, 1));
        // The same waker again, so it is not polled another time.
        assert_eq!(second.poll_next(&mut stream), Poll::Pending);
        assert!(second.is(&last_seen()));
        assert_eq!((first.wakers(), second.wakers()), (0, 0));

        assert_eq!(first.poll_next(&mut stream), Poll::Ready(Some(3)));
        assert_eq!(first.wakers(), 1);
        assert_eq!(second.poll_next(&mut stream), Poll::Ready(Some(100)));
        assert!(first.is(&last_seen()));
        // No waker is kept for a value that is yielded outside of the future.
        assert_eq!((first.wakers(), second.wakers()), (0, 0));
        assert_eq!(first.poll_next(&mut stream), Poll::Ready(None));
    }

    fn a_future_that_yields_is_dropped_with_the_waker_that_it_is_polled_with() {
        let mut stream = AsyncGenerator::new(STACK, |handle, yielder: Yielder<'_, u32>| {
            handle.embed(poll_fn(|_| Poll::Ready(yielder.try_yield(1)))).expect_err("it is dropped");
        });
        let source = Source::new();
        assert_eq!(source.poll_next(&mut stream), Poll::Ready(Some(1)));
        assert_eq!(source.wakers(), 1);
        drop(stream);
        assert_eq!((source.wakers(), abandoned_coroutines()), (0, 0));
    }
}
