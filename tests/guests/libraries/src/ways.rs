//! The ways to pass a file to code that knows nothing of waiting.

use std::fmt::Debug;
use std::io::{BufRead, BufReader, BufWriter, Cursor, Seek, Write};

use bysyncify::Coroutine;
use bysyncify::io::{FuturesIo, RangeReader, TokioIo};
use guest_support::{after_one_poll, run};

use crate::STACK;
use crate::file::File;

/// The traits that these crates read from. Not a type parameter, so that each crate is compiled only once.
pub(crate) trait Input: BufRead + Seek {}
impl<T: BufRead + Seek> Input for T {}

/// The traits that these crates write to.
pub(crate) trait Output: Write + Seek {}
impl<T: Write + Seek> Output for T {}

/// The file in memory, which never waits.
pub(crate) fn in_memory(bytes: &[u8]) -> Box<dyn Input + '_> {
    Box::new(Cursor::new(bytes))
}

/// How much is read at once, and how much is read ahead. The crates are suspended where these end, which is in the
/// middle of a number, of a header or of a block.
const SIZES: [(usize, usize); 6] =
    [(1, 1), (7, 64), (1, 8192), (511, 512), (513, 512), (usize::MAX, 8192)];

/// The file, through each kind of asynchronous reader.
fn inputs(bytes: &'static [u8]) -> Vec<(String, Box<dyn Input>)> {
    let mut inputs: Vec<(String, Box<dyn Input>)> = Vec::new();
    for (step, ahead) in SIZES {
        let file = File::new(bytes, step);
        let futures = BufReader::with_capacity(ahead, FuturesIo::new(file.clone()));
        inputs.push((format!("futures-io, {step} at once, {ahead} ahead"), Box::new(futures)));
        let tokio = BufReader::with_capacity(ahead, TokioIo::new(File::new(bytes, step)));
        inputs.push((format!("tokio, {step} at once, {ahead} ahead"), Box::new(tokio)));
    }
    for size in [100, 4096] {
        let ranges = RangeReader::with_blocks(bytes.len() as u64, size, 2, async |range| {
            after_one_poll(()).await;
            Ok(&bytes[range.start as usize..range.end as usize])
        });
        inputs.push((format!("blocks of {size}"), Box::new(ranges)));
    }
    inputs
}

/// Asserts that reading the bytes in each way has the same result as in memory. Returns the result.
pub(crate) fn read_in_all_ways<T: PartialEq + Debug + 'static>(
    bytes: &'static [u8],
    read: fn(Box<dyn Input>) -> T,
) -> T {
    let expected = read(in_memory(bytes));
    for (way, input) in inputs(bytes) {
        let (polls, got) = run(Coroutine::new(STACK, move |_| read(input)));
        assert!(polls > 1, "{way}: it was never suspended");
        // Not `assert_eq`, which would print the whole file.
        assert!(got == expected, "{way}: it is another than in memory");
    }
    expected
}

/// Asserts that writing to a file in each way has the same result as in memory. Returns the result.
pub(crate) fn write_in_all_ways(write: fn(&mut dyn Output)) -> Vec<u8> {
    let mut expected = Cursor::new(Vec::new());
    write(&mut expected);
    let expected = expected.into_inner();
    for (step, behind) in SIZES {
        let file = File::new(&[], step);
        let mut output = BufWriter::with_capacity(behind, FuturesIo::new(file.clone()));
        let (polls, ()) = run(Coroutine::new(STACK, move |_| {
            write(&mut output);
            output.flush().expect("a file in memory");
        }));
        assert!(polls > 1, "{step} at once, {behind} behind: it was never suspended");
        assert!(file.bytes() == expected, "{step} at once, {behind} behind: it is another file");
    }
    expected
}
