//! Sleeping.
//!
//! Tasks wake up only when all tasks wait: then all whose time has come, the earliest first, however late it is.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bysyncify::embed;

use crate::host;

thread_local! {
    /// The time when all tasks last waited.
    static NOW: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    /// The tasks that sleep, by the time when they wake up. The number distinguishes tasks with the same time: they
    /// wake up in the order in which they fell asleep.
    static SLEEPERS: RefCell<BTreeMap<(Duration, u64), Waker>> = const { RefCell::new(BTreeMap::new()) };
    static LAST_NUMBER: Cell<u64> = const { Cell::new(0) };
}

/// Sleeps for a time: this task waits, the others continue.
pub(crate) fn sleep(duration: Duration) {
    sleep_until(host::now() + duration);
}

/// Sleeps until a time.
pub(crate) fn sleep_until(due: Duration) {
    LAST_NUMBER.set(LAST_NUMBER.get() + 1);
    embed(Sleep { key: (due, LAST_NUMBER.get()) });
}

/// The time when the first task is to wake up, if one sleeps.
pub(crate) fn first() -> Option<Duration> {
    SLEEPERS.with_borrow(|sleepers| sleepers.first_key_value().map(|(&(due, _), _)| due))
}

/// Sets the time, and wakes up the tasks whose time has come.
pub(crate) fn set(now: Duration) {
    NOW.set(now);
    let awake = SLEEPERS.with_borrow_mut(|sleepers| {
        let asleep = sleepers.split_off(&(now, u64::MAX));
        std::mem::replace(sleepers, asleep)
    });
    awake.into_values().for_each(Waker::wake);
}

/// The future behind `sleep`.
struct Sleep {
    key: (Duration, u64),
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.key.0 <= NOW.get() {
            return Poll::Ready(());
        }
        SLEEPERS.with_borrow_mut(|sleepers| sleepers.insert(self.key, cx.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        SLEEPERS.with_borrow_mut(|sleepers| sleepers.remove(&self.key));
    }
}
