//! The traits of `awaiter-trait`, both versions, and the types that they are for.
//!
//! One implementation of that crate is left out: `UnsafeAwaiter` for `dyn DynAwaiterMut` calls
//! itself without end in 0.2.8.

mod by_all;

mod cores;
mod dynamic;
mod handles;
mod marker;
mod original;
