//! `futures`: its `LocalPool`, its combinators and its channels.

use std::task::Poll;

use bysyncify::{Coroutine, abandoned_coroutines, embed};
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures::channel::oneshot;
use futures::executor::LocalPool;
use futures::future::{Either, join, join_all, select};
use futures::stream::FuturesUnordered;
use futures::task::LocalSpawnExt;
use futures::{StreamExt, poll, select_biased};
use guest_support::{Droppy, Trace, after_polls, tests};

use crate::{STACK, count};

/// Sends each ball back with its number reduced by one, until a ball has number 0. Returns how many balls came.
fn play(
    name: &str,
    to: UnboundedSender<u32>,
    mut from: UnboundedReceiver<u32>,
    trace: &Trace,
) -> usize {
    let mut balls = 0;
    while let Some(ball) = embed(from.next()) {
        balls += 1;
        trace.add(format!("{name} has {ball}"));
        if ball == 0 {
            break;
        }
        to.unbounded_send(ball - 1).expect("the other one still plays");
    }
    balls
}

tests! {
    fn two_coroutines_in_a_local_pool_play_ball() {
        let trace = Trace::default();
        let mut pool = LocalPool::new();
        let (to_ping, ping_from) = unbounded();
        let (to_pong, pong_from) = unbounded();
        to_ping.unbounded_send(4).unwrap();
        let (in_ping, in_pong) = (trace.clone(), trace.clone());
        let ping = Coroutine::new(STACK, move |_| play("ping", to_pong, ping_from, &in_ping));
        let pong = Coroutine::new(STACK, move |_| play("pong", to_ping, pong_from, &in_pong));
        let ping = pool.spawner().spawn_local_with_handle(ping).unwrap();
        let pong = pool.spawner().spawn_local_with_handle(pong).unwrap();
        assert_eq!(pool.run_until(join(ping, pong)), (3, 2));
        let all = ["ping has 4", "pong has 3", "ping has 2", "pong has 1", "ping has 0"];
        assert_eq!(trace.take(), all);
    }

    fn a_local_pool_stalls_until_a_coroutine_is_woken() {
        let trace = Trace::default();
        let mut pool = LocalPool::new();
        let (send, receive) = oneshot::channel();
        let inside = trace.clone();
        let coroutine = Coroutine::new(STACK, move |handle| {
            inside.add("asks");
            inside.add(format!("got {}", handle.embed(receive).unwrap()));
        });
        pool.spawner().spawn_local(coroutine).unwrap();
        assert!(!pool.try_run_one());
        assert_eq!(trace.take(), ["asks"]);
        pool.run_until_stalled();
        assert_eq!(trace.take(), [""; 0]);
        send.send(7).unwrap();
        assert!(pool.try_run_one());
        assert_eq!(trace.take(), ["got 7"]);
        assert!(!pool.try_run_one());
    }

    fn a_dropped_local_pool_ends_its_coroutines() {
        let trace = Trace::default();
        let mut pool = LocalPool::new();
        for name in ["first", "second"] {
            let inside = trace.clone();
            let coroutine = Coroutine::new(STACK, move |handle| {
                let _droppy = Droppy(inside, name);
                assert!(handle.try_embed(std::future::pending::<()>()).is_err());
            });
            pool.spawner().spawn_local(coroutine).unwrap();
        }
        pool.run_until_stalled();
        assert_eq!(trace.take(), [""; 0]);
        drop(pool);
        let mut dropped = trace.take();
        dropped.sort();
        assert_eq!(dropped, ["drop first", "drop second"]);
        assert_eq!(abandoned_coroutines(), 0);
    }

    fn futures_unordered_yields_coroutines_in_the_order_in_which_they_finish() {
        let (senders, mut all): (Vec<_>, FuturesUnordered<_>) = (0..3)
            .map(|index| {
                let (send, receive) = oneshot::channel();
                let wait = move |handle: bysyncify::CoreHandle<'_>| {
                    (index, handle.embed(receive).unwrap())
                };
                (Some(send), Coroutine::new(STACK, wait))
            })
            .unzip();
        let mut senders: Vec<Option<oneshot::Sender<&str>>> = senders;
        LocalPool::new().run_until(async move {
            assert_eq!(poll!(all.next()), Poll::Pending);
            for (index, message) in [(2, "c"), (0, "a"), (1, "b")] {
                senders[index].take().unwrap().send(message).unwrap();
                assert_eq!(all.next().await, Some((index, message)));
                if !all.is_empty() {
                    assert_eq!(poll!(all.next()), Poll::Pending);
                }
            }
            assert_eq!(all.next().await, None);
        });
    }

    fn a_thousand_coroutines_join() {
        let coroutines = (0..1000).map(|index| {
            Coroutine::new(8 * 1024, move |handle| {
                let mut sum = 0;
                for step in 0..index % 7 {
                    sum += handle.embed(after_polls(step % 3, index * step));
                }
                sum
            })
        });
        let sums = LocalPool::new().run_until(join_all(coroutines));
        let expected = (0..1000).map(|i| (0..i % 7).map(|step| i * step).sum::<usize>());
        assert!(sums.into_iter().eq(expected));
    }

    fn the_loser_of_a_select_ends_before_the_winner_is_used() {
        let trace = Trace::default();
        let (in_winner, in_loser) = (trace.clone(), trace.clone());
        let winner = Coroutine::new(STACK, move |_| count("winner", 3, &in_winner));
        let loser = Coroutine::new(STACK, move |handle| {
            let _droppy = Droppy(in_loser.clone(), "loser");
            while handle.try_embed(after_polls(1, ())).is_ok() {
                in_loser.add("loser goes on");
            }
            in_loser.add("loser was cancelled");
        });
        LocalPool::new().run_until(async {
            match select(winner, loser).await {
                Either::Left((sum, loser)) => {
                    trace.add("won");
                    drop(loser);
                    assert_eq!(sum, 6);
                }
                Either::Right(_) => panic!("the loser cannot win"),
            }
        });
        let all = [
            "winner0", "loser goes on", "winner1", "loser goes on", "winner2", "won",
            "loser was cancelled", "drop loser",
        ];
        assert_eq!(trace.take(), all);
        assert_eq!(abandoned_coroutines(), 0);
    }

    fn the_select_macro_sees_when_coroutines_have_finished() {
        let trace = Trace::default();
        let (in_a, in_b) = (trace.clone(), trace.clone());
        let mut a = Coroutine::new(STACK, move |_| count("a", 3, &in_a));
        let mut b = Coroutine::new(STACK, move |_| count("b", 1, &in_b));
        LocalPool::new().run_until(async {
            loop {
                select_biased! {
                    sum = a => trace.add(format!("a is {sum}")),
                    sum = b => trace.add(format!("b is {sum}")),
                    complete => break,
                }
            }
        });
        assert_eq!(trace.take(), ["a0", "b0", "b is 1", "a1", "a2", "a is 6"]);
    }
}
