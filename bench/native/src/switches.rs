//! One suspend and one resume: of `corosensei`, and of ours in the ways that it is used.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bysyncify::{CoreHandle, Coroutine, Generator, Yielder};
use corosensei::CoroutineResult;

/// How many there are in one measurement.
const SWITCHES: u32 = 200_000;
/// How often each is measured.
const TURNS: usize = 40;

/// A way to switch there and back `SWITCHES` times.
struct Way {
    name: &'static str,
    run: Box<dyn FnMut()>,
    least: Duration,
}

/// Ready at every other poll.
fn every_other_poll() -> impl Future<Output = ()> {
    let mut is_pending = true;
    poll_fn(move |_| {
        if std::mem::take(&mut is_pending) {
            return Poll::Pending;
        }
        Poll::Ready(())
    })
}

fn ways() -> Vec<Way> {
    let mut theirs = corosensei::Coroutine::new(|yielder, ()| {
        loop {
            yielder.suspend(());
        }
    });
    let mut ours = Coroutine::new(4096, |handle: CoreHandle<'_>| {
        loop {
            handle.embed(every_other_poll());
        }
    });
    let mut numbers = Generator::new(4096, |yielder: Yielder<'_, u32>| {
        for number in 0.. {
            yielder.yield_(number);
        }
    });
    let mut nothing = Generator::new(4096, |yielder: Yielder<'_, ()>| {
        loop {
            yielder.yield_(());
        }
    });
    let mut blocks: Pin<Box<dyn Future<Output = ()>>> = Box::pin(async {
        loop {
            every_other_poll().await;
        }
    });
    let way = |name, run: Box<dyn FnMut()>| Way { name, run, least: Duration::MAX };
    vec![
        way(
            "corosensei: resume, suspend",
            Box::new(move || {
                for _ in 0..SWITCHES {
                    let result: CoroutineResult<(), ()> = theirs.resume(());
                    assert!(matches!(result, CoroutineResult::Yield(())));
                }
            }),
        ),
        way(
            "bysyncify: the switch alone",
            Box::new(move || {
                for _ in 0..SWITCHES {
                    assert!(nothing.next().is_some());
                }
            }),
        ),
        way(
            "bysyncify: poll, embed",
            Box::new(move || {
                let mut context = Context::from_waker(Waker::noop());
                for _ in 0..SWITCHES {
                    let poll: Poll<()> = Pin::new(&mut ours).poll(&mut context);
                    assert!(poll.is_pending());
                }
            }),
        ),
        way(
            "bysyncify: next, yield_",
            Box::new(move || {
                for _ in 0..SWITCHES {
                    assert!(numbers.next().is_some());
                }
            }),
        ),
        way(
            "an async block: poll, await",
            Box::new(move || {
                let mut context = Context::from_waker(Waker::noop());
                for _ in 0..SWITCHES {
                    assert!(blocks.as_mut().poll(&mut context).is_pending());
                }
            }),
        ),
    ]
}

pub(crate) fn measure() {
    let mut ways = ways();
    for _ in 0..TURNS {
        for way in &mut ways {
            let start = Instant::now();
            (way.run)();
            way.least = way.least.min(start.elapsed());
        }
    }
    let nanoseconds = |way: &Way| way.least.as_secs_f64() * 1e9 / f64::from(SWITCHES);
    let theirs = nanoseconds(&ways[0]);
    println!("there and back, ns           each  of corosensei's");
    for way in &ways {
        let each = nanoseconds(way);
        println!("{:<28} {each:>5.1}  {:>5.2}", way.name, each / theirs);
    }
    // They are endless, and `corosensei` cannot unwind without `std`.
    std::mem::forget(ways);
}
