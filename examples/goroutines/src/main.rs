//! Tens of thousands of tasks that sleep, send messages and take locks, on one thread.
//!
//! Everything here is synchronous code, as in Go. `tasks` makes tasks of closures, `time` has `sleep`, and `host` has
//! the replacements for threads in a browser, in Node and under WASI.

mod deadlock;
mod host;
mod tasks;
mod time;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use async_channel as channel;
use async_lock::{Mutex, Semaphore};
use bysyncify::embed;
use futures_lite::future::yield_now;

use crate::tasks::{Task, go};
use crate::time::{sleep, sleep_until};

fn main() {
    host::run(|| {
        if host::is_to_dump() {
            return deadlock::run();
        }
        let count = host::argument().unwrap_or(10_000);
        sleepers(count);
        chain(count);
        sorted_by_sleeping(count.min(1000));
        mutex(count);
        semaphore(count.min(1000));
    });
}

/// Starts all of these tasks, and then waits for each.
fn join<T>(tasks: impl Iterator<Item = Task<T>>) -> Vec<T> {
    let started: Vec<_> = tasks.collect();
    started.into_iter().map(embed).collect()
}

/// All tasks sleep at the same time.
fn sleepers(count: u32) {
    let nap = || sleep(Duration::from_millis(100));
    let (used, stack) = tasks::measure(nap);
    let before = host::memory();
    let started = host::now();
    join((0..count).map(|_| go(nap)));
    let took = (host::now() - started).as_millis();
    let each = (host::memory() - before) / count as usize;
    host::say(&format!("sleep: {count} tasks slept 100 ms each, which took {took} ms"));
    host::say(&format!(
        "sleep: {each} bytes each, {stack} of them a stack, of which {used} are used"
    ));
}

/// Every task waits for a number, adds one to it, and sends it to the next.
fn chain(count: u32) {
    let (first, mut last) = channel::bounded(1);
    for _ in 0..count {
        let (sender, receiver) = channel::bounded(1);
        let before = std::mem::replace(&mut last, receiver);
        go(move || {
            let number: u32 = embed(before.recv()).expect("the one before sends");
            embed(sender.send(number + 1)).expect("the one behind receives");
        })
        .detach();
    }
    embed(first.send(0)).expect("the first receives");
    let number = embed(last.recv()).expect("the last sends");
    host::say(&format!("chain: {count} tasks have counted to {number}"));
}

/// Every task sleeps for as many milliseconds as its number, and then sends it.
fn sorted_by_sleeping(count: u32) {
    // The same start for all tasks, however long it takes to start them.
    let now = host::now();
    let (sender, receiver) = channel::unbounded();
    // Each number once, in a mixed order: 7919 is a prime.
    for number in (0..count).map(|index| index * 7919 % count) {
        let sender = sender.clone();
        go(move || {
            sleep_until(now + Duration::from_millis(number.into()));
            embed(sender.send(number)).expect("the receiver is below");
        })
        .detach();
    }
    drop(sender);
    // A channel ends when all senders are gone.
    let received: Vec<u32> = std::iter::from_fn(|| embed(receiver.recv()).ok()).collect();
    let (len, is_sorted) = (received.len(), received.is_sorted());
    host::say(&format!("sort: {len} numbers have come, sorted: {is_sorted}"));
}

/// Every task adds one to a number, and lets the others run in the middle of it.
fn mutex(count: u32) {
    let number = Rc::new(Mutex::new(0));
    join((0..count).map(|_| {
        let number = Rc::clone(&number);
        go(move || {
            let mut number = embed(number.lock());
            let before = *number;
            embed(yield_now());
            *number = before + 1;
        })
    }));
    host::say(&format!("mutex: {count} tasks have counted to {}", *embed(number.lock())));
}

/// No more than 100 tasks work at the same time.
fn semaphore(count: u32) {
    let places = Rc::new(Semaphore::new(100));
    let working = Rc::new(Cell::new(0));
    let seen = join((0..count).map(|_| {
        let (places, working) = (Rc::clone(&places), Rc::clone(&working));
        go(move || {
            let _place = embed(places.acquire());
            working.set(working.get() + 1);
            sleep(Duration::from_millis(10));
            let seen = working.get();
            working.set(seen - 1);
            seen
        })
    }));
    let most = seen.into_iter().max().unwrap_or(0);
    host::say(&format!("semaphore: {count} tasks, {most} at the same time"));
}
