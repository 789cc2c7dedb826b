//! Programs without a line of unsafe code that have gone wrong, or could: each must end with the
//! right value, or with a message that says what was wrong.
//!
//! Nothing here is about how the crate does it. A file is a kind of program: what std assumes of
//! threads ([`lazy`], [`thread_locals`], [`locks`], [`park`]), what others assume of scopes
//! ([`scopes`]), stacks of any size ([`sizes`], [`overflow`], [`frames`], [`reserve`], [`deep_waits`]),
//! ends at odd times ([`ends`]), wakers that do things ([`wakers`]).

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
