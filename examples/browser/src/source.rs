//! The sources of archives: a file, or a stream of bytes. Reading them waits.

use std::io::{self, BufRead, Read, Seek};
use std::ops::Range;
use std::rc::Rc;

use bysyncify::io::RangeReader;
use bysyncify::try_embed;
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, ReadableStream, ReadableStreamDefaultReader};

use crate::progress::Progress;

/// How much of a file is read at once: each time costs a millisecond of waiting.
const BLOCK_SIZE: usize = 1024 * 1024;
/// How many such blocks are kept.
const BLOCKS: usize = 2;

/// An archive.
pub(crate) enum Source {
    File(Box<dyn File>),
    Stream(Stream),
}

/// A source that can be read at any position.
pub(crate) trait File: BufRead + Seek {}

impl<F: BufRead + Seek> File for F {}

impl Source {
    /// Takes a `Blob` or a `ReadableStream`.
    pub(crate) fn new(source: &JsValue, progress: Rc<Progress>) -> Result<Self, JsError> {
        if let Some(file) = source.dyn_ref::<Blob>() {
            Ok(Self::File(Box::new(file_reader(file.clone(), progress))))
        } else if let Some(stream) = source.dyn_ref::<ReadableStream>() {
            Ok(Self::Stream(Stream::new(stream, progress)))
        } else {
            Err(JsError::new("an archive is a Blob or a ReadableStream"))
        }
    }
}

/// Reads a file. Each part of it is a promise.
fn file_reader(file: Blob, progress: Rc<Progress>) -> impl BufRead + Seek {
    let len = file.size() as u64;
    RangeReader::with_blocks(len, BLOCK_SIZE, BLOCKS, async move |bytes: Range<u64>| {
        let (start, end) = (bytes.start as f64, bytes.end as f64);
        let part = file.slice_with_f64_and_f64(start, end).map_err(to_io_error)?;
        let buffer = JsFuture::from(part.array_buffer()).await.map_err(to_io_error)?;
        let bytes = Uint8Array::new(&buffer).to_vec();
        progress.add_read(bytes.len());
        Ok(bytes)
    })
}

/// Reads a stream, whose every chunk is a promise.
pub(crate) struct Stream {
    reader: ReadableStreamDefaultReader,
    chunk: Vec<u8>,
    consumed: usize,
    progress: Rc<Progress>,
}

impl Stream {
    fn new(stream: &ReadableStream, progress: Rc<Progress>) -> Self {
        let reader = stream.get_reader().unchecked_into();
        Self { reader, chunk: Vec::new(), consumed: 0, progress }
    }

    /// The next chunk that is not empty, if there is one.
    async fn next(&self) -> io::Result<Option<Uint8Array>> {
        loop {
            let result = JsFuture::from(self.reader.read()).await.map_err(to_io_error)?;
            let get = |name: &str| Reflect::get(&result, &name.into()).map_err(to_io_error);
            if get("done")?.is_truthy() {
                return Ok(None);
            }
            let chunk: Uint8Array = get("value")?.unchecked_into();
            if chunk.length() != 0 {
                return Ok(Some(chunk));
            }
        }
    }
}

impl BufRead for Stream {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.consumed == self.chunk.len() {
            let next = try_embed(self.next())??;
            self.chunk.resize(next.as_ref().map_or(0, |chunk| chunk.length() as usize), 0);
            self.consumed = 0;
            if let Some(chunk) = next {
                chunk.copy_to(&mut self.chunk);
            }
            self.progress.add_read(self.chunk.len());
        }
        Ok(&self.chunk[self.consumed..])
    }

    fn consume(&mut self, amount: usize) {
        self.consumed += amount;
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.fill_buf()?.read(buffer)?;
        self.consume(len);
        Ok(len)
    }
}

impl Drop for Stream {
    /// Ends a download that is not wanted any more.
    fn drop(&mut self) {
        let cancelled = JsFuture::from(self.reader.cancel());
        // An earlier failure is known already.
        spawn_local(async { drop(cancelled.await) });
    }
}

/// Converts an exception of JavaScript to an error for synchronous code.
pub(crate) fn to_io_error(error: JsValue) -> io::Error {
    let text = js_sys::Object::from(error).to_string();
    io::Error::other(String::from(text))
}
