//! What coroutines take that are suspended at a time: memory that is resident, and time.

use std::fs;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bysyncify::{CoreHandle, Coroutine};

/// The bytes that this process has in memory.
fn resident() -> usize {
    let Ok(status) = fs::read_to_string("/proc/self/status") else { return 0 };
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<usize>().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// How many mappings it has.
fn mappings() -> usize {
    fs::read_to_string("/proc/self/maps").map_or(0, |maps| maps.lines().count())
}

fn wait_twice(handle: CoreHandle<'_>) -> u32 {
    (0..2)
        .map(|number| {
            let mut is_pending = true;
            handle.embed(poll_fn(move |_| {
                if std::mem::take(&mut is_pending) { Poll::Pending } else { Poll::Ready(number) }
            }))
        })
        .sum()
}

pub(crate) fn measure(count: usize) {
    let before = resident();
    let mut context = Context::from_waker(Waker::noop());
    let mut step = |name: &str, step: &mut dyn FnMut(&mut Context<'_>)| {
        let start = Instant::now();
        step(&mut context);
        let each = start.elapsed().as_secs_f64() * 1e9 / count as f64;
        let bytes = resident().saturating_sub(before) / count;
        println!("{name:<28} {each:>6.0} ns each, {bytes:>6} bytes each, {} mappings", mappings());
    };
    println!("\n{count} coroutines");
    let mut all = Vec::with_capacity(count);
    step("made", &mut |_| all.extend((0..count).map(|_| Coroutine::new(4096, wait_twice))));
    step("polled first", &mut |cx| {
        assert!(all.iter_mut().all(|it| Pin::new(it).poll(cx).is_pending()));
    });
    step("polled once more", &mut |cx| {
        assert!(all.iter_mut().all(|it| Pin::new(it).poll(cx).is_pending()));
    });
    step("polled to their end", &mut |cx| {
        assert!(all.iter_mut().all(|it| Pin::new(it).poll(cx) == Poll::Ready(1)));
    });
    step("dropped", &mut |_| all.clear());
}
