//! The least that runs several futures, for a host with a clock and no threads.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

thread_local! {
    /// What the time is. Not the host's time, which another load would make another order.
    static NOW: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    /// When the next timer is due, of those that were polled in this round.
    static NEXT: Cell<Option<Duration>> = const { Cell::new(None) };
}

/// Is ready after this time.
pub async fn sleep(duration: Duration) {
    let due = NOW.get() + duration;
    poll_fn(|_| {
        if NOW.get() >= due {
            return Poll::Ready(());
        }
        NEXT.set(Some(NEXT.get().map_or(due, |next| next.min(due))));
        Poll::Pending
    })
    .await;
}

/// Runs these futures in turns, until all are done.
pub fn run_all<F: Future>(futures: impl Iterator<Item = Pin<Box<F>>>) -> Vec<F::Output> {
    let mut tasks: Vec<_> = futures.map(|future| (future, None)).collect();
    let mut context = Context::from_waker(Waker::noop());
    let started = Instant::now();
    while tasks.iter().any(|(_, result)| result.is_none()) {
        NEXT.set(None);
        for (future, result) in tasks.iter_mut().filter(|(_, result)| result.is_none()) {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                *result = Some(output);
            }
        }
        if let Some(next) = NEXT.get() {
            thread::sleep(next.saturating_sub(started.elapsed()));
            NOW.set(next);
        }
    }
    tasks.into_iter().filter_map(|(_, result)| result).collect()
}
