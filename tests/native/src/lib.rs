//! Random schedules of coroutines, each compared with the same program as `async` blocks.
//!
//! A coroutine must do what an `async` block does: be polled as often, wake the same wakers, keep no waker alive that
//! an `async` block would not, and drop the same values in the same order, however it ends. So each random program is
//! interpreted in two ways, and each random schedule is run with both:
//!
//! ```text
//!   seed ─► program (Op) ─┬─► stackful: try_embed, embed, Coroutine, Generator ─┐
//!                         └─► stackless: .await, async blocks ──────────────────┤ the same trace
//!   seed ─► schedule: which task is polled with which waker, dropped, or woken ─┘
//! ```
//!
//! `cargo test` runs it natively. `cargo xtask test --only native` also runs it under AddressSanitizer, again with
//! threads as the switch (`src/raw/switch/threads.rs`), and in Miri. `BYSYNCIFY_SEEDS=from..to` runs other seeds, in
//! one process.
#![cfg(all(test, not(target_family = "wasm")))]

#[cfg(not(any(bysyncify_threads, miri)))]
mod in_panics;
mod program;
mod schedule;
mod stackful;
mod stackless;
#[cfg(all(unix, not(any(bysyncify_threads, miri))))]
mod stacks;
#[cfg(not(any(bysyncify_threads, miri)))]
mod tokio_threads;
mod world;

use std::env;
use std::process::Command;

/// The variable with the seeds to run in this process.
const SEEDS: &str = "BYSYNCIFY_SEEDS";
/// How many seeds a process runs: threads of forgotten coroutines stay until it ends.
const PER_PROCESS: u64 = 250;

fn in_this_process(seeds: &str) {
    let (from, to) = seeds.split_once("..").expect("BYSYNCIFY_SEEDS=from..to");
    let number = |text: &str| text.parse::<u64>().expect("BYSYNCIFY_SEEDS=from..to");
    for seed in number(from)..number(to) {
        schedule::compare(seed);
    }
}

#[test]
fn coroutines_do_what_async_blocks_do() {
    if let Ok(seeds) = env::var(SEEDS) {
        return in_this_process(&seeds);
    }
    for first in (0..3000).step_by(PER_PROCESS as usize) {
        let seeds = format!("{first}..{}", first + PER_PROCESS);
        let mut child = Command::new(env::current_exe().expect("this is a program"));
        child.args(["coroutines_do_what_async_blocks_do", "--exact", "--nocapture"]);
        child.env(SEEDS, &seeds);
        let output = child.output().expect("a program can be started twice");
        assert!(
            output.status.success(),
            "BYSYNCIFY_SEEDS={seeds}: {}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
