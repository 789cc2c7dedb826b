//! Exceptions, and what runs while one is on its way: panics that unwind are exceptions.
//!
//! WebAssembly has two kinds of instructions that catch them. A coroutine cannot be suspended in a
//! legacy handler, which is not entered again without an exception. The standard's leave an `exnref`,
//! and that can be kept; but what may wait should not depend on the kind of exceptions that a program
//! is built for. What runs while an exception is on its way are destructors. So
//!
//! - they run as the host does, with no coroutine current and on the host's stack ([`cleanups`] finds
//!   the calls, `guard` sees to that): whoever waits there is told that he cannot;
//! - a legacy handler that does not throw on is taken out of its `try` ([`hoist`]): what runs after a
//!   panic was caught may wait, and LLVM leaves much of that in the handler.

mod cleanups;
mod hoist;
#[cfg(test)]
mod tests;

pub(crate) use cleanups::Cleanups;
pub(crate) use hoist::hoist;
