//! Exceptions, and the code that runs while one propagates: panics that unwind are exceptions.
//!
//! WebAssembly has two kinds of instructions that catch them. A coroutine cannot be suspended in a legacy handler,
//! because a rewind cannot enter it without an exception. A standard handler gets an `exnref`, which can be kept;
//! but whether code may wait should not depend on the kind of exceptions that a program is built for. The code that
//! runs while an exception propagates is destructors. So
//!
//! - they run like calls of the host, with no coroutine current and on the host's stack ([`cleanups`] finds
//!   the calls, `guard` wraps them): a wait in one is an error;
//! - a legacy handler that does not rethrow is moved out of its `try` ([`hoist`]): code that runs after a
//!   panic was caught may wait, and LLVM leaves much of that in the handler.

mod cleanups;
mod hoist;
#[cfg(test)]
mod tests;

pub(crate) use cleanups::Cleanups;
pub(crate) use hoist::hoist;
