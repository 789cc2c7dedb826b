//! An executor for command-line programs under WASI: [`block_on`], [`sleep`], and waiting for streams.
//!
//! A program for WASI has its thread for itself, and no event loop below it. Somebody has to poll its
//! coroutines, and to give the thread back to the host while all of them wait. That is `block_on`:
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
//! For several coroutines at once give it a future that polls all of them, such as `join!` or
//! `FuturesUnordered` of the crate `futures`, or `LocalExecutor::run` of `async-executor`.
//!
//! ```text
//!   block_on ──▶ poll the future ──▶ Pending, and nobody has woken it
//!      ▲                                  │
//!      │                                  ▼
//!   wake who is due ◀── the host waits for the first timer, or for a stream (`poll_oneoff`)
//! ```
//!
//! Feature `wasi`, and only on targets of WASI without threads: `wasm32-wasip1` and `wasm32-wasip2`.
//! On others the feature adds nothing.

mod block_on;
mod host;
mod readiness;
mod sleep;
mod waits;

pub use block_on::block_on;
pub use readiness::{Ready, readable, writable};
pub use sleep::{Sleep, sleep};
