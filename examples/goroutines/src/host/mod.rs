//! What the program gets from where it runs: the time, and being called when time has passed.

#[cfg_attr(target_os = "wasi", path = "wasi.rs")]
#[cfg_attr(not(target_os = "wasi"), path = "events.rs")]
mod implementation;

pub(crate) use implementation::{argument, now, run, say};

/// The size of the memory, in bytes. It grows and never shrinks.
pub(crate) fn memory() -> usize {
    core::arch::wasm32::memory_size(0) * 65536
}

/// Everybody waits, and nobody sleeps.
fn deadlock() -> ! {
    panic!("all tasks wait for each other: a deadlock")
}
