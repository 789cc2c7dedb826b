//! A file of the browser's that SQLite reads and writes.
//!
//! In the page's thread the browser's files are read and written by promises; [`wait`] waits for them. What is written
//! stays in memory until SQLite asks for it to be saved, at the end of a transaction. Then all goes into one stream.
//! The browser replaces the file when that stream is closed, and not before (`createWritable` in the [File System
//! standard]): so the file has all of a transaction, or nothing.
//!
//! ```text
//!   saved   ████████████████████▒▒▒▒    `kept` bytes count, the rest was cut off
//!   pages       ▓▓▓▓        ▓▓▓▓▓▓▓▓▓▓▓▓    written since, and read before what was saved
//!           └──────────── size ─────────┘
//! ```
//!
//! [File System standard]: https://fs.spec.whatwg.org/#dom-filesystemfilehandle-createwritable

use std::collections::BTreeMap;

use bysyncify::embed;
use js_sys::{Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    File, FileSystemCreateWritableOptions, FileSystemDirectoryHandle, FileSystemFileHandle,
    FileSystemGetFileOptions, FileSystemWritableFileStream, WriteCommandType, WriteParams,
};

/// The size of SQLite's pages, as `SETUP` in lib.rs sets it. SQLite writes whole pages.
const PAGE_SIZE: usize = 4096;

/// Waits for a promise, in synchronous code.
pub(crate) fn wait<T: JsCast>(promise: Promise) -> Result<T, JsValue> {
    embed(JsFuture::from(promise)).map(JsCast::unchecked_into)
}

pub(crate) struct StoredFile {
    handle: FileSystemFileHandle,
    saved: File,
    kept: u64,
    pages: BTreeMap<u64, Box<[u8]>>,
    size: u64,
}

impl StoredFile {
    pub(crate) fn open(
        folder: &FileSystemDirectoryHandle,
        name: &str,
        create: bool,
    ) -> Result<Self, JsValue> {
        let options = FileSystemGetFileOptions::new();
        options.set_create(create);
        let handle: FileSystemFileHandle =
            wait(folder.get_file_handle_with_options(name, &options))?;
        let saved: File = wait(handle.get_file())?;
        let size = saved.size() as u64;
        Ok(Self { handle, saved, kept: size, pages: BTreeMap::new(), size })
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Fills the buffer, up to the end of the file. Returns the number of bytes.
    pub(crate) fn read(&self, buffer: &mut [u8], start: u64) -> Result<usize, JsValue> {
        let end = self.size.min(start + buffer.len() as u64);
        let count = end.saturating_sub(start) as usize;
        let buffer = &mut buffer[..count];
        buffer.fill(0);
        let saved_end = end.min(self.kept);
        if start < saved_end && !self.is_in_one_page(start, end) {
            let part = self.saved.slice_with_f64_and_f64(start as f64, saved_end as f64)?;
            let bytes = Uint8Array::new(&wait::<JsValue>(part.array_buffer())?);
            bytes.copy_to(&mut buffer[..(saved_end - start) as usize]);
        }
        for (&page_start, page) in self.pages.range(start.saturating_sub(PAGE_SIZE as u64 - 1)..end)
        {
            let first = page_start.max(start);
            let last = end.min(page_start + PAGE_SIZE as u64);
            let from = &page[(first - page_start) as usize..(last - page_start) as usize];
            buffer[(first - start) as usize..(last - start) as usize].copy_from_slice(from);
        }
        Ok(count)
    }

    /// Whether a page that is not saved has all of these bytes.
    fn is_in_one_page(&self, start: u64, end: u64) -> bool {
        let page = start - start % PAGE_SIZE as u64;
        end <= page + PAGE_SIZE as u64 && self.pages.contains_key(&page)
    }

    /// Writes a page, which is not saved yet.
    pub(crate) fn write(&mut self, page: &[u8], start: u64) -> Result<(), JsValue> {
        if page.len() != PAGE_SIZE || !start.is_multiple_of(PAGE_SIZE as u64) {
            let what = format!("{} bytes at {start} are not a page of {PAGE_SIZE}", page.len());
            return Err(JsValue::from(what));
        }
        self.pages.insert(start, page.into());
        self.size = self.size.max(start + PAGE_SIZE as u64);
        Ok(())
    }

    /// Cuts the file, or makes it longer.
    pub(crate) fn truncate(&mut self, size: u64) {
        self.pages.split_off(&size);
        self.kept = self.kept.min(size);
        self.size = size;
    }

    /// Saves what was written: all of it, or nothing if there is an error.
    pub(crate) fn save(&mut self) -> Result<(), JsValue> {
        let saved = self.saved.size() as u64;
        if self.pages.is_empty() && (self.kept, self.size) == (saved, saved) {
            return Ok(());
        }
        let options = FileSystemCreateWritableOptions::new();
        options.set_keep_existing_data(true);
        let stream: FileSystemWritableFileStream =
            wait(self.handle.create_writable_with_options(&options))?;
        if let Err(error) = self.write_to(&stream) {
            // What is in the stream is discarded.
            wait::<JsValue>(stream.abort())?;
            return Err(error);
        }
        wait::<JsValue>(stream.close())?;
        self.saved = wait(self.handle.get_file())?;
        self.kept = self.size;
        self.pages.clear();
        Ok(())
    }

    fn write_to(&self, stream: &FileSystemWritableFileStream) -> Result<(), JsValue> {
        // In this order: bytes that were cut off are 0 if the file is longer again.
        for size in [self.kept, self.size] {
            wait::<JsValue>(stream.truncate_with_f64(size as f64)?)?;
        }
        for (start, page) in &self.pages {
            let parameters = WriteParams::new(WriteCommandType::Write);
            parameters.set_position(Some(*start as f64));
            // A copy: by the time it is written the module's memory may have moved.
            parameters.set_data(&Uint8Array::from(&**page));
            wait::<JsValue>(stream.write_with_write_params(&parameters)?)?;
        }
        Ok(())
    }
}
