//! The traits of `awaiter-trait`, in both versions, and the types that implement them.
//!
//! One implementation of that crate is left out: in 0.2.8, `UnsafeAwaiter` for `dyn DynAwaiterMut` calls itself
//! endlessly.

mod by_all;

mod cores;
mod dynamic;
mod handles;
mod marker;
mod original;
