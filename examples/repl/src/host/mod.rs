//! The functions of the terminal or the page.
//!
//! In WebAssembly the host provides them (`imports.rs`), and natively the terminal (`terminal.rs`).

#[cfg_attr(target_family = "wasm", path = "imports.rs")]
#[cfg_attr(not(target_family = "wasm"), path = "terminal.rs")]
mod implementation;

#[cfg(not(target_family = "wasm"))]
pub(crate) use implementation::run;
pub(crate) use implementation::{Stopped, ask, fail, give_way, print, seconds, sleep};

/// The memory of a program. An interpreter calls itself for each level of the program that it interprets, and checks
/// how much of this is left.
const STACK_SIZE: usize = 1024 * 1024;
