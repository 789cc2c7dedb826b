//! `async-executor`, with a `spawn` that requires `Send` and one that does not, and `async-channel`.

use std::pin::pin;

use async_channel::{Receiver, Sender, bounded};
use async_executor::LocalExecutor;
use bysyncify::{Cancelled, Coroutine, abandoned_coroutines, embed};
use guest_support::{Droppy, Trace, run, tests};

use crate::{STACK, count};

fn produce(name: &str, to: &Sender<String>, trace: &Trace) {
    for index in 0..2 {
        embed(to.send(format!("{name}{index}"))).unwrap();
        trace.add(format!("sent {name}{index}"));
    }
}

fn consume(from: &Receiver<String>, trace: &Trace) -> usize {
    let mut messages = 0;
    while let Ok(message) = embed(from.recv()) {
        messages += 1;
        trace.add(format!("got {message}"));
    }
    messages
}

/// The trace of two producers that wait for room, and a consumer that waits for messages.
const ALL: [&str; 8] =
    ["sent a0", "got a0", "sent a1", "got a1", "sent b0", "got b0", "sent b1", "got b1"];

tests! {
    fn coroutines_in_a_local_executor_share_a_channel() {
        let trace = Trace::default();
        let executor = LocalExecutor::new();
        let (send, receive) = bounded(1);
        for name in ["a", "b"] {
            let (send, inside) = (send.clone(), trace.clone());
            executor.spawn(Coroutine::new(STACK, move |_| produce(name, &send, &inside))).detach();
        }
        drop(send);
        let inside = trace.clone();
        let consumer = executor.spawn(Coroutine::new(STACK, move |_| consume(&receive, &inside)));
        assert_eq!(run(pin!(executor.run(consumer))).1, 4);
        assert_eq!(trace.take(), ALL);
        assert!(executor.is_empty());
    }

    // Where there are threads, coroutines are not `Send`, and this does not compile.
    #[cfg(target_family = "wasm")]
    fn coroutines_in_an_executor_that_asks_for_send_share_a_channel() {
        let trace = Trace::default();
        let executor = async_executor::Executor::new();
        let (send, receive) = bounded(1);
        for name in ["a", "b"] {
            let (send, inside) = (send.clone(), trace.clone());
            executor.spawn(Coroutine::new(STACK, move |_| produce(name, &send, &inside))).detach();
        }
        drop(send);
        let inside = trace.clone();
        let consumer = executor.spawn(Coroutine::new(STACK, move |_| consume(&receive, &inside)));
        assert_eq!(run(pin!(executor.run(consumer))).1, 4);
        assert_eq!(trace.take(), ALL);
        assert!(executor.is_empty());
    }

    fn a_coroutine_waits_for_the_tasks_that_it_spawns() {
        let trace = Trace::default();
        let executor: &LocalExecutor<'static> = Box::leak(Box::new(LocalExecutor::new()));
        let inside = trace.clone();
        let parent = executor.spawn(Coroutine::new(STACK, move |handle| {
            let children = ["a", "b"].map(|name| {
                let inside = inside.clone();
                executor.spawn(Coroutine::new(STACK, move |_| count(name, 2, &inside)))
            });
            children.map(|child| handle.embed(child)).into_iter().sum::<u32>()
        }));
        assert_eq!(run(pin!(executor.run(parent))).1, 6);
        assert_eq!(trace.take(), ["a0", "b0", "a1", "b1"]);
    }

    fn a_dropped_task_ends_its_coroutine() {
        let trace = Trace::default();
        let executor = LocalExecutor::new();
        let inside = trace.clone();
        let task = executor.spawn(Coroutine::new(STACK, move |handle| {
            let _droppy = Droppy(inside.clone(), "coroutine");
            inside.add("started");
            let result = handle.try_embed(std::future::pending::<()>());
            assert_eq!(result, Err(Cancelled));
            inside.add("cancelled");
        }));
        assert!(executor.try_tick());
        assert!(!executor.try_tick());
        assert_eq!(trace.take(), ["started"]);
        drop(task);
        assert!(executor.try_tick());
        assert_eq!(trace.take(), ["cancelled", "drop coroutine"]);
        assert_eq!(abandoned_coroutines(), 0);
    }
}
