//! The functions that `twice.mjs` calls: the host continues after an uncaught panic, or after one of its own
//! exceptions has passed through a coroutine.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::hint::black_box;

use bysyncify::{CoreHandle, Coroutine, abandoned_coroutines, can_embed, embed, try_embed};
use guest_support::{after_polls, is_checked, log, poll_once, start};

use crate::caught;

type Task = Coroutine<fn(CoreHandle<'_>), ()>;

thread_local! {
    static TASKS: RefCell<Vec<Option<Task>>> = const { RefCell::new(Vec::new()) };
    static OTHERS: Cell<Vec<[u8; 1024]>> = const { Cell::new(Vec::new()) };
}

/// Optionally panics in a coroutine and catches that. Then panics again, uncaught.
// SAFETY: no other symbol has this name.
#[unsafe(export_name = "host panics")]
extern "C" fn panics(catches_first: u32) {
    start();
    OTHERS.set((0..64).map(|_| [0x11; 1024]).collect());
    let mut coroutine = Coroutine::new(32_768, move |_| {
        if catches_first == 1 {
            caught(|| panic!("caught"));
        }
        if can_embed() {
            panic!("not caught")
        }
    });
    let _ = poll_once(&mut coroutine);
}

/// The address of the stack.
// SAFETY: as above.
#[unsafe(export_name = "host here")]
extern "C" fn here() -> usize {
    black_box(&0_u8) as *const u8 as usize
}

/// How many bytes that `panics` has filled have changed, after a deep recursion.
// SAFETY: as above.
#[unsafe(export_name = "host changed")]
extern "C" fn changed(depth: u32) -> usize {
    deep(depth);
    let others = OTHERS.take();
    assert_eq!(others.len(), 64);
    others.iter().map(|other| other.iter().filter(|byte| **byte != 0x11).count()).sum()
}

struct Local;

impl Drop for Local {
    fn drop(&mut self) {
        log(&format!("local is dropped: {:?}", try_embed(after_polls(1, ()))));
    }
}

/// Waits, calls the host, and waits again.
fn call_host(_: CoreHandle<'_>) {
    let _local = Local;
    let array = black_box([7_u8; 256]);
    embed(after_polls(1, ()));
    is_checked();
    embed(after_polls(1, ()));
    log(&format!("array is intact: {}", black_box(&array) == &[7; 256]));
}

/// The same in the poll of a future that waits in the middle.
fn call_host_in_a_poll(_: CoreHandle<'_>) {
    let _local = Local;
    let array = black_box([7_u8; 256]);
    let message = caught(|| {
        embed(poll_fn(|_| {
            embed(after_polls(1, ()));
            is_checked();
            std::task::Poll::Ready(())
        }));
    });
    embed(after_polls(1, ()));
    log(&format!("caught: {message:?}; array is intact: {}", black_box(&array) == &[7; 256]));
}

/// Makes a task, and returns its number.
// SAFETY: as above.
#[unsafe(export_name = "host spawn")]
extern "C" fn spawn(in_a_poll: u32) -> usize {
    start();
    let code = if in_a_poll == 1 { call_host_in_a_poll } else { call_host };
    TASKS.with_borrow_mut(|tasks| {
        tasks.push(Some(Coroutine::new(65_536, code)));
        tasks.len() - 1
    })
}

/// Polls a task, which is removed from the list meanwhile: 0 if it is pending, 1 if it is ready, 2 if it is gone.
// SAFETY: as above.
#[unsafe(export_name = "host poll")]
extern "C-unwind" fn poll(task: usize) -> u32 {
    let Some(mut coroutine) = TASKS.with_borrow_mut(|tasks| tasks[task].take()) else { return 2 };
    if poll_once(&mut coroutine).is_ready() {
        return 1;
    }
    TASKS.with_borrow_mut(|tasks| tasks[task] = Some(coroutine));
    0
}

// SAFETY: as above.
#[unsafe(export_name = "host abandoned")]
extern "C" fn abandoned() -> usize {
    abandoned_coroutines()
}

// SAFETY: as above.
#[unsafe(export_name = "host can embed")]
extern "C" fn can_wait() -> u32 {
    u32::from(can_embed())
}

#[inline(never)]
fn deep(n: u32) -> u32 {
    let numbers = black_box([n; 64]);
    if n == 0 { 0 } else { deep(n - 1) + numbers[3] }
}
