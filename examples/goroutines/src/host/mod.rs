//! What the program gets from where it runs: the time, and being called when time has passed.

// Where there is no event loop to return to: WASI, and the host itself.
#[cfg_attr(any(target_os = "wasi", not(target_family = "wasm")), path = "sleeps.rs")]
#[cfg_attr(all(target_family = "wasm", not(target_os = "wasi")), path = "events.rs")]
mod implementation;

pub(crate) use implementation::{argument, is_to_dump, now, run, say};

/// The size of the memory, in bytes. It grows and never shrinks.
#[cfg(target_family = "wasm")]
pub(crate) fn memory() -> usize {
    core::arch::wasm32::memory_size(0) * 65536
}

/// The most that was in memory so far, in bytes; 0 if the system does not say so.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<usize>().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// Everybody waits, and nobody sleeps.
fn deadlock() -> ! {
    for line in bysyncify::dump().to_string().lines() {
        say(line);
    }
    panic!("all tasks wait for each other: a deadlock")
}
