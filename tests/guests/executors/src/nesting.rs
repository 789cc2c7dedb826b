//! Coroutines in coroutines in coroutines, under an executor.

use std::future::poll_fn;
use std::pin::Pin;

use bysyncify::{Coroutine, RawCoreHandle, abandoned_coroutines, embed};
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use futures::executor::LocalPool;
use futures::future::join;
use futures::task::LocalSpawnExt;
use futures::{FutureExt, StreamExt};
use guest_support::{Droppy, Trace, after_one_poll, insistently, poll_once, tests};

use crate::{STACK, count};

/// A coroutine that waits for a second one, which waits for a third one, which waits for messages.
fn tower(
    name: &'static str,
    mut from: UnboundedReceiver<u32>,
    trace: Trace,
) -> impl Future<Output = u32> {
    Coroutine::new(STACK, move |outer| {
        let in_middle = trace.clone();
        let sum = outer.embed(Coroutine::new(STACK, move |middle| {
            let in_inner = in_middle.clone();
            let inner = Coroutine::new(STACK, move |inner| {
                let mut sum = 0;
                while let Some(message) = inner.embed(from.next()) {
                    in_inner.add(format!("{name} has {message}"));
                    sum += message;
                }
                sum
            });
            let before = middle.embed(after_one_poll(100));
            let sum = middle.embed(inner);
            in_middle.add(format!("{name}'s middle has {sum}"));
            before + sum + middle.embed(after_one_poll(1000))
        }));
        trace.add(format!("{name}'s outer has {sum}"));
        sum + outer.embed(after_one_poll(10_000))
    })
}

tests! {
    fn two_towers_of_three_coroutines_take_turns() {
        let trace = Trace::default();
        let mut pool = LocalPool::new();
        let (to_a, from_a) = unbounded();
        let (to_b, from_b) = unbounded();
        let a = pool.spawner().spawn_local_with_handle(tower("a", from_a, trace.clone())).unwrap();
        let b = pool.spawner().spawn_local_with_handle(tower("b", from_b, trace.clone())).unwrap();
        for message in 1..=2 {
            pool.run_until_stalled();
            to_a.unbounded_send(message).unwrap();
            pool.run_until_stalled();
            to_b.unbounded_send(10 * message).unwrap();
        }
        drop((to_a, to_b));
        assert_eq!(pool.run_until(join(a, b)), (11_103, 11_130));
        let all = trace.take();
        assert_eq!(all[..4], ["a has 1", "b has 10", "a has 2", "b has 20"]);
        let of = |name: &str| all[4..].iter().filter(|line| line.starts_with(name)).collect::<Vec<_>>();
        assert_eq!(of("a"), ["a's middle has 3", "a's outer has 1103"]);
        assert_eq!(of("b"), ["b's middle has 30", "b's outer has 1130"]);
    }

    /// The futures are polled by hand, in the middle of synchronous code.
    fn a_coroutine_is_an_executor_of_coroutines() {
        let trace = Trace::default();
        let inside = trace.clone();
        let mut outer = Coroutine::new(STACK, move |handle| {
            let mut tasks: Vec<_> = ["a", "b"]
                .map(|name| {
                    let inside = inside.clone();
                    Coroutine::new(STACK, move |_| count(name, 2, &inside))
                })
                .into();
            let mut sum = 0;
            while !tasks.is_empty() {
                tasks.retain_mut(|task| poll_once(task).map(|s| sum += s).is_pending());
                inside.add("round");
                handle.embed(after_one_poll(()));
            }
            sum
        });
        let mut polls = 1;
        while poll_once(&mut outer).map(|sum| assert_eq!(sum, 6)).is_pending() {
            polls += 1;
        }
        assert_eq!(polls, 4);
        assert_eq!(trace.take(), ["round", "a0", "b0", "round", "a1", "b1", "round"]);
    }

    /// The coroutine whose stack is in use is suspended.
    fn an_outer_handle_waits_in_the_innermost_coroutine() {
        let trace = Trace::default();
        let inside = trace.clone();
        let mut outer = Coroutine::new(STACK, move |handle| {
            let raw: RawCoreHandle = handle.raw();
            let in_inner = inside.clone();
            let mut inner = Coroutine::new(STACK, move |_| {
                in_inner.add("inner waits");
                // SAFETY: this is polled by the outer one only, so that one's memory is there.
                let outer = unsafe { raw.to_handle() };
                let output = outer.embed(after_one_poll(5));
                in_inner.add("inner goes on");
                output
            });
            assert!(poll_once(&mut inner).is_pending());
            inside.add("outer goes on");
            handle.embed(inner)
        });
        assert_eq!((&mut outer).now_or_never(), Some(5));
        assert_eq!(trace.take(), ["inner waits", "outer goes on", "inner goes on"]);
    }

    fn dropping_the_outer_coroutine_ends_the_inner_ones_first() {
        let trace = Trace::default();
        let inside = trace.clone();
        let mut outer = Coroutine::new(STACK, move |handle| {
            let _outer = Droppy(inside.clone(), "outer");
            let in_middle = inside.clone();
            let middle = Coroutine::new(STACK, move |handle| {
                let _middle = Droppy(in_middle.clone(), "middle");
                let in_inner = in_middle.clone();
                let inner = Coroutine::new(STACK, move |handle| {
                    let _inner = Droppy(in_inner.clone(), "inner");
                    let result = handle.try_embed(std::future::pending::<()>());
                    in_inner.add(format!("inner: {result:?}"));
                });
                in_middle.add(format!("middle: {:?}", handle.try_embed(inner)));
            });
            inside.add(format!("outer: {:?}", handle.try_embed(middle)));
        });
        assert!(poll_once(&mut outer).is_pending());
        assert_eq!(trace.take(), [""; 0]);
        drop(outer);
        let all = [
            "inner: Err(Cancelled)", "drop inner", "middle: Err(Cancelled)", "drop middle",
            "outer: Err(Cancelled)", "drop outer",
        ];
        assert_eq!(trace.take(), all);
        assert_eq!(abandoned_coroutines(), 0);
    }

    fn an_abandoned_outer_coroutine_leaves_the_inner_one_alone() {
        let trace = Trace::default();
        let inside = trace.clone();
        let mut outer = Coroutine::new(STACK, move |handle| {
            let in_inner = inside.clone();
            let mut inner = Coroutine::new(STACK, move |_| {
                let _inner = Droppy(in_inner, "inner");
                embed(std::future::pending::<()>());
            });
            // `inner` is on this stack, not in the future.
            insistently(|| handle.embed(poll_fn(|cx| Pin::new(&mut inner).poll(cx))));
        });
        assert!(poll_once(&mut outer).is_pending());
        drop(outer);
        assert_eq!(trace.take(), [""; 0]);
        assert_eq!(abandoned_coroutines(), 1);
    }

    fn a_coroutine_drops_another_one_that_is_suspended() {
        let trace = Trace::default();
        let in_victim = trace.clone();
        let mut victim = Coroutine::new(STACK, move |handle| {
            let _droppy = Droppy(in_victim.clone(), "victim");
            assert!(handle.try_embed(std::future::pending::<()>()).is_err());
            // This coroutine is cancelled, but not the coroutine that it polls itself.
            in_victim.add(format!("sum {}", count_to_the_end(&in_victim)));
        });
        assert!(poll_once(&mut victim).is_pending());
        let inside = trace.clone();
        let mut other = Coroutine::new(STACK, move |handle| {
            handle.embed(after_one_poll(()));
            drop(victim);
            inside.add("dropped");
            handle.embed(after_one_poll(()));
        });
        while poll_once(&mut other).is_pending() {}
        assert_eq!(trace.take(), ["n0", "n1", "sum 3", "drop victim", "dropped"]);
        assert_eq!(abandoned_coroutines(), 0);
    }
}

fn count_to_the_end(trace: &Trace) -> u32 {
    let trace = trace.clone();
    guest_support::run(Coroutine::new(STACK, move |_| count("n", 2, &trace))).1
}
