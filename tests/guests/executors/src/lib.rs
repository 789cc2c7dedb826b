//! Coroutines under executors, channels and waiters that nobody here wrote.
//!
//! The traces that these tests assert are in the order in which things happened.

mod async_executor;
mod choice;
mod clock;
mod embassy;
// What switches stacks by itself is not on the stack that the library knows.
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

/// Synchronous code that waits in the middle of a loop, with an array that has an address.
fn count(name: &str, to: u32, trace: &Trace) -> u32 {
    let mut seen = [0; 8];
    for step in 0..to {
        seen[step as usize] = bysyncify::embed(after_one_poll(step + 1));
        trace.add(format!("{name}{step}"));
    }
    seen.iter().sum()
}
