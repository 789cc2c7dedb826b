//! Wakers that run code, and tasks that only their wakers own.

use bysyncify::{CoreHandle, Coroutine, abandoned_coroutines, can_embed, embed, try_embed};
use guest_support::{Trace, after_polls, poll_once, tests};
use std::cell::{Cell, RefCell};
use std::future::pending;
use std::hint::black_box;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

type Sleeper = Coroutine<Box<dyn FnOnce(CoreHandle<'_>) -> u32>, u32>;

thread_local! {
    static SLEEPERS: RefCell<Vec<Sleeper>> = const { RefCell::new(Vec::new()) };
    static DROPPED: Cell<u32> = const { Cell::new(0) };
    static REENTERED: Cell<u32> = const { Cell::new(0) };
}

/// Its destructor asks whether it can wait, drops a coroutine that waits, and runs another.
struct Meddler;

impl Wake for Meddler {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Meddler {
    fn drop(&mut self) {
        assert!(!can_embed() && try_embed(after_polls(1, ())).is_err());
        drop(SLEEPERS.with_borrow_mut(Vec::pop));
        let mut fresh = Coroutine::new(65536, |_| try_embed(after_polls(1, 3)));
        assert!(poll_once(&mut fresh).is_pending());
        assert_eq!(poll_once(&mut fresh), Poll::Ready(Ok(3)));
        REENTERED.set(REENTERED.get() + 1);
    }
}

struct Nobody;

/// Counts its drops.
struct Counted;

impl Drop for Counted {
    fn drop(&mut self) {
        DROPPED.set(DROPPED.get() + 1);
    }
}

struct Task {
    future: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
    _counted: Counted,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {}
}

impl Wake for Nobody {
    fn wake(self: Arc<Self>) {}
}

tests! {
    fn a_waker_runs_coroutines_when_it_is_dropped() {
        let trace = Trace::default();
        for _ in 0..3 {
            let inside = trace.clone();
            let mut sleeper: Sleeper = Coroutine::new(
                65536,
                Box::new(move |_| {
                    let result = try_embed(after_polls(5, 1));
                    inside.add(format!("{result:?}"));
                    result.unwrap_or(0)
                }),
            );
            assert!(poll_once(&mut sleeper).is_pending());
            SLEEPERS.with_borrow_mut(|all| all.push(sleeper));
        }
        let mut coroutine = Coroutine::new(65536, |_| {
            let array = [5_u32; 64];
            embed(after_polls(1, ()));
            embed(after_polls(2, ()));
            black_box(array)[3]
        });
        let mut polls = 0;
        let result = loop {
            polls += 1;
            let waker = Waker::from(Arc::new(Meddler));
            let polled = Pin::new(&mut coroutine).poll(&mut Context::from_waker(&waker));
            if let Poll::Ready(result) = polled {
                break result;
            }
        };
        assert_eq!((polls, result), (4, 5));
        assert_eq!(trace.take(), ["Err(Cancelled)"; 3]);
        assert_eq!((REENTERED.get(), abandoned_coroutines()), (4, 0));
    }

    /// As in textbook executors, a task without wakers is dropped.
    fn a_task_that_only_its_wakers_own() {
        for is_coroutine in [false, true] {
            DROPPED.set(0);
            let future: Pin<Box<dyn Future<Output = ()> + Send>> = if is_coroutine {
                Box::pin(Coroutine::new(65536, |_| {
                    let _counted = Counted;
                    let _ = try_embed(pending::<()>());
                }))
            } else {
                Box::pin(async {
                    let _counted = Counted;
                    pending::<()>().await;
                })
            };
            let task = Arc::new(Task { future: Mutex::new(Some(future)), _counted: Counted });
            let waker = Waker::from(task.clone());
            let polled = {
                let mut future = task.future.lock().unwrap();
                future.as_mut().unwrap().as_mut().poll(&mut Context::from_waker(&waker))
            };
            assert!(polled.is_pending());
            drop(waker);
            assert_eq!(Arc::strong_count(&task), 1, "is it a coroutine? {is_coroutine}");
            drop(task);
            assert_eq!(DROPPED.get(), 2, "is it a coroutine? {is_coroutine}");
        }
        assert_eq!(abandoned_coroutines(), 0);
    }

    fn another_waker_at_each_of_a_thousand_polls() {
        let mut coroutine = Coroutine::new(65536, |_| embed(after_polls(1000, 7)));
        let mut last = Arc::new(Nobody);
        for poll in 0.. {
            let next = Arc::new(Nobody);
            let waker = Waker::from(next.clone());
            let polled = Pin::new(&mut coroutine).poll(&mut Context::from_waker(&waker));
            // It has dropped the previous waker.
            assert_eq!(Arc::strong_count(&last), 1);
            last = next;
            if polled == Poll::Ready(7) {
                assert_eq!(poll, 1000);
                return;
            }
        }
    }
}
