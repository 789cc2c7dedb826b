//! Tests of the library alone, in every configuration.
//!
//! On the host, where coroutines are threads, tests about the memory of a coroutine's stack and about Asyncify are
//! left out.

mod backtraces;
mod basics;
mod drops;
// Which thread a coroutine belongs to is not known to who is a thread itself.
#[cfg(not(bysyncify_threads))]
mod dumps;
mod generators;
mod interleave;
#[cfg(target_family = "wasm")]
mod memory;
mod misuse;
mod nesting;
#[cfg(target_family = "wasm")]
mod overflow;
mod streams;
