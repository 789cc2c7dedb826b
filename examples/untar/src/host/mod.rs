//! The interface to the host: files that are read while the program does something else.
//!
//! In WebAssembly the host reads them (`imports.rs`), and natively threads do (`threads.rs`).

#[cfg_attr(target_family = "wasm", path = "imports.rs")]
#[cfg_attr(not(target_family = "wasm"), path = "threads.rs")]
mod implementation;

pub(crate) use implementation::*;
