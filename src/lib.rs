// Rustdoc takes the first of two definitions of a link: in the repository the README's links lead to files.
//! [how-it-works]: guide::how_it_works
//! [executors]: guide::executors
//! [streams-and-io]: guide::streams_and_io
//! [stack-size]: guide::stack_size
//! [cookbook]: guide::cookbook
//! [backtraces]: guide::backtraces
//! [native]: guide::native
//! [tools]: guide::tools
//! [support]: guide::support
//! [limits]: guide::limits
//! [promises]: guide::promises
//! [errors]: guide::errors
//! [build-errors]: guide::build_errors
//! [changes]: https://docs.rs/crate/bysyncify/latest/source/CHANGELOG.md
//! [`embed()`]: embed()
//! [`try_embed`]: try_embed()
//! [`stack_left`]: stack_left()
//! [`Cancelled`]: EmbedError::Cancelled
//!
#![doc = include_str!("../README.md")]
#![no_std]
#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_alloc, clippy::std_instead_of_core)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "alloc", bysyncify_std))]
extern crate alloc;
// Native programs that can run coroutines have `std`, whether or not the feature asks for it.
#[cfg(bysyncify_std)]
extern crate std;

// Layouts that the build script's object and `raw` must agree on.
#[path = "../build/abi.rs"]
#[allow(dead_code, reason = "the build script uses the rest")]
mod abi;

#[cfg(feature = "alloc")]
mod backtrace;
mod body;
#[cfg(feature = "alloc")]
mod dump;
mod embed;
mod handle;
#[cfg(any(feature = "std", feature = "embedded-io"))]
pub mod io;
pub mod raw;
mod raw_coroutine;
mod stack_left;
mod stream_iter;
// Documented on all targets.
#[cfg(all(feature = "wasi", any(doc, all(target_os = "wasi", not(target_feature = "atomics")))))]
pub mod wasi;

#[cfg(feature = "alloc")]
mod coroutine;
#[cfg(feature = "alloc")]
mod generator;
#[cfg(feature = "alloc")]
mod memory;
#[cfg(feature = "alloc")]
mod named;
#[cfg(feature = "alloc")]
mod stack;

#[cfg(any(feature = "awaiter-trait", feature = "awaiter-trait-01"))]
mod awaiter;

// Backtraces of coroutines.
#[cfg(feature = "alloc")]
pub use backtrace::{Backtrace, BacktraceFrame, BacktraceStatus};
#[cfg(feature = "alloc")]
pub use dump::{CoroutineState, Dump, NamedCoroutine, current_name, dump};

// Coroutines, and waiting in them.
#[cfg(feature = "alloc")]
pub use coroutine::{BoxCoroutine, Coroutine};
#[doc(no_inline)]
pub use embed::EmbedError::Cancelled;
pub use embed::{EmbedError, can_embed, embed, try_embed};
pub use handle::CoreHandle;

// Streams and generators.
#[cfg(feature = "alloc")]
pub use generator::{AsyncGenerator, BoxAsyncGenerator, BoxGenerator, Generator, Yielder};
pub use stream_iter::{StreamIter, TryStreamIter, iter, try_iter};

// Stacks.
pub use raw::layout::{DEFAULT_STACK_SIZE, MIN_STACK_SIZE, StackUsage};
pub use raw_coroutine::abandoned_coroutines;
#[cfg(feature = "alloc")]
pub use stack::Stack;
pub use stack_left::stack_left;

#[cfg(all(feature = "alloc", feature = "awaiter-trait"))]
pub use awaiter::CoroutineMarker;

// Items that are documented in `raw`, under the names that they had in 0.2.
#[cfg(feature = "alloc")]
#[doc(hidden)]
pub use raw::Core;
#[doc(hidden)]
pub use raw::{
    RawCore, RawCoreHandle, RawCoroutine, RawStack, State, get_state, start_rewind, start_unwind,
    stop_rewind, stop_unwind,
};

#[cfg(all(test, feature = "alloc"))]
mod catalogue;

// Documentation only.
#[cfg(any(doc, doctest))]
pub mod guide;
