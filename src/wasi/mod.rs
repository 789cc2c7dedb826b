//! An executor for command-line programs under WASI: [`block_on`], [`sleep`], and waiting for streams.
//!
//! A WASI program has its thread for itself, and no event loop below it. It has to poll its coroutines by itself,
//! and to return the thread to the host while all of them wait. `block_on` does both:
//!
//! ```no_run
//! use bysyncify::{Coroutine, embed, wasi};
//! use std::time::Duration;
//!
//! fn main() {
//!     wasi::block_on(Coroutine::with_default_stack(|_| {
//!         for second in 0..3 {
//!             println!("{second}");
//!             embed(wasi::sleep(Duration::from_secs(1)));
//!         }
//!     }));
//! }
//! ```
//!
//! To run several coroutines at once, pass a future that polls all of them, such as `join!` or `FuturesUnordered`
//! of the crate `futures`, or `LocalExecutor::run` of `async-executor`.
//!
//! ```text
//!   block_on ──▶ poll the future ──▶ Pending, and it was not woken
//!      ▲                                  │
//!      │                                  ▼
//!   wake what is due ◀── the host waits for the first timer, or for a stream (`poll_oneoff`)
//! ```
//!
//! Feature `wasi`, and only on WASI targets without threads: `wasm32-wasip1` and `wasm32-wasip2`. On other targets
//! the feature adds nothing.

mod block_on;
mod host;
mod readiness;
mod sleep;
mod waits;

pub use block_on::block_on;
pub use readiness::{Ready, readable, writable};
pub use sleep::{Sleep, sleep};
