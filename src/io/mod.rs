//! Synchronous I/O over asynchronous I/O.
//!
//! | over | with the traits of | feature |
//! |---|---|---|
//! | `futures-io` | `std::io`: `FuturesIo` | `futures-io` |
//! | tokio | `std::io`: `TokioIo` | `tokio` |
//! | `embedded-io-async` | `embedded-io`: `EmbeddedIo`, `EmbeddedBufReader` | `embedded-io` |
//! | an `async` function that fetches a range of bytes | `std::io`: `RangeReader` | `std` |
//!
//! Each call waits in the innermost running coroutine, as [`embed`](crate::embed()) does.
//!
//! The adapters have no buffer: `BufReader` and `BufWriter` of `std` add one, and large reads bypass that of the
//! former. Only `RangeReader` has a cache of its own, which is its purpose.

#[cfg(feature = "embedded-io")]
mod embedded_buffer;
#[cfg(feature = "embedded-io")]
mod over_embedded;

#[cfg(feature = "std")]
mod error;
#[cfg(feature = "futures-io")]
mod over_futures;
#[cfg(feature = "tokio")]
mod over_tokio;
#[cfg(feature = "std")]
mod range_cache;
#[cfg(feature = "std")]
mod range_reader;
#[cfg(any(feature = "futures-io", feature = "tokio"))]
mod wait;

#[cfg(feature = "embedded-io")]
pub use embedded_buffer::EmbeddedBufReader;
#[cfg(feature = "embedded-io")]
pub use over_embedded::{EmbeddedIo, EmbeddedIoError};
#[cfg(feature = "futures-io")]
pub use over_futures::FuturesIo;
#[cfg(feature = "tokio")]
pub use over_tokio::TokioIo;
#[cfg(feature = "std")]
pub use range_reader::{Fetched, RangeReader};
