//! A program whose coroutines call JavaScript. `run.mjs` has the JavaScript functions and the expected results.

mod host;

use bysyncify::{Coroutine, can_embed, embed, try_embed};
use host::{callback, log};
use std::cell::RefCell;
use std::future::poll_fn;
use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

type Task = Pin<Box<dyn Future<Output = ()>>>;

thread_local! {
    static TASKS: RefCell<Vec<Option<Task>>> = const { RefCell::new(Vec::new()) };
}

/// A future that is pending once.
fn pause() -> impl Future<Output = ()> {
    let mut is_ready = false;
    poll_fn(move |_| match std::mem::replace(&mut is_ready, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
}

fn spawn(task: impl Future<Output = ()> + 'static) -> usize {
    TASKS.with_borrow_mut(|tasks| {
        tasks.push(Some(Box::pin(task)));
        tasks.len() - 1
    })
}

/// Polls a task, which is removed from the list meanwhile: code that it calls may access the list.
fn poll_task(number: usize) -> &'static str {
    let taken = TASKS.with_borrow_mut(|tasks| tasks.get_mut(number).and_then(Option::take));
    let Some(mut task) = taken else { return "is not there" };
    let polled = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    if polled.is_ready() {
        return "is ready";
    }
    TASKS.with_borrow_mut(|tasks| tasks[number] = Some(task));
    "is pending"
}

/// Logs when it is dropped.
struct Local;

impl Drop for Local {
    fn drop(&mut self) {
        log("its local is dropped");
    }
}

macro_rules! exports {
    ($(
        $(#[$meta:meta])*
        fn $name:ident($($argument:ident: $ty:ty),*) $(-> $result:ty)? $body:block
    )*) => {$(
        $(#[$meta])*
        // SAFETY: no symbol of C or Rust is called so.
        #[unsafe(export_name = concat!("js ", stringify!($name)))]
        extern "C" fn $name($($argument: $ty),*) $(-> $result)? $body
    )*};
}

exports! {
    fn start() {
        host::start();
    }

    /// A task that waits, calls JavaScript, and waits again.
    fn spawn_caller() -> usize {
        spawn(Coroutine::new(65536, |_| {
            let _local = Local;
            let here = [0x77_u64; 32];
            let _ = try_embed(pause());
            let returned = callback();
            let is_intact = black_box(&here).iter().all(|word| *word == 0x77);
            log(format!("JavaScript returned {returned}; locals intact: {is_intact}"));
            log(format!("then {:?}", try_embed(pause())));
        }))
    }

    /// A task that polls the first task.
    fn spawn_poller() -> usize {
        spawn(Coroutine::new(65536, |_| {
            log(format!("inner task {}", poll_task(0)));
            log(format!("inner task {}", poll_task(0)));
            log(format!("then {:?}", try_embed(pause())));
        }))
    }

    /// A task with an infinite recursion.
    fn spawn_recursion() -> usize {
        fn descend(depth: u32) -> u32 {
            let deeper = black_box(depth + 1);
            if deeper == 0 { 0 } else { descend(deeper) + black_box(1) }
        }
        spawn(Coroutine::new(1 << 26, |_| log(format!("{}", descend(0)))))
    }

    fn poll(number: usize) {
        log(format!("task {}", poll_task(number)));
    }

    fn cancel(number: usize) {
        let task = TASKS.with_borrow_mut(|tasks| tasks[number].take());
        log(format!("to be dropped: {}", task.is_some()));
        drop(task);
        log(format!("abandoned: {}", bysyncify::abandoned_coroutines()));
    }

    fn wait() {
        log(format!("can wait: {}, {:?}", can_embed(), try_embed(pause())));
        embed(pause());
    }

    fn descend(depth: u32) -> u32 {
        fn descend(depth: u32) -> u32 {
            let array = black_box([depth; 16]);
            if depth == 0 { 0 } else { descend(depth - 1) + array[3] }
        }
        descend(depth)
    }

    fn panic() {
        panic!("asked for");
    }
}
