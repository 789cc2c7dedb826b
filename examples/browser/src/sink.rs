//! Writes a file to the origin private file system, in which every write is a promise.

use std::io::{self, BufWriter, Write};

use bysyncify::try_embed;
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::FileSystemWritableFileStream;

use crate::source::to_io_error;

/// How much is written at once.
const BUFFER_SIZE: usize = 256 * 1024;

/// A file that is being written. Without [`close`](Sink::close) nothing of it remains.
pub(crate) struct Sink(BufWriter<Unbuffered>);

impl Sink {
    pub(crate) fn new(file: FileSystemWritableFileStream) -> Self {
        Self(BufWriter::with_capacity(BUFFER_SIZE, Unbuffered { file, is_closed: false }))
    }

    /// Makes the written bytes the file's content.
    pub(crate) fn close(mut self) -> io::Result<()> {
        self.0.flush()?;
        let inner = self.0.get_mut();
        inner.is_closed = true;
        wait(inner.file.close())
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

struct Unbuffered {
    file: FileSystemWritableFileStream,
    is_closed: bool,
}

impl Write for Unbuffered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A copy: by the time it is written the module's memory may have moved.
        let copy = Uint8Array::from(bytes);
        wait(self.file.write_with_js_u8_array(&copy).map_err(to_io_error)?)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Unbuffered {
    fn drop(&mut self) {
        if !self.is_closed {
            let aborted = JsFuture::from(self.file.abort());
            // An earlier failure is known already.
            spawn_local(async { drop(aborted.await) });
        }
    }
}

fn wait(promise: js_sys::Promise) -> io::Result<()> {
    try_embed(JsFuture::from(promise))?.map(drop::<JsValue>).map_err(to_io_error)
}
