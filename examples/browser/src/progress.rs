//! The progress of a job, for the page, and the work of a job on a file.

use std::cell::{Cell, RefCell};
use std::io::{self, Read, Write};

use js_sys::Array;
use sha2::{Digest, Sha256};

use crate::archive::File;

/// The progress of a job.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Bytes of the archive.
    pub(crate) read: Cell<f64>,
    /// Bytes of the files in it.
    pub(crate) unpacked: Cell<f64>,
    /// The file that is being unpacked.
    pub(crate) current: RefCell<String>,
    /// The files that are finished: see [`Job::take_files`](crate::Job::take_files).
    pub(crate) files: RefCell<Vec<Array>>,
}

impl Progress {
    /// Counts bytes of the archive that have arrived.
    pub(crate) fn add_read(&self, bytes: usize) {
        self.read.set(self.read.get() + bytes as f64);
    }

    /// Hashes a file.
    pub(crate) fn hash(&self, file: File<'_>) -> io::Result<bool> {
        let mut hasher = Sha256::new();
        let (number, path, size) = (file.number, file.path.clone(), file.size);
        self.copy(file, &mut hasher)?;
        let hash: String = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        self.files.borrow_mut().push(Array::of4(
            &number.into(),
            &path.into(),
            &(size as f64).into(),
            &hash.into(),
        ));
        Ok(true)
    }

    /// Copies a file if it has this number. It is the last file that is wanted.
    pub(crate) fn copy_if(
        &self,
        number: u32,
        file: File<'_>,
        to: &mut impl Write,
    ) -> io::Result<bool> {
        if file.number != number {
            return Ok(true);
        }
        self.copy(file, to)?;
        Ok(false)
    }

    fn copy(&self, file: File<'_>, to: &mut impl Write) -> io::Result<()> {
        self.current.replace(file.path);
        let copied = io::copy(&mut Counted { inner: file.content, progress: self }, to)?;
        if copied != file.size {
            let message =
                format!("`{}` ends after {copied} of {} bytes", self.current.borrow(), file.size);
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
        }
        Ok(())
    }
}

/// Counts the bytes that are unpacked.
struct Counted<'a> {
    inner: &'a mut dyn Read,
    progress: &'a Progress,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(buffer)?;
        self.progress.unpacked.set(self.progress.unpacked.get() + len as f64);
        Ok(len)
    }
}
