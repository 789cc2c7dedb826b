//! Programs without unsafe code that have failed once, or could: each must end with the right value, or with a
//! message that says what was wrong.
//!
//! These tests do not depend on the crate's implementation. Each file has one kind of program: assumptions of std
//! about threads ([`lazy`], [`thread_locals`], [`locks`], [`park`]), assumptions of other crates about scopes
//! ([`scopes`]), stacks of any size ([`sizes`], [`overflow`], [`frames`], [`reserve`], [`deep_waits`]), ends at odd
//! times ([`ends`]), wakers that run code ([`wakers`]).

mod deep_waits;
mod ends;
mod frames;
mod interleaved;
mod lazy;
mod locks;
mod overflow;
mod park;
mod reserve;
mod scopes;
mod sizes;
mod thread_locals;
mod wakers;
