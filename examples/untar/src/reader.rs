//! The place where synchronous code waits: a file of the host as a [`BufRead`].

use std::cell::{Cell, RefCell};
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use crate::host::{self, File};

/// The size of a request to the host. Every read suspends the coroutine, so small reads would cost more than they gain.
const CHUNK: usize = 64 * 1024;

/// The progress in an archive. Shared by the code that reads and the code that reports.
pub(crate) struct Meter {
    archive: u32,
    size: Cell<f64>,
    position: Cell<u64>,
    reads: Cell<u32>,
    entries: Cell<u64>,
    place: RefCell<Place>,
}

/// The position in the archive.
#[derive(Clone, Default)]
pub(crate) enum Place {
    #[default]
    BeforeEntries,
    In(String),
    After(String),
}

impl Meter {
    pub(crate) fn new(archive: u32) -> Self {
        Self {
            archive,
            size: Cell::default(),
            position: Cell::default(),
            reads: Cell::default(),
            entries: Cell::default(),
            place: RefCell::default(),
        }
    }

    /// The number of bytes of the file that have been used, without those in buffers.
    pub(crate) fn position(&self) -> u64 {
        self.position.get()
    }

    /// How often the host was asked for bytes.
    pub(crate) fn reads(&self) -> u32 {
        self.reads.get()
    }

    pub(crate) fn place(&self) -> Place {
        self.place.borrow().clone()
    }

    /// Notes that an entry begins.
    pub(crate) fn enter(&self, name: String) {
        self.entries.set(self.entries.get() + 1);
        self.place.replace(Place::In(name));
        self.show();
    }

    /// Notes that the entry has been read to its end.
    pub(crate) fn leave(&self) {
        self.place.replace_with(|place| match std::mem::take(place) {
            Place::In(name) => Place::After(name),
            other => other,
        });
    }

    /// Lets the host show the progress.
    pub(crate) fn show(&self) {
        host::progress(self.archive, self.position.get(), self.size.get(), self.entries.get());
    }
}

/// A file of the host, read in chunks.
pub(crate) struct HostFile {
    file: File,
    meter: Rc<Meter>,
    chunk: Box<[u8]>,
    /// The part of `chunk` that was read and not yet used.
    start: usize,
    end: usize,
}

impl HostFile {
    pub(crate) fn new(file: File, meter: Rc<Meter>) -> Self {
        meter.size.set(file.size());
        Self { file, meter, chunk: vec![0; CHUNK].into(), start: 0, end: 0 }
    }
}

impl BufRead for HostFile {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            let read = self.file.read(&mut self.chunk);
            // Here the whole stack is paused: this function, the decompressor, `tar`, a parser. Not
            // `ErrorKind::Interrupted` for a cancelled coroutine: the callers would try again.
            let len = bysyncify::try_embed(read).map_err(io::Error::other)??;
            (self.start, self.end) = (0, len);
            self.meter.reads.set(self.meter.reads.get() + 1);
            self.meter.show();
        }
        Ok(&self.chunk[self.start..self.end])
    }

    fn consume(&mut self, amount: usize) {
        self.start += amount;
        self.meter.position.set(self.meter.position.get() + amount as u64);
    }
}

impl Read for HostFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.fill_buf()?.read(buffer)?;
        self.consume(len);
        Ok(len)
    }
}
