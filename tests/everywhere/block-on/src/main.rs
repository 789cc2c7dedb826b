//! A command-line program for WASI: a clock ticks while the standard input is waited for.
//!
//!     everywhere-block-on [ticks | busy | closed | deadlock | nested | outside]

use std::cell::Cell;
use std::future::{self, Future, poll_fn};
use std::io::{self, Read};
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use bysyncify::{Coroutine, embed, wasi};
use futures_lite::future::{or, yield_now, zip};

const TICK: Duration = Duration::from_millis(20);

fn coroutine<T: 'static>(body: impl FnOnce() -> T + 'static) -> impl Future<Output = T> {
    Coroutine::with_default_stack(|_| body())
}

/// Counts how often it is polled.
async fn counted<T>(polls: &Cell<u32>, future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    poll_fn(|context| {
        polls.set(polls.get() + 1);
        future.as_mut().poll(context)
    })
    .await
}

/// The clock ticks twice; whoever sees that writes two lines, and then ends the input.
fn ticks() {
    let clock = coroutine(|| {
        for tick in 1..=2 {
            let started = Instant::now();
            embed(wasi::sleep(TICK));
            assert!(started.elapsed() >= TICK, "it woke too early");
            println!("tick {tick}");
        }
    });
    let echo = coroutine(|| {
        // As large as the buffer of `stdin`, which is passed by then.
        let mut bytes = [0; 8192];
        loop {
            embed(wasi::readable(0));
            let count = io::stdin().read(&mut bytes).expect("the input can be read");
            println!("read {:?}", String::from_utf8_lossy(&bytes[..count]));
            if count == 0 {
                return;
            }
            embed(wasi::writable(1));
        }
    });
    let polls = Cell::new(0);
    wasi::block_on(counted(&polls, zip(clock, echo)));
    println!("polled {} times", polls.get());
}

/// What never waits keeps no timer from ending, and a timer that is dropped wakes nobody.
fn busy() {
    let spin = async {
        loop {
            yield_now().await;
        }
    };
    wasi::block_on(or(wasi::sleep(TICK), spin));
    wasi::block_on(or(wasi::sleep(TICK), wasi::sleep(Duration::MAX)));
    let polls = Cell::new(0);
    wasi::block_on(counted(&polls, wasi::sleep(2 * TICK)));
    println!("polled {} times", polls.get());
}

/// Descriptors that nobody has opened are ready, also beside those that are open and those that are waited for.
fn closed() {
    for descriptor in [99, -1] {
        wasi::block_on(wasi::readable(descriptor));
        wasi::block_on(wasi::writable(descriptor));
        wasi::block_on(zip(wasi::readable(descriptor), wasi::sleep(TICK)));
        let opened = zip(wasi::writable(1), wasi::writable(2));
        wasi::block_on(zip(wasi::readable(descriptor), opened));
        println!("{descriptor} is ready");
    }
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        None | Some("ticks") => ticks(),
        Some("busy") => busy(),
        Some("closed") => closed(),
        Some("deadlock") => wasi::block_on(coroutine(|| embed(future::pending()))),
        Some("nested") => wasi::block_on(coroutine(|| wasi::block_on(async {}))),
        Some("outside") => {
            let sleep = pin!(wasi::sleep(TICK));
            let _ = sleep.poll(&mut Context::from_waker(Waker::noop()));
        }
        Some(other) => panic!("there is no `{other}`"),
    }
}
