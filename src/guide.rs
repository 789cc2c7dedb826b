//! A guide: how this works, and how to work with it.
//!
//! | | |
//! |---|---|
//! | [`how_it_works`] | what happens when code waits, and what a stack with two ends is |
//! | [`stack_size`] | choosing one, measuring, and what happens if it is too small |
//! | [`executors`] | who polls coroutines; and why not `block_on` |
//! | [`streams_and_io`] | streams, generators, files, timeouts |
//! | [`native`] | the same program without WebAssembly: what is the same there, and what differs |
//! | [`tools`] | wasm-bindgen, wasm-pack, trunk, WASI, components |
//! | [`limits`] | what cannot be done, and when to use JSPI or something else |
//! | [`errors`] | every message of a program that runs, ours and those of others: cause and remedy |
//! | [`build_errors`] | the same for what the linker and cargo say |
//!
//! These modules exist in the documentation only. Whole programs are in the repository's `examples`.

#[doc = include_str!("../docs/how-it-works.md")]
pub mod how_it_works {}

#[cfg(feature = "alloc")]
#[doc = include_str!("../docs/stack-size.md")]
pub mod stack_size {}

#[cfg(feature = "alloc")]
#[doc = include_str!("../docs/executors.md")]
pub mod executors {}

#[cfg(feature = "alloc")]
#[doc = include_str!("../docs/streams-and-io.md")]
pub mod streams_and_io {}

#[cfg(feature = "alloc")]
#[doc = include_str!("../docs/native.md")]
pub mod native {}

#[doc = include_str!("../docs/tools.md")]
pub mod tools {}

#[doc = include_str!("../docs/limits.md")]
pub mod limits {}

#[doc = include_str!("../docs/errors.md")]
pub mod errors {}

#[doc = include_str!("../docs/build-errors.md")]
pub mod build_errors {}
