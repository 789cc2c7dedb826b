//! What the program gets from where it runs: files that are read while it does something else.
//!
//! In WebAssembly that is the host's (`imports.rs`). Natively threads read (`threads.rs`).

#[cfg_attr(target_family = "wasm", path = "imports.rs")]
#[cfg_attr(not(target_family = "wasm"), path = "threads.rs")]
mod implementation;

pub(crate) use implementation::*;
