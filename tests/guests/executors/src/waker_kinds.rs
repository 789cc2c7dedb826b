//! Unusual wakers: unequal to all others, running code, or owning coroutines.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Wake, Waker};

use bysyncify::{Coroutine, EmbedError, abandoned_coroutines, can_embed, try_embed};
use guest_support::{Droppy, Trace, after_one_poll, poll_once, tests};

use crate::STACK;

/// The number of unequal wakers that exist.
static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// Each clone has its own data, so `will_wake` is false for any two of them.
///
/// Cloning and dropping call user code here, which tries to wait, and gets an error. Wherever the library clones a
/// waker, nothing can be suspended.
static UNEQUAL: RawWakerVTable = RawWakerVTable::new(
    |_| RawWaker::new(unequal_data(), &UNEQUAL),
    drop_unequal_data,
    |_| {},
    drop_unequal_data,
);

fn unequal_data() -> *const () {
    ALIVE.fetch_add(1, Ordering::Relaxed);
    cannot_wait();
    Box::into_raw(Box::new(0u32)).cast()
}

fn drop_unequal_data(data: *const ()) {
    ALIVE.fetch_sub(1, Ordering::Relaxed);
    cannot_wait();
    // SAFETY: `data` is from `unequal_data`, and a waker's data is dropped once.
    drop(unsafe { Box::from_raw(data.cast::<u32>().cast_mut()) });
}

fn cannot_wait() {
    assert!(!can_embed());
    assert_eq!(try_embed(async {}), Err(EmbedError::NotRunning));
}

fn unequal() -> Waker {
    // SAFETY: the functions of `UNEQUAL` own what they get and share nothing.
    unsafe { Waker::new(unequal_data(), &UNEQUAL) }
}

/// A waker that owns a future.
struct Owner {
    trace: Trace,
    _owned: Box<dyn Future<Output = ()>>,
}

// SAFETY: the target has no threads.
unsafe impl Send for Owner {}
// SAFETY: likewise.
unsafe impl Sync for Owner {}

impl Wake for Owner {
    fn wake(self: Arc<Self>) {
        self.trace.add("woken");
    }
}

/// A task like those of executors: its wakers own it.
struct Task {
    future: RefCell<Option<Pin<Box<dyn Future<Output = ()>>>>>,
    _end: Droppy,
}

// SAFETY: nothing here is sent to another thread, and where the target has none it could not be.
unsafe impl Send for Task {}
// SAFETY: likewise.
unsafe impl Sync for Task {}

impl Wake for Task {
    fn wake(self: Arc<Self>) {}
}

fn poll_with<F: Future + Unpin>(future: &mut F, waker: Waker) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(&waker))
}

tests! {
    fn a_waker_that_equals_no_other_does_not_loop() {
        let polls = Rc::new(Cell::new(0));
        let inside = polls.clone();
        let mut coroutine = Coroutine::new(STACK, move |handle| {
            for until in [10, 20] {
                handle.embed(std::future::poll_fn(|_| {
                    inside.set(inside.get() + 1);
                    if inside.get() < until { Poll::Pending } else { Poll::Ready(()) }
                }));
            }
        });
        let waker = unequal();
        for poll in 1..10 {
            assert!(Pin::new(&mut coroutine).poll(&mut Context::from_waker(&waker)).is_pending());
            assert_eq!(polls.get(), poll);
        }
        while poll_with(&mut coroutine, unequal()).is_pending() {
            assert!(polls.get() < 20);
        }
        drop(waker);
        assert_eq!(ALIVE.load(Ordering::Relaxed), 0);
    }

    fn a_waker_that_equals_no_other_is_not_leaked_by_a_drop() {
        let mut coroutine = Coroutine::new(STACK, |handle| {
            assert!(handle.try_embed(pending::<()>()).is_err());
        });
        for _ in 0..3 {
            assert!(poll_with(&mut coroutine, unequal()).is_pending());
        }
        drop(coroutine);
        assert_eq!((ALIVE.load(Ordering::Relaxed), abandoned_coroutines()), (0, 0));
    }

    fn a_waker_that_owns_a_coroutine_ends_it_when_it_is_replaced() {
        let trace = Trace::default();
        let inside = trace.clone();
        let mut owned = Coroutine::new(STACK, move |handle| {
            let _droppy = Droppy(inside.clone(), "owned");
            assert!(handle.try_embed(pending::<()>()).is_err());
            inside.add("cancelled, on the way out of a waker");
        });
        assert!(poll_once(&mut owned).is_pending());
        let owner = Waker::from(Arc::new(Owner { trace: trace.clone(), _owned: Box::new(owned) }));

        let (in_waker, mut first) = (trace.clone(), true);
        let mut coroutine = Coroutine::new(STACK, move |handle| {
            let array = [7u8; 100];
            handle.embed(std::future::poll_fn(|_| {
                in_waker.add("polled");
                if !core::mem::take(&mut first) {
                    return Poll::Ready(());
                }
                // While it is suspended here, the waker of this poll must stay alive.
                handle.embed(after_one_poll(()));
                in_waker.add("went on");
                Poll::Pending
            }));
            array.map(u32::from).iter().sum::<u32>()
        });
        assert!(poll_with(&mut coroutine, owner).is_pending());
        assert_eq!(trace.take(), ["polled", "woken"]);
        assert_eq!(poll_once(&mut coroutine), Poll::Ready(700));
        let all = ["went on", "cancelled, on the way out of a waker", "drop owned", "polled"];
        assert_eq!(trace.take(), all);
        assert_eq!(abandoned_coroutines(), 0);
    }

    /// As in a classic executor, a task without wakers is dropped.
    fn a_task_that_only_its_wakers_own_ends_with_the_last_of_them() {
        for is_stackful in [false, true] {
            let trace = Trace::default();
            let task = Arc::new(Task { future: RefCell::default(), _end: Droppy(trace.clone(), "task") });
            let frame = Droppy(trace.clone(), "frame");
            let future: Pin<Box<dyn Future<Output = ()>>> = if is_stackful {
                Box::pin(Coroutine::new(STACK, move |handle| {
                    let _frame = frame;
                    let _ = handle.try_embed(after_one_poll(()));
                    // In the second poll there is no clone of the waker.
                    assert_eq!(handle.try_embed(pending::<()>()), Err(EmbedError::Cancelled));
                }))
            } else {
                Box::pin(async move {
                    let _frame = frame;
                    after_one_poll(()).await;
                    pending::<()>().await;
                })
            };
            *task.future.borrow_mut() = Some(future);
            for _ in 0..2 {
                let waker = Waker::from(task.clone());
                let mut future = task.future.borrow_mut();
                let future = future.as_mut().expect("just put there").as_mut();
                assert!(future.poll(&mut Context::from_waker(&waker)).is_pending());
            }
            assert_eq!((Arc::strong_count(&task), trace.take()), (1, vec![]));
            drop(task);
            assert_eq!(trace.take(), ["drop frame", "drop task"]);
        }
        assert_eq!(abandoned_coroutines(), 0);
    }
}
