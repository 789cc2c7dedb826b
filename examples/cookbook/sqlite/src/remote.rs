//! A file system for SQLite with a single file, which is only read, by a [`RangeReader`].
//!
//! SQLite calls `read` and expects bytes. Meanwhile the whole stack is paused, including SQLite's own functions.
//!
//! [`RangeReader`]: bysyncify::io::RangeReader

use std::cell::RefCell;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

use cookbook_host as host;
use sqlite_wasm_rs::WasmOsCallback;
use sqlite_wasm_rs::vfs::{
    AccessMode, DeviceCharacteristics, LockLevel, OpenAccess, OpenOptions, OpenRequest, OpenedFile,
    RegisterVfsError, SQLiteIoMethods, SQLiteVfs, SyncOptions, VfsError, VfsErrorCode, VfsFile,
    VfsResult, VfsStore, register_vfs,
};

/// A file that can be read at any position.
pub(crate) trait ReadSeek: Read + Seek {}

impl<R: Read + Seek> ReadSeek for R {}

type File = Rc<RefCell<dyn ReadSeek>>;

/// Makes a file known to SQLite: every name that is opened with the file system `name` is this file.
pub(crate) fn register(name: &str, file: File) -> Result<(), RegisterVfsError> {
    // SAFETY: all methods are the crate's own, for the types below. Nothing else runs meanwhile: there is one
    // thread, and nothing waits here.
    let registration = unsafe { register_vfs::<Methods, RemoteVfs>(name, file, false) }?;
    // The file system is known for as long as the program runs.
    registration.into_raw();
    Ok(())
}

struct RemoteVfs;

impl SQLiteVfs<Methods> for RemoteVfs {
    type Os = WasmOsCallback;

    fn os(_: &File) -> &WasmOsCallback {
        &WasmOsCallback
    }
}

struct Methods;

impl SQLiteIoMethods for Methods {
    type Store = Remote;
}

pub(crate) struct Remote;

impl VfsStore for Remote {
    type File = OpenFile;
    type AppData = File;

    /// SQLite itself says no more than "disk I/O error".
    fn record_error(_: &File, error: VfsError) {
        host::fail(&error.to_string());
    }

    fn open_file(file: &File, _: OpenRequest<'_>) -> VfsResult<OpenedFile<OpenFile>> {
        Ok(OpenedFile { file: OpenFile(Rc::clone(file)), access: OpenAccess::ReadOnly })
    }

    fn close_file(_: &File, _: Option<&str>, _: OpenFile, _: OpenOptions) -> VfsResult<()> {
        Ok(())
    }

    /// There is no journal.
    fn access(_: &File, _: &str, _: AccessMode) -> VfsResult<bool> {
        Ok(false)
    }

    fn full_pathname(_: &File, name: &str) -> VfsResult<String> {
        Ok(name.to_owned())
    }

    fn delete_file(_: &File, _: &str, _: bool) -> VfsResult<()> {
        Err(read_only())
    }
}

pub(crate) struct OpenFile(File);

impl OpenFile {
    fn with<T>(&self, work: impl FnOnce(&mut dyn ReadSeek) -> io::Result<T>) -> VfsResult<T> {
        work(&mut *self.0.borrow_mut())
            .map_err(|error| VfsError::new(VfsErrorCode::IoRead, error.to_string().into()))
    }
}

impl VfsFile for OpenFile {
    /// Waits for the bytes.
    fn read(&mut self, buffer: &mut [u8], offset: u64) -> VfsResult<usize> {
        self.with(|file| {
            file.seek(SeekFrom::Start(offset))?;
            let mut done = 0;
            while done < buffer.len() {
                match file.read(&mut buffer[done..])? {
                    0 => break,
                    more => done += more,
                }
            }
            Ok(done)
        })
    }

    fn size(&self) -> VfsResult<u64> {
        self.with(|file| file.seek(SeekFrom::End(0)))
    }

    /// So SQLite looks for no journal, and takes no locks.
    fn device_characteristics(&self) -> DeviceCharacteristics {
        DeviceCharacteristics::IMMUTABLE
    }

    fn write(&mut self, _: &[u8], _: u64) -> VfsResult<()> {
        Err(read_only())
    }

    fn truncate(&mut self, _: u64) -> VfsResult<()> {
        Err(read_only())
    }

    fn sync(&mut self, _: SyncOptions) -> VfsResult<()> {
        Ok(())
    }

    fn lock(&mut self, _: LockLevel) -> VfsResult<()> {
        Ok(())
    }

    fn unlock(&mut self, _: LockLevel) -> VfsResult<()> {
        Ok(())
    }

    fn check_reserved_lock(&self) -> VfsResult<bool> {
        Ok(false)
    }
}

fn read_only() -> VfsError {
    VfsError::new(
        VfsErrorCode::ReadOnly,
        "the database is on a server, and can only be read".into(),
    )
}
