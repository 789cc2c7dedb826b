//! Coroutines with executors, channels and waiters of other projects.
//!
//! The traces that these tests assert are in the order of events.

mod async_executor;
mod choice;
mod clock;
mod embassy;
// Code that itself switches stacks runs on a stack that the library does not know.
#[cfg(target_family = "wasm")]
mod foreign_stack;
mod local_pool;
mod nesting;
mod tokio_runtime;
mod waiters;
mod waker_changes;
mod waker_kinds;

use guest_support::{Trace, after_one_poll};

/// Enough for everything here, unoptimised.
const STACK: usize = 32 * 1024;

/// Synchronous code that waits in a loop, with an array whose address is taken.
fn count(name: &str, to: u32, trace: &Trace) -> u32 {
    let mut seen = [0; 8];
    for step in 0..to {
        seen[step as usize] = bysyncify::embed(after_one_poll(step + 1));
        trace.add(format!("{name}{step}"));
    }
    seen.iter().sum()
}
