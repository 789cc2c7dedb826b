//! Coroutines that yield: as an iterator, and as a stream.

mod iterator;
mod producer;
mod slot;
mod stream;
mod yielder;

pub use iterator::{BoxGenerator, Generator};
pub use stream::{AsyncGenerator, BoxAsyncGenerator};
pub use yielder::Yielder;
