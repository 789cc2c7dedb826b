//! Reading and seeking in a source whose bytes are fetched by ranges.

use alloc::format;
use core::fmt;
use core::ops::Range;
use std::io::{self, BufRead, Read, Seek, SeekFrom};

use super::range_cache::RangeCache;
use crate::embed::try_embed;

/// The default size of a block, in bytes.
const BLOCK_SIZE: usize = 64 * 1024;

/// The default number of blocks whose bytes are kept.
const BLOCKS: usize = 16;

/// A source of known length of which any range of bytes can be fetched, such as a file on a server, as [`Read`],
/// [`Seek`] and [`BufRead`].
///
/// It fetches whole blocks, waits in the innermost running coroutine, and keeps the bytes that were used last. So
/// code that needs little and jumps to and fro fetches little. A reader of zip archives, for example, fetches the
/// directory, at the end, and the entries that it needs.
///
/// - A read that is larger than a block is fetched at once. It is kept like any other, unless it is larger than
///   all that is kept.
/// - A read that continues where the last request ended fetches twice as many blocks with each request, up to half
///   of what is kept. A read elsewhere begins with one block again.
/// - [`fetched`](Self::fetched) returns how much was fetched.
///
/// `fetch` is given a range, which is never empty and never goes beyond the length, and returns its bytes: a
/// `Vec<u8>`, or any other type with `AsRef<[u8]>`.
///
/// A clone shares the bytes that were fetched so far; from then on each fetches for itself.
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
/// Errors of `fetch`. An error of kind [`InvalidData`](io::ErrorKind::InvalidData) if that returns fewer bytes or
/// more (a server that ignores ranges sends all bytes). An [`EmbedError`](crate::EmbedError) as for any other
/// wait, which [`EmbedError::cause_of`](crate::EmbedError::cause_of) finds. After an error the position is
/// unchanged.
pub struct RangeReader<F, B> {
    fetch: F,
    len: u64,
    position: u64,
    block_size: u64,
    cache: RangeCache<B>,
    /// The least number of bytes of the next request, if it continues where the last one ended.
    ahead: u64,
    /// The end of the last request.
    last_end: u64,
    fetched: Fetched,
}

/// How much a [`RangeReader`] has fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fetched {
    /// The number of calls of `fetch` that returned the range that was asked for.
    pub requests: u64,
    /// The number of bytes that these returned.
    pub bytes: u64,
}

impl<F, B> RangeReader<F, B>
where
    F: AsyncFnMut(Range<u64>) -> io::Result<B>,
    B: AsRef<[u8]>,
{
    /// Reads a source of `len` bytes, in blocks of 64 KiB. It keeps 1 MiB.
    pub fn new(len: u64, fetch: F) -> Self {
        Self::with_blocks(len, BLOCK_SIZE, BLOCKS, fetch)
    }

    /// Reads a source of `len` bytes, in blocks of `block_size` bytes. It keeps as many bytes as `blocks` of them
    /// have.
    ///
    /// # Panics
    ///
    /// Panics if `block_size` or `blocks` is 0.
    #[track_caller]
    pub fn with_blocks(len: u64, block_size: usize, blocks: usize, fetch: F) -> Self {
        assert!(block_size != 0, "a block of 0 bytes has nothing to read");
        assert!(blocks != 0, "with 0 blocks there is none to read from");
        let block_size = block_size as u64;
        Self {
            fetch,
            len,
            position: 0,
            block_size,
            cache: RangeCache::new(block_size.saturating_mul(blocks as u64)),
            ahead: block_size,
            last_end: 0,
            fetched: Fetched::default(),
        }
    }

    /// Fetches a range.
    fn fetch(&mut self, range: Range<u64>) -> io::Result<B> {
        let bytes = try_embed((self.fetch)(range.clone()))??;
        let got = bytes.as_ref().len() as u64;
        if got != range.end - range.start {
            let message =
                format!("{got} bytes were fetched for the range {}..{}", range.start, range.end);
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        self.fetched.requests += 1;
        self.fetched.bytes += got;
        Ok(bytes)
    }

    /// Fetches the missing range at the position, for `wanted` bytes and in whole blocks, and keeps it.
    fn fetch_here(&mut self, wanted: u64) -> io::Result<()> {
        let (position, block) = (self.position, self.block_size);
        let ahead = if position == self.last_end { self.ahead } else { block };
        let start = position - position % block;
        let end = position.saturating_add(wanted).max(start.saturating_add(ahead));
        let end = end.checked_next_multiple_of(block).unwrap_or(u64::MAX).min(self.len);
        // Not more than can be kept, which is at least one block.
        let end = end.min(start.saturating_add(self.cache.limit()));
        let range = self.cache.gap(position, start..end);
        let bytes = self.fetch(range.clone())?;
        self.last_end = range.end;
        let most = self.cache.limit() / 2 / block * block;
        self.ahead = ahead.saturating_mul(2).min(most).max(block);
        self.cache.insert(range, bytes);
        Ok(())
    }

    /// Reads more than can be kept.
    fn read_past(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let end = self.len.min(self.position.saturating_add(buffer.len() as u64));
        let range = self.cache.gap(self.position, self.position..end);
        let bytes = self.fetch(range.clone())?;
        let bytes = bytes.as_ref();
        buffer[..bytes.len()].copy_from_slice(bytes);
        (self.position, self.last_end) = (range.end, range.end);
        Ok(bytes.len())
    }

    fn is_there(&self) -> bool {
        self.position >= self.len || self.cache.contains(self.position)
    }
}

impl<F, B> RangeReader<F, B> {
    /// The length that was given to the constructor, in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the length is 0.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How much was fetched. For a clone, since it was made.
    #[must_use]
    pub fn fetched(&self) -> Fetched {
        self.fetched
    }
}

impl<F, B> BufRead for RangeReader<F, B>
where
    F: AsyncFnMut(Range<u64>) -> io::Result<B>,
    B: AsRef<[u8]>,
{
    /// Returns the bytes from the position on, at least to the end of a block. Fetches them if necessary.
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if !self.is_there() {
            self.fetch_here(1)?;
        }
        Ok(self.cache.get(self.position).unwrap_or_default())
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
        if buffer.is_empty() {
            return Ok(0);
        }
        if !self.is_there() {
            let wanted = (self.len - self.position).min(buffer.len() as u64);
            if wanted > self.cache.limit() {
                return self.read_past(buffer);
            }
            self.fetch_here(wanted)?;
        }
        let len = self.fill_buf()?.read(buffer)?;
        self.consume(len);
        Ok(len)
    }
}

impl<F, B> Seek for RangeReader<F, B> {
    /// Fetches nothing. A position beyond the end is allowed: no bytes are there.
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

impl<F: Clone, B> Clone for RangeReader<F, B> {
    fn clone(&self) -> Self {
        Self {
            fetch: self.fetch.clone(),
            cache: self.cache.clone(),
            fetched: Fetched::default(),
            ..*self
        }
    }
}

impl<F, B> fmt::Debug for RangeReader<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RangeReader")
            .field("len", &self.len)
            .field("position", &self.position)
            .field("block_size", &self.block_size)
            .field("fetched", &self.fetched)
            .finish_non_exhaustive()
    }
}
