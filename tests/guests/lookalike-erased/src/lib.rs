//! A type that was erased by hand: a table with destructor, size, alignment and function, as in popular crates, and a
//! pointer beside it.
//!
//! The table is a promoted constant, so it looks exactly like a vtable. It is moved as a whole into a struct and
//! called there.

use bysyncify::{Coroutine, embed};
use guest_support::{after_polls, run, tests};
use std::any::Any;
use std::hint::black_box;

#[derive(Clone, Copy)]
#[repr(C)]
struct Table {
    drop: Option<fn(&mut Task)>,
    size: usize,
    align: usize,
    run: fn(&mut Task, u64) -> Box<u64>,
}

struct Task {
    state: Box<dyn Any>,
    calls: u32,
    table: Table,
}

#[inline(never)]
fn waits(task: &mut Task, n: u64) -> Box<u64> {
    embed(after_polls(1, ()));
    task.calls += 1;
    Box::new(n + task.state.downcast_ref::<u64>().copied().unwrap_or(0))
}

#[inline(never)]
fn adds(task: &mut Task, n: u64) -> Box<u64> {
    task.calls += 1;
    Box::new(n + 1)
}

fn closes(task: &mut Task) {
    embed(after_polls(1, ()));
    task.calls += 100;
}

#[inline(never)]
fn table(which: u32) -> &'static Table {
    match which {
        0 => &Table { drop: Some(closes), size: 8, align: 8, run: waits },
        1 => &Table { drop: None, size: 8, align: 8, run: waits },
        _ => &Table { drop: None, size: 16, align: 8, run: adds },
    }
}

#[inline(never)]
fn twice(task: &mut Task) -> u64 {
    let mut first = (task.table.run)(task, 10);
    *first += 1;
    let second = (task.table.run)(task, *first);
    *first + *second
}

fn use_task(which: u32) -> (u64, u32) {
    let table = *table(black_box(which));
    let mut task = Task { state: Box::new(black_box(5_u64)), calls: 0, table };
    black_box((table.size, table.align));
    let sum = twice(black_box(&mut task));
    if let Some(drop) = task.table.drop {
        drop(&mut task);
    }
    (sum, task.calls)
}

tests! {
    fn a_task_that_waits_and_closes() {
        assert_eq!(run(Coroutine::new(65536, |_| use_task(0))), (4, (37, 102)));
    }

    fn a_task_that_waits() {
        assert_eq!(run(Coroutine::new(65536, |_| use_task(1))), (3, (37, 2)));
    }

    fn a_task_that_does_not() {
        assert_eq!(run(Coroutine::new(65536, |_| use_task(2))), (1, (25, 2)));
    }
}
