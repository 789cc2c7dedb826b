//! Reads several `.tar.gz` files at once: synchronous crates over asynchronous host reads.
//!
//! This file is the program: what the host calls (or, natively, `main`), and the executor that runs one
//! coroutine for each archive. `pipeline` is the synchronous code, `reader` is where it waits, `host` is what
//! it waits for.

#![allow(
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    reason = "an ordinary program, unlike the library"
)]

mod content;
mod host;
mod json;
mod pipeline;
mod reader;
mod report;

#[cfg(target_family = "wasm")]
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::{Pin, pin};

use bysyncify::{Coroutine, Stack};
use futures_executor::LocalPool;
use futures_util::stream::{self, StreamExt};
#[cfg(target_family = "wasm")]
use futures_util::task::LocalSpawnExt;

use crate::report::{Failure, Report};

/// How many archives are open at the same time.
const AT_ONCE: usize = 8;

/// The memory of one coroutine.
///
/// Measured with `--high-water`: at most 39 008 bytes for the 110 crates that a machine which had built this workspace
/// had downloaded, nearly all of it while `flate2` makes its decompressor; 50 064 bytes for JSON nested as deep as
/// `serde_json` allows (test.mjs). This is five times that, and enough for a build without optimisation, which took 169
/// 456.
const STACK_SIZE: usize = 256 * 1024;

#[cfg(target_family = "wasm")]
thread_local! {
    static POOL: RefCell<LocalPool> = RefCell::new(LocalPool::new());
}

/// The native program. In WebAssembly the host calls `start` instead.
fn main() {
    #[cfg(not(target_family = "wasm"))]
    {
        let (paths, measure) = host::arguments();
        LocalPool::new().run_until(read_all(paths, measure));
    }
}

/// Called once by the host. `measure` is 1 to measure how much stack is used.
///
/// Like [`complete`] it returns as soon as everything waits for the host.
#[cfg(target_family = "wasm")]
#[unsafe(no_mangle)]
pub extern "C" fn start(measure: u32) {
    host::report_panics();
    let jobs = read_all(host::arguments(), measure != 0);
    POOL.with_borrow_mut(|pool| {
        pool.spawner().spawn_local(jobs).expect("the pool lives as long as the program");
        pool.run_until_stalled();
    });
}

/// Called by the host when the request `id` has ended: see `host`.
#[cfg(target_family = "wasm")]
#[unsafe(no_mangle)]
pub extern "C" fn complete(id: u32, status: i32) {
    host::complete(id, status);
    POOL.with_borrow_mut(LocalPool::run_until_stalled);
}

/// Reads the archives, [`AT_ONCE`] of them at a time, and reports them in their order.
async fn read_all(paths: Vec<String>, measure: bool) {
    let jobs = (0..).zip(paths).map(|(index, path)| async move {
        (index, read_one(index, &path, measure).await.map_err(|failure| failure.at(&path)))
    });
    let mut results = pin!(stream::iter(jobs).buffered(AT_ONCE));
    let mut failed = 0;
    while let Some((index, result)) = results.next().await {
        failed += u32::from(result.is_err());
        host::report(index, &result.map(|report| report.to_string()));
    }
    host::finish(failed);
}

/// Reads one archive in a coroutine of its own, and counts how often that is suspended.
async fn read_one(index: u32, path: &str, measure: bool) -> Result<Report, Failure> {
    let stack = if measure { Stack::painted(STACK_SIZE) } else { Stack::new(STACK_SIZE) };
    let name = path.to_owned();
    let mut coroutine =
        Coroutine::with_stack(stack, move |handle| pipeline::read_archive(index, &name, handle));
    let mut suspends = 0;
    let (totals, reads) = poll_fn(|cx| {
        let poll = Pin::new(&mut coroutine).poll(cx);
        suspends += u32::from(poll.is_pending());
        poll
    })
    .await?;
    let high_water = coroutine.into_stack().ok().and_then(|stack| stack.high_water());
    Ok(Report { path: path.to_owned(), totals, reads, suspends, high_water })
}
