#![doc = include_str!("../README.md")]
#![no_std]
#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_alloc, clippy::std_instead_of_core)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

// What the build script's object and `raw` must agree on.
#[path = "../build/abi.rs"]
#[allow(dead_code, reason = "the build script uses the rest")]
mod abi;

mod body;
mod embed;
mod handle;
#[cfg(any(feature = "std", feature = "embedded-io"))]
mod io;
mod raw;
mod raw_coroutine;
mod stack_left;
mod stream_iter;

#[cfg(feature = "alloc")]
mod coroutine;
#[cfg(feature = "alloc")]
mod generator;
#[cfg(feature = "alloc")]
mod stack;

#[cfg(any(feature = "awaiter-trait", feature = "awaiter-trait-01"))]
mod awaiter;

#[doc(no_inline)]
pub use embed::EmbedError::Cancelled;
pub use embed::{EmbedError, can_embed, embed, get_state, try_embed};
pub use handle::{CoreHandle, RawCoreHandle};
pub use raw::control_block::{Mark, RawCore, RawStack};
pub use raw::layout::{MIN_STACK_SIZE, StackUsage};
pub use raw::phase::State;
pub use raw::switch::{start_rewind, start_unwind, stop_rewind, stop_unwind};
pub use raw_coroutine::{RawCoroutine, abandoned_coroutines};
pub use stack_left::stack_left;
pub use stream_iter::{StreamIter, TryStreamIter, iter, try_iter};

#[cfg(all(feature = "alloc", feature = "awaiter-trait"))]
pub use awaiter::CoroutineMarker;
#[cfg(feature = "alloc")]
pub use coroutine::Coroutine;
#[cfg(feature = "alloc")]
pub use generator::{AsyncGenerator, Generator, Yielder};
#[cfg(feature = "alloc")]
pub use raw::owned_core::Core;
#[cfg(feature = "alloc")]
pub use stack::Stack;

#[cfg(feature = "futures-io")]
pub use io::FuturesIo;
#[cfg(feature = "std")]
pub use io::RangeReader;
#[cfg(feature = "tokio")]
pub use io::TokioIo;
#[cfg(feature = "embedded-io")]
pub use io::{EmbeddedBufReader, EmbeddedIo, EmbeddedIoError};

#[cfg(all(test, feature = "alloc"))]
mod catalogue;

// Documentation only.
#[cfg(any(doc, doctest))]
pub mod guide;
