//! Exceptions, and what runs while one is on its way: panics that unwind are exceptions.
//!
//! WebAssembly has two kinds of instructions that catch them. Neither lets a coroutine be suspended
//! while an exception is on its way: a legacy handler cannot be entered again without it, and the
//! `exnref` that the standard's leave cannot be written to memory. What runs then are destructors.
//! So
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
