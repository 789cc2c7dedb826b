//! The adapters between synchronous and asynchronous I/O, over files made for these tests.

mod embedded;
mod file;
mod flavours;
mod panics;
mod ranges;
mod traits;

use guest_support::random::Random;

/// Enough for everything here, unoptimised.
const STACK: usize = 128 * 1024;

/// Random bytes, the same each time.
fn bytes(len: usize) -> Vec<u8> {
    let mut random = Random::new(1);
    std::iter::repeat_with(|| random.bits() as u8).take(len).collect()
}
