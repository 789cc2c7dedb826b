//! tokio's current-thread runtime and parts of `tokio::sync`.
//!
//! When it has nothing to do, that runtime parks its thread, which the target cannot do. In these tests there is
//! always something to do.

use std::rc::Rc;
use std::sync::Arc;

use bysyncify::{Cancelled, Coroutine, abandoned_coroutines, embed};
use guest_support::{Droppy, Trace, tests};
use tokio::runtime::Builder;
use tokio::sync::{Mutex, Notify, mpsc};
use tokio::task::{LocalSet, spawn_local, yield_now};

use crate::STACK;

fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = Builder::new_current_thread().build().unwrap();
    LocalSet::new().block_on(&runtime, future)
}

tests! {
    // Where there are threads, coroutines are not `Send`, and this does not compile.
    #[cfg(target_family = "wasm")]
    fn tokio_spawns_coroutines_as_if_they_were_send() {
        let trace = Trace::default();
        let (in_a, in_b) = (trace.clone(), trace.clone());
        let sums = block_on(async {
            let a = tokio::spawn(Coroutine::new(STACK, move |_| crate::count("a", 3, &in_a)));
            let b = tokio::spawn(Coroutine::new(STACK, move |_| crate::count("b", 2, &in_b)));
            (a.await.unwrap(), b.await.unwrap())
        });
        assert_eq!(sums, (6, 3));
        assert_eq!(trace.take(), ["a0", "b0", "a1", "b1", "a2"]);
    }

    fn a_local_set_runs_coroutines_over_a_bounded_channel() {
        let trace = Trace::default();
        let (send, mut receive) = mpsc::channel(1);
        let (in_producer, in_consumer) = (trace.clone(), trace.clone());
        let sum: u32 = block_on(async {
            spawn_local(Coroutine::new(STACK, move |_| {
                for message in 1..=3 {
                    embed(send.send(Rc::new(message))).unwrap();
                    in_producer.add(format!("sent {message}"));
                }
            }));
            let consumer = spawn_local(Coroutine::new(STACK, move |_| {
                let receive_one = || embed(receive.recv());
                let log = |message: &Rc<u32>| in_consumer.add(format!("got {message}"));
                std::iter::from_fn(receive_one).inspect(log).map(|message| *message).sum()
            }));
            consumer.await.unwrap()
        });
        assert_eq!(sum, 6);
        assert_eq!(trace.take(), ["sent 1", "got 1", "sent 2", "got 2", "sent 3", "got 3"]);
    }

    fn a_mutex_is_held_across_suspends_and_passed_on_in_turn() {
        let trace = Trace::default();
        let mutex = Arc::new(Mutex::new(0));
        block_on(async {
            let tasks = ["a", "b", "c"].map(|name| {
                let (mutex, inside) = (mutex.clone(), trace.clone());
                spawn_local(Coroutine::new(STACK, move |handle| {
                    let mut guard = handle.embed(mutex.lock());
                    inside.add(format!("{name} locks at {guard}"));
                    for _ in 0..3 {
                        handle.embed(yield_now());
                        *guard += 1;
                    }
                    inside.add(format!("{name} unlocks"));
                }))
            });
            for task in tasks {
                task.await.unwrap();
            }
        });
        let all = ["a locks at 0", "a unlocks", "b locks at 3", "b unlocks", "c locks at 6",
            "c unlocks"];
        assert_eq!(trace.take(), all);
        assert_eq!(*mutex.try_lock().unwrap(), 9);
    }

    fn notify_wakes_coroutines_in_the_order_in_which_they_wait() {
        let trace = Trace::default();
        let notify = Arc::new(Notify::new());
        block_on(async {
            let tasks = ["a", "b", "c"].map(|name| {
                let (notify, inside) = (notify.clone(), trace.clone());
                spawn_local(Coroutine::new(STACK, move |handle| {
                    inside.add(format!("{name} waits"));
                    handle.embed(notify.notified());
                    inside.add(format!("{name} was notified"));
                }))
            });
            yield_now().await;
            notify.notify_one();
            yield_now().await;
            trace.add("all of them");
            notify.notify_waiters();
            for task in tasks {
                task.await.unwrap();
            }
        });
        let all = ["a waits", "b waits", "c waits", "a was notified", "all of them",
            "b was notified", "c was notified"];
        assert_eq!(trace.take(), all);
    }

    fn an_aborted_task_ends_its_coroutine() {
        let trace = Trace::default();
        let inside = trace.clone();
        let error = block_on(async {
            let task = spawn_local(Coroutine::new(STACK, move |handle| {
                let _droppy = Droppy(inside.clone(), "coroutine");
                inside.add("started");
                let waits_for_ever = handle.try_embed(std::future::pending::<()>());
                inside.add(format!("{waits_for_ever:?}"));
                assert_eq!(waits_for_ever, Err(Cancelled));
            }));
            yield_now().await;
            task.abort();
            task.await.unwrap_err()
        });
        assert!(error.is_cancelled());
        assert_eq!(trace.take(), ["started", "Err(Cancelled)", "drop coroutine"]);
        assert_eq!(abandoned_coroutines(), 0);
    }

    /// A future may be pending only to let others run. This does not work where coroutines are threads: tokio counts
    /// the operations of each thread.
    #[cfg(target_family = "wasm")]
    fn a_coroutine_with_much_to_do_lets_others_run() {
        let trace = Trace::default();
        let (in_busy, in_other) = (trace.clone(), trace.clone());
        let (send, mut receive) = mpsc::unbounded_channel();
        for message in 0..1000 {
            send.send(message).unwrap();
        }
        drop(send);
        let messages = block_on(async {
            let busy = spawn_local(Coroutine::new(STACK, move |_| {
                in_busy.add("begin");
                let messages = std::iter::from_fn(|| embed(receive.recv())).count();
                in_busy.add("end");
                messages
            }));
            spawn_local(Coroutine::new(STACK, move |_| in_other.add("the other")));
            busy.await.unwrap()
        });
        assert_eq!(messages, 1000);
        assert_eq!(trace.take(), ["begin", "the other", "end"]);
    }
}
