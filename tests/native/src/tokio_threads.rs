//! Coroutines in tokio's multi-threaded runtime, as described in docs/native.md.

use std::rc::Rc;
use std::time::Duration;

use bysyncify::{Coroutine, embed};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::{LocalSet, spawn_local};
use tokio_util::task::LocalPoolHandle;

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap()
}

/// Synchronous code that waits for a timer, and for another task.
fn work(receiver: oneshot::Receiver<u32>) -> u32 {
    // This value is not `Send`, and on the stack while it waits.
    let kept = Rc::new(1);
    embed(tokio::time::sleep(Duration::from_millis(1)));
    embed(receiver).unwrap() + *kept
}

#[test]
fn in_a_local_set_beside_tasks_on_other_threads() {
    let runtime = runtime();
    let local = LocalSet::new();
    let sum = runtime.block_on(local.run_until(async {
        let tasks: Vec<_> = (0..10)
            .map(|number| {
                let (sender, receiver) = oneshot::channel();
                tokio::spawn(async move { sender.send(number) });
                spawn_local(Coroutine::with_default_stack(|_| work(receiver)))
            })
            .collect();
        let mut sum = 0;
        for task in tasks {
            sum += task.await.unwrap();
        }
        sum
    }));
    assert_eq!(sum, 45 + 10);
}

#[test]
fn on_the_threads_of_a_pool() {
    let runtime = runtime();
    let sum = runtime.block_on(async {
        let pool = LocalPoolHandle::new(3);
        let tasks: Vec<_> = (0..10)
            .map(|number| {
                let (sender, receiver) = oneshot::channel();
                tokio::spawn(async move { sender.send(number) });
                pool.spawn_pinned(|| Coroutine::with_default_stack(|_| work(receiver)))
            })
            .collect();
        let mut sum = 0;
        for task in tasks {
            sum += task.await.unwrap();
        }
        sum
    });
    assert_eq!(sum, 45 + 10);
}

#[test]
fn one_that_is_aborted_is_unwound() {
    let runtime = runtime();
    let local = LocalSet::new();
    let kept = Rc::new(());
    let inside = kept.clone();
    runtime.block_on(local.run_until(async move {
        let task = spawn_local(Coroutine::with_default_stack(move |_| {
            let _inside = inside;
            embed(std::future::pending::<()>());
        }));
        tokio::task::yield_now().await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    }));
    assert_eq!(Rc::strong_count(&kept), 1);
}
