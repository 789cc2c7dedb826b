//! S2: a future on a coroutine's stack may be linked into a list of waiters elsewhere. When the coroutine is dropped,
//! either the future is unlinked, or its memory is never reused.
//!
//! `tokio::sync::Notify` and `event-listener` have such lists.

use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Waker};

use bysyncify::{Cancelled, Coroutine, abandoned_coroutines};
use event_listener::{Event, listener};
use guest_support::{Droppy, Trace, insistently, poll_once, tests};
use tokio::sync::Notify;

use crate::STACK;

type Task = Pin<Box<dyn Future<Output = ()>>>;

fn start(coroutine: impl Future<Output = ()> + 'static) -> Task {
    let mut task: Task = Box::pin(coroutine);
    assert!(poll_once(&mut task).is_pending());
    task
}

/// A task that returns when it is cancelled.
fn polite(name: &'static str, notify: &Rc<Notify>, trace: &Trace) -> Task {
    let (notify, trace) = (notify.clone(), trace.clone());
    start(Coroutine::new(STACK, move |handle| {
        let _droppy = Droppy(trace.clone(), name);
        let mut notified = pin!(notify.notified());
        match handle.try_embed(notified.as_mut()) {
            Ok(()) => trace.add(format!("{name} was notified")),
            Err(error) => assert_eq!(error, Cancelled),
        }
    }))
}

/// A task that never returns, with a linked waiter on its stack.
fn stubborn(notify: &Rc<Notify>) -> Task {
    let notify = notify.clone();
    start(Coroutine::new(STACK, move |handle| {
        let mut notified = pin!(notify.notified());
        insistently(|| handle.embed(std::future::poll_fn(|cx| notified.as_mut().poll(cx))));
    }))
}

/// Allocates and fills memory of all sizes, which overwrites memory that was freed too early.
fn churn() {
    let sizes = (4..18).map(|log| 1usize << log).chain([STACK, STACK + 64, STACK + 256]);
    let blocks: Vec<_> = sizes.flat_map(|size| (0..40).map(move |_| vec![0xff_u8; size])).collect();
    assert!(blocks.iter().flatten().all(|&byte| byte == 0xff));
    let mut coroutines: Vec<_> = (0..20)
        .map(|_| {
            Coroutine::new(STACK, |handle| {
                let filled = [0xff_u8; STACK / 2];
                let _ = handle.try_embed(std::future::pending::<()>());
                filled.iter().filter(|&&byte| byte == 0xff).count()
            })
        })
        .collect();
    for coroutine in &mut coroutines {
        assert!(poll_once(coroutine).is_pending());
    }
    for mut coroutine in coroutines {
        assert_eq!(coroutine.cancel(), Some(STACK / 2));
    }
    drop(blocks);
}

/// Polls all tasks, and drops those that have finished.
fn poll_all(tasks: &mut Vec<Task>) {
    tasks.retain_mut(|task| {
        task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending()
    });
}

tests! {
    fn a_waiter_is_unlinked_from_notify_when_its_coroutine_returns() {
        let (trace, notify) = (Trace::default(), Rc::new(Notify::new()));
        let mut tasks = ["a", "b", "c"].map(|name| polite(name, &notify, &trace)).into_iter().collect::<Vec<_>>();
        drop(tasks.remove(1));
        assert_eq!(trace.take(), ["drop b"]);
        assert_eq!(abandoned_coroutines(), 0);
        churn();
        for expected in ["a", "c"] {
            notify.notify_one();
            poll_all(&mut tasks);
            assert_eq!(trace.take(), [format!("{expected} was notified"), format!("drop {expected}")]);
        }
        assert!(tasks.is_empty());
    }

    fn a_notification_goes_on_to_the_next_when_its_coroutine_returns() {
        let (trace, notify) = (Trace::default(), Rc::new(Notify::new()));
        let mut tasks = ["a", "b"].map(|name| polite(name, &notify, &trace)).into_iter().collect::<Vec<_>>();
        notify.notify_one();
        drop(tasks.remove(0));
        poll_all(&mut tasks);
        assert_eq!(trace.take(), ["drop a", "b was notified", "drop b"]);
    }

    fn a_waiter_in_an_abandoned_stack_stays_where_notify_expects_it() {
        let (trace, notify) = (Trace::default(), Rc::new(Notify::new()));
        let mut tasks = vec![polite("a", &notify, &trace)];
        let abandoned = [stubborn(&notify), stubborn(&notify)];
        tasks.push(polite("b", &notify, &trace));
        drop(abandoned);
        assert_eq!(abandoned_coroutines(), 2);
        churn();
        // Each waiter that will never run takes one notification.
        for expected in [&["a was notified", "drop a"][..], &[], &[], &["b was notified", "drop b"]] {
            notify.notify_one();
            churn();
            poll_all(&mut tasks);
            assert_eq!(trace.take(), expected);
        }
        tasks.push(polite("c", &notify, &trace));
        drop(stubborn(&notify));
        tasks.push(polite("d", &notify, &trace));
        churn();
        notify.notify_waiters();
        poll_all(&mut tasks);
        assert_eq!(trace.take(), ["c was notified", "drop c", "d was notified", "drop d"]);
        assert!(tasks.is_empty());
    }

    fn a_future_that_was_given_to_embed_is_dropped_even_if_the_stack_is_abandoned() {
        let (trace, notify) = (Trace::default(), Rc::new(Notify::new()));
        let inside = notify.clone();
        drop(start(Coroutine::new(STACK, move |handle| {
            insistently(|| handle.embed(inside.notified()));
        })));
        assert_eq!(abandoned_coroutines(), 1);
        let mut tasks = vec![polite("a", &notify, &trace)];
        churn();
        notify.notify_one();
        poll_all(&mut tasks);
        assert_eq!(trace.take(), ["a was notified", "drop a"]);
    }

    fn listeners_on_the_stack_are_unlinked_or_stay() {
        let (trace, event) = (Trace::default(), Rc::new(Event::new()));
        let listen = |name: &'static str, polite: bool| {
            let (event, trace) = (event.clone(), trace.clone());
            start(Coroutine::new(STACK, move |handle| {
                let _droppy = Droppy(trace.clone(), name);
                listener!(event => listener);
                if !polite {
                    insistently(|| {
                        handle.embed(std::future::poll_fn(|cx| Pin::new(&mut listener).poll(cx)));
                    });
                } else if handle.try_embed(listener).is_ok() {
                    trace.add(format!("{name} was notified"));
                }
            }))
        };
        let mut tasks = vec![listen("a", true)];
        let (gone, abandoned) = (listen("gone", true), listen("abandoned", false));
        tasks.push(listen("b", true));
        drop((gone, abandoned));
        assert_eq!(trace.take(), ["drop gone"]);
        assert_eq!(abandoned_coroutines(), 1);
        churn();
        for expected in [&["a was notified", "drop a"][..], &[], &["b was notified", "drop b"]] {
            assert_eq!(event.notify_additional(1), 1);
            churn();
            poll_all(&mut tasks);
            assert_eq!(trace.take(), expected);
        }
        assert_eq!(event.notify_additional(1), 0);
    }
}
