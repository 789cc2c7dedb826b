#![doc = include_str!("../README.md")]
//! # What is where
//!
//! Bytes go in and bytes come out: nothing here reads a file or the environment, or runs a program.
//!
//! ```text
//!                    transform            runs the passes, in order
//!      ┌─────────┬───────┴──┬───────────┐
//!    guard   exceptions  instrument   check       adds guards; prepares handlers;
//!      └────┬────┴──────────┘           │         rewrites functions; proves the result
//!        analysis ◄─────────────────────┘         which functions can be suspended, and in which calls
//! ```
//!
//! If engines switch stacks themselves, `continuations` replaces `exceptions`, `instrument` and `check`.
//!
//! `initialisers` finds where guards must check, from what `instrument` says of calls.
//!
//! [`transform()`] runs all of it, [`Prepared`] the same in steps. [`analyse()`] only returns what would be
//! instrumented, and why. [`stack_bounds`] knows how much stack is enough for coroutines that are not recursive.

#![forbid(unsafe_code)]

mod abi;
pub mod analysis;
mod assumptions;
mod bare;
mod check;
mod continuations;
mod debug;
mod error;
mod exceptions;
mod findings;
mod guard;
mod initialisers;
mod inline;
mod instrument;
pub mod module;
mod options;
mod output;
mod parameters;
mod provide;
mod refusal;
mod remedy;
mod resumption;
pub mod stack_bounds;
mod symbols;
mod transform;
mod uninstrumented;
pub mod warnings;

pub use bare::bare;
pub use error::Error;
pub use findings::{Findings, analyse};
pub use options::{Compact, FrameMemory, Lowering, Options, Producer, StateGlobals};
pub use output::{Guarded, Output};
pub use refusal::check_names;
pub use remedy::Remedy;
pub use resumption::Resumption;
pub use transform::{Prepared, guarded_for_binaryen, transform};
