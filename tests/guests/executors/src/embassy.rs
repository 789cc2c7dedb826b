//! `embassy-executor`: tasks are themselves linked into its queue, without allocation.

use std::sync::atomic::{AtomicBool, Ordering};

use bysyncify::{CoreHandle, Coroutine};
use embassy_executor::raw::{Executor, TaskStorage};
use guest_support::{Trace, tests};

use crate::clock::Clock;
use crate::{STACK, count};

static PENDED: AtomicBool = AtomicBool::new(false);

// SAFETY: this is how the executor asks for the function: see its documentation of the pender.
#[unsafe(export_name = "__pender")]
fn pender(_context: *mut ()) {
    PENDED.store(true, Ordering::Relaxed);
}

fn executor() -> &'static Executor {
    Box::leak(Box::new(Executor::new(core::ptr::null_mut())))
}

fn spawn<F: Future + 'static>(executor: &'static Executor, future: F) {
    let storage: &'static TaskStorage<F> = Box::leak(Box::new(TaskStorage::new()));
    executor.spawner().spawn(storage.spawn(|| future).unwrap());
}

/// Runs until nothing is left to do, and no alarm is set.
fn run_all(executor: &'static Executor, clock: &Clock) {
    loop {
        while PENDED.swap(false, Ordering::Relaxed) {
            // SAFETY: not called from within itself.
            unsafe { executor.poll() };
        }
        if !clock.advance() {
            return;
        }
    }
}

tests! {
    fn embassy_wakes_coroutines_by_timers() {
        let (trace, clock, executor) = (Trace::default(), Clock::default(), executor());
        for (name, ticks) in [("slow", 5), ("fast", 2)] {
            let (inside, clock) = (trace.clone(), clock.clone());
            spawn(executor, Coroutine::new(STACK, move |handle: CoreHandle<'_>| {
                inside.add(format!("{name} starts"));
                for _ in 0..3 {
                    let now = handle.embed(clock.after(ticks));
                    inside.add(format!("{name} at {now}"));
                }
            }));
        }
        assert_eq!(trace.take(), [""; 0]);
        run_all(executor, &clock);
        let all = ["slow starts", "fast starts", "fast at 2", "fast at 4", "slow at 5",
            "fast at 6", "slow at 10", "slow at 15"];
        let mut got = trace.take();
        got[..2].sort_by(|a, b| b.cmp(a)); // the order of these two is up to embassy
        assert_eq!(got, all);
    }

    fn embassy_runs_coroutines_that_wake_themselves() {
        let (trace, executor) = (Trace::default(), executor());
        for name in ["a", "b"] {
            let inside = trace.clone();
            spawn(executor, Coroutine::new(STACK, move |_| count(name, 2, &inside)));
        }
        run_all(executor, &Clock::default());
        let all = trace.take();
        assert_eq!((all.len(), all[0][1..] == all[1][1..]), (4, true), "{all:?}");
    }

    fn a_task_of_embassy_is_used_again_for_another_coroutine() {
        let (trace, executor) = (Trace::default(), executor());
        let task = |inside: Trace| Coroutine::new(STACK, move |_| count("a", 2, &inside));
        fn same<F: Future>(_: &F) -> &'static TaskStorage<F> {
            Box::leak(Box::new(TaskStorage::new()))
        }
        let first = task(trace.clone());
        let storage = same(&first);
        executor.spawner().spawn(storage.spawn(|| first).unwrap());
        assert!(storage.spawn(|| task(trace.clone())).is_err());
        run_all(executor, &Clock::default());
        executor.spawner().spawn(storage.spawn(|| task(trace.clone())).unwrap());
        run_all(executor, &Clock::default());
        assert_eq!(trace.take(), ["a0", "a1", "a0", "a1"]);
    }
}
