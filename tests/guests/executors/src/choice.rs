//! Timeouts, and waiting for the first of several futures, with the functions of crates for futures.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bysyncify::{Coroutine, abandoned_coroutines, embed, iter, try_embed};
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use futures::future::{Either, FutureExt, abortable, select};
use futures::stream::{self, StreamExt};
use futures::{select_biased, stream_select};
use futures_lite::future::or;
use guest_support::{CountingWaker, Droppy, Trace, poll_once, tests};

use crate::STACK;
use crate::clock::Clock;

/// Runs a future to completion. Time passes when there is nothing to do.
fn run<F: Future + Unpin>(clock: &Clock, mut future: F) -> F::Output {
    let counter = Arc::new(CountingWaker::default());
    let waker = Waker::from(counter.clone());
    loop {
        let wakes = counter.count();
        if let Poll::Ready(output) = future.poll_unpin(&mut Context::from_waker(&waker)) {
            return output;
        }
        assert!(counter.count() > wakes || clock.advance(), "nobody will ever go on");
    }
}

/// Synchronous code with a timeout: `None` if the future takes longer.
fn within<T>(clock: &Clock, ticks: u32, future: impl Future<Output = T>) -> Option<T> {
    let timeout = clock.after(ticks);
    embed(or(async { Some(future.await) }, async {
        timeout.await;
        None
    }))
}

/// Synchronous code that reads commands, and does something else when none has come for a while.
fn serve(clock: &Clock, mut commands: UnboundedReceiver<&'static str>, trace: &Trace) {
    loop {
        let idle = pin!(clock.after(3));
        match embed(select(commands.next(), idle)) {
            Either::Left((Some(command), _)) => trace.add(command),
            Either::Left((None, _)) => return,
            Either::Right((now, _)) => trace.add(format!("idle at {now}")),
        }
    }
}

tests! {
    fn a_wait_may_have_a_timeout() {
        let (clock, trace) = (Clock::default(), Trace::default());
        let (timer, inside) = (clock.clone(), trace.clone());
        let coroutine = Coroutine::new(STACK, move |_| {
            let held = Droppy(inside.clone(), "what took too long");
            let late = within(&timer, 5, async {
                let _held = held;
                timer.after(9).await
            });
            inside.add("went on");
            (late, within(&timer, 5, timer.after(4)), within(&timer, 5, async { 0 }))
        });
        assert_eq!(run(&clock, coroutine), (None, Some(9), Some(0)));
        assert_eq!(trace.take(), ["drop what took too long", "went on"]);
    }

    fn whichever_comes_first_is_chosen_again_and_again() {
        let (clock, trace) = (Clock::default(), Trace::default());
        let (send, receive) = unbounded();
        let (timer, inside) = (clock.clone(), trace.clone());
        let server = Coroutine::new(STACK, move |_| serve(&timer, receive, &inside));
        let client = async {
            send.unbounded_send("first").unwrap();
            clock.after(2).await;
            send.unbounded_send("second").unwrap();
            clock.after(7).await;
            send.unbounded_send("third").unwrap();
            drop(send);
        };
        run(&clock, pin!(futures::future::join(server, client)));
        assert_eq!(trace.take(), ["first", "second", "idle at 5", "idle at 8", "third"]);
    }

    fn a_macro_of_futures_chooses() {
        let clock = Clock::default();
        let timer = clock.clone();
        let coroutine = Coroutine::new(STACK, move |handle| {
            let mut slow = pin!(timer.after(20).fuse());
            let mut ticks = pin!(stream::repeat(()).then(|()| timer.after(6)).fuse());
            let mut seen = Vec::new();
            while seen.last() != Some(&20) {
                seen.push(handle.embed(async {
                    select_biased! {
                        now = slow => now,
                        now = ticks.select_next_some() => now,
                    }
                }));
            }
            seen
        });
        assert_eq!(run(&clock, coroutine), [6, 12, 18, 20]);
    }

    fn a_macro_of_tokio_chooses() {
        let clock = Clock::default();
        let timer = clock.clone();
        let coroutine = Coroutine::new(STACK, move |handle| {
            handle.embed(async {
                tokio::select! {
                    now = timer.after(7) => ("seven", now),
                    now = timer.after(3) => ("three", now),
                    () = pending() => unreachable!("it never comes"),
                }
            })
        });
        assert_eq!(run(&clock, coroutine), ("three", 3));
    }

    fn streams_are_iterated_over_as_they_come() {
        let clock = Clock::default();
        let timer = clock.clone();
        let coroutine = Coroutine::new(STACK, move |_| {
            let every = |ticks, name| {
                let clock = timer.clone();
                let times = stream::repeat(()).take(3).then(move |()| clock.after(ticks));
                Box::pin(times.map(move |now| (name, now)))
            };
            iter(stream_select!(every(2, "a"), every(5, "b"))).collect::<Vec<_>>()
        });
        let expected = [("a", 2), ("a", 4), ("b", 5), ("a", 6), ("b", 10), ("b", 15)];
        assert_eq!(run(&clock, coroutine), expected);
    }

    fn a_coroutine_may_have_a_timeout() {
        let (clock, trace) = (Clock::default(), Trace::default());
        let (timer, inside) = (clock.clone(), trace.clone());
        let endless = Coroutine::new(STACK, move |_| {
            let _held = Droppy(inside.clone(), "stack");
            while try_embed(timer.after(2)).is_ok() {
                inside.add("works");
            }
            inside.add("is told");
        });
        // The coroutine is dropped while it waits, and its wait returns an error.
        let finished = or(async { endless.await; true }, async { clock.after(5).await; false });
        assert!(!run(&clock, pin!(finished)));
        assert_eq!(trace.take(), ["works", "works", "is told", "drop stack"]);
        assert_eq!(abandoned_coroutines(), 0);
    }

    fn a_coroutine_may_be_aborted_from_elsewhere() {
        let coroutine = Coroutine::new(STACK, |handle| handle.try_embed(pending::<()>()));
        let (mut task, handle) = abortable(coroutine);
        assert!(poll_once(&mut task).is_pending());
        handle.abort();
        assert_eq!(poll_once(&mut task), Poll::Ready(Err(futures::future::Aborted)));
        drop(task);
        assert_eq!(abandoned_coroutines(), 0);
    }

    fn a_wait_may_be_aborted_from_elsewhere() {
        // The coroutine continues: only the future that it waits for was aborted.
        let (waiting, handle) = abortable(pending::<()>());
        let mut coroutine = Coroutine::new(STACK, |_| {
            (embed(waiting), try_embed(async { "goes on" }))
        });
        assert!(poll_once(&mut coroutine).is_pending());
        handle.abort();
        let expected = (Err(futures::future::Aborted), Ok("goes on"));
        assert_eq!(poll_once(&mut coroutine), Poll::Ready(expected));
    }
}
