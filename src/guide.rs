//! A guide: how this works, and how to work with it.
//!
//! | | |
//! |---|---|
//! | [`how_it_works`] | what happens when code waits, and what a stack with two ends is |
//! | [`stack_size`] | choosing one, measuring, and what happens if it is too small |
//! | [`executors`] | who polls coroutines; and why not `block_on` |
//! | [`streams_and_io`] | streams, generators, files, timeouts |
//! | [`cookbook`] | whole programs: SQLite over HTTP, templates that fetch, JavaScript that waits |
//! | [`backtraces`] | where a coroutine waits: its stack, with files and lines; and all of them in a deadlock |
//! | [`native`] | the same program without WebAssembly: what is the same there, and what differs |
//! | [`tools`] | wasm-bindgen, wasm-pack, trunk, WASI, components |
//! | [`support`] | targets, features, versions |
//! | [`limits`] | what cannot be done, and when to use JSPI or something else |
//! | [`promises`] | what cannot happen, and the test that shows it |
//! | [`errors`] | every message of a program that runs, ours and those of others: cause and remedy |
//! | [`build_errors`] | the same for what the linker and cargo say |
//!
//! These modules exist in the documentation only. Whole programs are in the repository's `examples`.

/// Links to the chapters in the documentation. In the repository they lead to files: rustdoc takes the first of
/// two definitions of a link.
macro_rules! links {
    () => {
        concat!(
            "[how-it-works]: crate::guide::how_it_works\n",
            "[stack-size]: crate::guide::stack_size\n",
            "[executors]: crate::guide::executors\n",
            "[streams-and-io]: crate::guide::streams_and_io\n",
            "[cookbook]: crate::guide::cookbook\n",
            "[backtraces]: crate::guide::backtraces\n",
            "[native]: crate::guide::native\n",
            "[tools]: crate::guide::tools\n",
            "[support]: crate::guide::support\n",
            "[limits]: crate::guide::limits\n",
            "[promises]: crate::guide::promises\n",
            "[errors]: crate::guide::errors\n",
            "[build-errors]: crate::guide::build_errors\n",
        )
    };
}

#[doc = links!()]
#[doc = include_str!("../docs/how-it-works.md")]
pub mod how_it_works {}

#[cfg(feature = "alloc")]
#[doc = links!()]
#[doc = include_str!("../docs/stack-size.md")]
pub mod stack_size {}

#[cfg(feature = "alloc")]
#[doc = links!()]
#[doc = include_str!("../docs/executors.md")]
pub mod executors {}

#[cfg(feature = "alloc")]
#[doc = links!()]
#[doc = include_str!("../docs/streams-and-io.md")]
pub mod streams_and_io {}

#[doc = links!()]
#[doc = include_str!("../docs/cookbook.md")]
pub mod cookbook {}

#[cfg(feature = "alloc")]
#[doc = links!()]
#[doc = include_str!("../docs/backtraces.md")]
pub mod backtraces {}

#[cfg(feature = "alloc")]
#[doc = links!()]
#[doc = include_str!("../docs/native.md")]
pub mod native {}

#[doc = links!()]
#[doc = include_str!("../docs/tools.md")]
pub mod tools {}

#[cfg(feature = "alloc")]
#[doc = links!()]
#[doc = include_str!("../docs/support.md")]
pub mod support {}

#[doc = links!()]
#[doc = include_str!("../docs/limits.md")]
pub mod limits {}

#[doc = links!()]
#[doc = include_str!("../docs/promises.md")]
pub mod promises {}

#[doc = links!()]
#[doc = include_str!("../docs/errors.md")]
pub mod errors {}

#[doc = links!()]
#[doc = include_str!("../docs/build-errors.md")]
pub mod build_errors {}
