//! Reading what is there already: through an adapter, and without.
//!
//! The source is a slice, which `std`, `futures-io` and tokio all have their traits for, and which is
//! always ready. So the adapters do all that they ever do but suspend.
//!
//! A module of its own: what else is in one changes how the optimiser treats the rest.

use std::hint::black_box;
use std::io::{BufReader, Read};
use std::pin::pin;
use std::process::abort;
use std::task::{Context, Waker};

use bysyncify::Coroutine;
use bysyncify::io::{FuturesIo, TokioIo};

/// All that there is; then it is read again.
static SOURCE: [u8; 1024 * 1024] = [0; 1024 * 1024];

const LARGE: usize = 64 * 1024;
const SMALL: usize = 16;

/// Fills the buffer `count` times, or begins anew where nothing is left.
fn read<R: Read>(mut make: impl FnMut(&'static [u8]) -> R, count: u32, buffer: &mut [u8]) {
    let mut reader = make(black_box(&SOURCE));
    for _ in 0..count {
        if !matches!(reader.read(black_box(&mut *buffer)), Ok(len) if len == buffer.len()) {
            reader = make(black_box(&SOURCE));
        }
    }
}

/// The same in a coroutine, which is not suspended.
fn read_inside<R: Read + 'static>(make: fn(&'static [u8]) -> R, count: u32, len: usize) {
    let coroutine = Coroutine::new(64 * 1024, move |_| read(make, count, &mut vec![0; len]));
    if pin!(coroutine).poll(&mut Context::from_waker(Waker::noop())).is_pending() {
        abort();
    }
}

/// 64 KiB at once, directly.
#[unsafe(export_name = "bench read_slice")]
extern "C" fn slice(_: u32, count: u32) {
    read(|slice| slice, count, &mut vec![0; LARGE]);
}

/// 64 KiB at once, by `futures-io`.
#[unsafe(export_name = "bench read_futures")]
extern "C" fn futures(_: u32, count: u32) {
    read_inside(FuturesIo::reader, count, LARGE);
}

/// 64 KiB at once, by tokio's traits.
#[unsafe(export_name = "bench read_tokio")]
extern "C" fn tokio(_: u32, count: u32) {
    read_inside(TokioIo::reader, count, LARGE);
}

/// 16 bytes at once, from a buffer that is filled directly.
#[unsafe(export_name = "bench read_slice_small")]
extern "C" fn slice_small(_: u32, count: u32) {
    read(BufReader::new, count, &mut [0; SMALL]);
}

/// 16 bytes at once, from a buffer that is filled by `futures-io`.
#[unsafe(export_name = "bench read_futures_small")]
extern "C" fn futures_small(_: u32, count: u32) {
    read_inside(FuturesIo::reader, count, SMALL);
}
