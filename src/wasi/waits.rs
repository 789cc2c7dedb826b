//! The waits for a time or for a stream, with the waker of each.
//!
//! A waker is never woken or dropped while `WAITS` is borrowed: either may run code of the program, which may
//! begin another wait.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::ffi::c_int;
use core::task::Waker;
use core::time::Duration;
use std::time::Instant;

use super::host::{self, Direction, Id, Stream};

std::thread_local! {
    static WAITS: RefCell<Waits> = const { RefCell::new(Waits::new()) };
    /// Whether `block_on` runs, which processes the waits.
    static RUNNING: Cell<bool> = const { Cell::new(false) };
}

struct Waits {
    next: Id,
    /// By the time when they are due.
    timers: BTreeMap<(Instant, Id), Waker>,
    streams: BTreeMap<Id, (Stream, Waker)>,
}

impl Waits {
    const fn new() -> Self {
        Self { next: 0, timers: BTreeMap::new(), streams: BTreeMap::new() }
    }

    fn new_id(&mut self) -> Id {
        self.next += 1;
        self.next
    }

    /// Removes the timers that are due, and returns their wakers.
    fn due(&mut self) -> Vec<Waker> {
        let now = if self.timers.is_empty() { return Vec::new() } else { Instant::now() };
        let later = self.timers.split_off(&(now, Id::MAX));
        core::mem::replace(&mut self.timers, later).into_values().collect()
    }

    /// The time until the first timer is due. None if there is no timer.
    fn time_left(&self) -> Option<Duration> {
        let ((first, _), _) = self.timers.first_key_value()?;
        Some(first.saturating_duration_since(Instant::now()))
    }
}

fn with<R>(look: impl FnOnce(&mut Waits) -> R) -> R {
    WAITS.with_borrow_mut(look)
}

/// Registers a waker to be woken at that time.
pub(super) fn add_timer(due: Instant, waker: Waker) -> Id {
    must_run();
    with(|waits| {
        let id = waits.new_id();
        waits.timers.insert((due, id), waker);
        id
    })
}

/// Registers a waker to be woken when the stream is ready.
pub(super) fn add_stream(descriptor: c_int, direction: Direction, waker: Waker) -> Id {
    must_run();
    with(|waits| {
        let id = waits.new_id();
        waits.streams.insert(id, (Stream { descriptor, direction }, waker));
        id
    })
}

/// Sets the waker of a timer. Returns whether the timer is still waited for.
pub(super) fn renew_timer(due: Instant, id: Id, waker: &Waker) -> bool {
    must_run();
    let old = with(|waits| waits.timers.get_mut(&(due, id)).map(|kept| replace(kept, waker)));
    old.is_some()
}

/// Sets the waker of a stream. Returns whether the stream is still waited for.
pub(super) fn renew_stream(id: Id, waker: &Waker) -> bool {
    must_run();
    let old = with(|waits| waits.streams.get_mut(&id).map(|(_, kept)| replace(kept, waker)));
    old.is_some()
}

/// Replaces a waker, unless the new one does the same. Returns the old one.
fn replace(kept: &mut Waker, new: &Waker) -> Option<Waker> {
    (!kept.will_wake(new)).then(|| core::mem::replace(kept, new.clone()))
}

/// Removes a timer that is not waited for any more.
pub(super) fn remove_timer(due: Instant, id: Id) {
    drop(with(|waits| waits.timers.remove(&(due, id))));
}

/// Removes a stream that is not waited for any more.
pub(super) fn remove_stream(id: Id) {
    drop(with(|waits| waits.streams.remove(&id)));
}

/// Whether a turn may block.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Other code can continue: only waits that are due by now are woken.
    Glance,
    /// No code can continue before a wait is due.
    Park,
}

/// Wakes all waits that are due. Returns false if nothing is waited for.
pub(super) fn turn(turn: Turn) -> bool {
    let (left, streams) = with(|waits| {
        let streams: Vec<_> = waits.streams.iter().map(|(id, (it, _))| (*id, *it)).collect();
        (waits.time_left(), streams)
    });
    let is_anybody = left.is_some() || !streams.is_empty();
    let timeout = if turn == Turn::Glance { Some(Duration::ZERO) } else { left };
    let ready = if is_anybody { host::wait(&streams, timeout) } else { Vec::new() };
    let wakers = with(|waits| {
        let mut wakers = waits.due();
        wakers.extend(ready.iter().filter_map(|id| waits.streams.remove(id)).map(|(_, it)| it));
        wakers
    });
    wakers.into_iter().for_each(Waker::wake);
    is_anybody
}

/// A guard: `block_on` runs until this is dropped.
pub(super) struct Running(());

impl Running {
    pub(super) fn begin() -> Self {
        assert!(
            !RUNNING.replace(true),
            "`wasi::block_on` is running already: wait with `embed` in a coroutine that it polls"
        );
        Self(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.set(false);
    }
}

fn must_run() {
    assert!(
        RUNNING.get(),
        "a future of `bysyncify::wasi` was polled outside `wasi::block_on`, so nobody would wake it"
    );
}
