//! A file on a server, for code that reads files. Only the blocks that are needed are fetched.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bysyncify::embed;
use bysyncify::io::{Fetched, RangeReader};

/// The number of bytes of a file that are kept.
const KEPT: usize = 1024 * 1024;

/// A file on a server that can be read at any position. Reading waits for a range of bytes.
///
/// A clone is the same file at the same position, as one by [`File::try_clone`](std::fs::File::try_clone). It is for
/// libraries that want several readers of a file, or one that is `Sync`.
#[derive(Clone)]
pub struct RemoteFile {
    /// Locked while it waits. Nothing else would read meanwhile, because there is one coroutine.
    reader: Arc<Mutex<dyn Source>>,
}

/// A [`RangeReader`] with any function that fetches.
trait Source: Read + Seek + Send {
    fn len(&self) -> u64;
    fn fetched(&self) -> Fetched;
}

impl<F> Source for RangeReader<F, Vec<u8>>
where
    F: AsyncFnMut(Range<u64>) -> io::Result<Vec<u8>> + Send,
{
    fn len(&self) -> u64 {
        RangeReader::len(self)
    }

    fn fetched(&self) -> Fetched {
        RangeReader::fetched(self)
    }
}

impl RemoteFile {
    /// Opens the file at an address. It is fetched in blocks of this size.
    pub fn open(url: &str, block_size: usize) -> io::Result<Self> {
        let len = embed(crate::size(url))?;
        let url = url.to_owned();
        let fetch = async move |bytes| crate::fetch(&url, Some(bytes)).await;
        let reader = RangeReader::with_blocks(len, block_size, KEPT / block_size, fetch);
        Ok(Self { reader: Arc::new(Mutex::new(reader)) })
    }

    fn lock(&self) -> MutexGuard<'_, dyn Source + 'static> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its length, in bytes.
    #[expect(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(&self) -> u64 {
        self.lock().len()
    }

    /// Says how much of the file was fetched.
    pub fn fetched(&self) -> String {
        let file = self.lock();
        let Fetched { requests, bytes, .. } = file.fetched();
        format!("{requests} requests, {bytes} of {} bytes", file.len())
    }
}

impl Read for RemoteFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.lock().read(buffer)
    }
}

impl Seek for RemoteFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.lock().seek(to)
    }
}
