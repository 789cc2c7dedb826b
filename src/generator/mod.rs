//! Coroutines that yield: as an iterator, and as a stream.

mod iterator;
mod producer;
mod stream;
mod yielder;

pub use iterator::Generator;
pub use stream::AsyncGenerator;
pub use yielder::Yielder;
