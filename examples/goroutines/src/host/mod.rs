//! The interface to the host: the time, and a call when some time has passed.

// Where there is no event loop to return to: WASI, and native programs.
#[cfg_attr(any(target_os = "wasi", not(target_family = "wasm")), path = "sleeps.rs")]
#[cfg_attr(all(target_family = "wasm", not(target_os = "wasi")), path = "events.rs")]
mod implementation;

pub(crate) use implementation::{argument, is_to_dump, now, run, say};

/// The size of the memory, in bytes. It grows and never shrinks.
#[cfg(target_family = "wasm")]
pub(crate) fn memory() -> usize {
    core::arch::wasm32::memory_size(0) * 65536
}

/// The peak size of the process's memory, in bytes; 0 if the system does not report it.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<usize>().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// Ends the program: all tasks wait, and none of them sleeps.
fn deadlock() -> ! {
    for line in bysyncify::dump().to_string().lines() {
        say(line);
    }
    panic!("all tasks wait for each other: a deadlock")
}
