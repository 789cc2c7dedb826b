//! Reading and seeking in what can only be fetched, a range of bytes at a time.

use alloc::format;
use core::fmt;
use core::ops::Range;
use std::io::{self, BufRead, Read, Seek, SeekFrom};

use super::blocks::Blocks;
use crate::embed::try_embed;

/// The size of a block, unless another is asked for.
const BLOCK_SIZE: usize = 64 * 1024;

/// How many are kept, unless another number is asked for.
const BLOCKS: usize = 16;

/// Something of a known length of which any range of bytes can be fetched, a file on a server for
/// instance, as [`Read`], [`Seek`] and [`BufRead`].
///
/// It fetches whole blocks, waits for each in the innermost running coroutine, and keeps those that
/// were used last. So little is fetched for code that needs little and jumps to and fro: a reader of
/// zip archives the directory, at the end, and the entries that are asked for. A read of a block or
/// more, of what is not there yet, is fetched at once and not kept.
///
/// `fetch` is given a range, which is never empty and never goes beyond the length, and returns its
/// bytes: a `Vec<u8>`, or whatever else they come in.
///
/// ```no_run
/// use bysyncify::Coroutine;
/// use bysyncify::io::RangeReader;
/// use std::io::{self, Read, Seek, SeekFrom};
/// use std::ops::Range;
/// # async fn get(url: &str, bytes: Range<u64>) -> io::Result<Vec<u8>> { Ok(Vec::new()) }
///
/// /// The last eight bytes: one block is fetched.
/// async fn footer(url: String, len: u64) -> io::Result<[u8; 8]> {
///     Coroutine::with_default_stack(move |_| {
///         let mut file = RangeReader::new(len, async |bytes| get(&url, bytes).await);
///         let mut footer = [0; 8];
///         file.seek(SeekFrom::End(-8))?;
///         file.read_exact(&mut footer)?;
///         Ok(footer)
///     })
///     .await
/// }
/// ```
///
/// # Errors
///
/// Those of `fetch`; one of kind [`InvalidData`](io::ErrorKind::InvalidData) if that returns fewer
/// bytes or more (a server that takes no notice of ranges sends all there are); and an
/// [`EmbedError`](crate::EmbedError) as for any other wait, which
/// [`EmbedError::cause_of`](crate::EmbedError::cause_of) finds. After an error it is where it was.
pub struct RangeReader<F, B> {
    fetch: F,
    len: u64,
    position: u64,
    block_size: usize,
    blocks: Blocks<B>,
}

impl<F, B> RangeReader<F, B>
where
    F: AsyncFnMut(Range<u64>) -> io::Result<B>,
    B: AsRef<[u8]>,
{
    /// Reads what is `len` bytes long, in blocks of 64 KiB of which it keeps 16.
    pub fn new(len: u64, fetch: F) -> Self {
        Self::with_blocks(len, BLOCK_SIZE, BLOCKS, fetch)
    }

    /// Reads in blocks of `block_size` bytes, and keeps as many as `blocks`.
    ///
    /// # Panics
    ///
    /// Panics if either is 0.
    #[track_caller]
    pub fn with_blocks(len: u64, block_size: usize, blocks: usize, fetch: F) -> Self {
        assert!(block_size != 0, "a block of 0 bytes has nothing to read");
        assert!(blocks != 0, "with 0 blocks there is none to read from");
        Self { fetch, len, position: 0, block_size, blocks: Blocks::new(blocks) }
    }

    /// Fetches `len` bytes from `start` on, or as many as there are.
    fn fetch(&mut self, start: u64, len: usize) -> io::Result<B> {
        let end = self.len.min(start.saturating_add(len as u64));
        let bytes = try_embed((self.fetch)(start..end))??;
        let got = bytes.as_ref().len();
        if got as u64 != end - start {
            let message = format!("{got} bytes were fetched for the range {start}..{end}");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(bytes)
    }

    /// Reads a block or more without keeping it.
    fn read_past(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fetch(self.position, buffer.len())?;
        let bytes = bytes.as_ref();
        buffer[..bytes.len()].copy_from_slice(bytes);
        self.position += bytes.len() as u64;
        Ok(bytes.len())
    }
}

impl<F, B> RangeReader<F, B> {
    /// The number of the block that comes next.
    fn number(&self) -> u64 {
        self.position / self.block_size as u64
    }
}

impl<F, B> BufRead for RangeReader<F, B>
where
    F: AsyncFnMut(Range<u64>) -> io::Result<B>,
    B: AsRef<[u8]>,
{
    /// Returns the rest of the block, fetched if need be.
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.position >= self.len {
            return Ok(&[]);
        }
        let number = self.number();
        let start = number * self.block_size as u64;
        if !self.blocks.contains(number) {
            let block = self.fetch(start, self.block_size)?;
            self.blocks.insert(number, block);
        }
        let block = self.blocks.get(number).map_or(&[][..], B::as_ref);
        Ok(block.get((self.position - start) as usize..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.position += amount as u64;
    }
}

impl<F, B> Read for RangeReader<F, B>
where
    F: AsyncFnMut(Range<u64>) -> io::Result<B>,
    B: AsRef<[u8]>,
{
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let is_there = self.position >= self.len || self.blocks.contains(self.number());
        if buffer.len() >= self.block_size && !is_there {
            return self.read_past(buffer);
        }
        let len = self.fill_buf()?.read(buffer)?;
        self.consume(len);
        Ok(len)
    }
}

impl<F, B> Seek for RangeReader<F, B> {
    /// Fetches nothing. Beyond the end is allowed, and nothing is there.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (base, offset) = match to {
            SeekFrom::Start(position) => (position, 0),
            SeekFrom::End(offset) => (self.len, offset),
            SeekFrom::Current(offset) => (self.position, offset),
        };
        let Some(position) = base.checked_add_signed(offset) else {
            let message = format!("cannot seek by {offset} from {base}");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        };
        self.position = position;
        Ok(position)
    }
}

impl<F, B> fmt::Debug for RangeReader<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RangeReader")
            .field("len", &self.len)
            .field("position", &self.position)
            .field("block_size", &self.block_size)
            .finish_non_exhaustive()
    }
}
