//! The browser's files as a file system for SQLite.
//!
//! SQLite calls these functions and expects them to have done their work when they return. Meanwhile the whole stack is
//! paused, including SQLite's own functions.

use std::borrow::Cow;

use sqlite_wasm_rs::WasmOsCallback;
use sqlite_wasm_rs::vfs::{
    AccessMode, LockLevel, OpenAccess, OpenOptions, OpenRequest, OpenedFile, RegisterVfsError,
    SQLiteIoMethods, SQLiteVfs, SyncOptions, VfsError, VfsErrorCode, VfsFile, VfsResult, VfsStore,
    register_vfs,
};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{FileSystemDirectoryHandle, console};

use crate::file::{StoredFile, wait};

/// Makes a folder known to SQLite, as the file system `name`.
pub(crate) fn register(
    name: &str,
    folder: FileSystemDirectoryHandle,
) -> Result<(), RegisterVfsError> {
    // SAFETY: all methods are the crate's own, for the types below. Nothing else runs meanwhile: there is one
    // thread, and nothing waits here.
    let registration = unsafe { register_vfs::<Methods, FolderVfs>(name, folder, false) }?;
    // The file system is known for as long as the page exists.
    registration.into_raw();
    Ok(())
}

struct FolderVfs;

impl SQLiteVfs<Methods> for FolderVfs {
    type Os = WasmOsCallback;

    fn os(_: &FileSystemDirectoryHandle) -> &WasmOsCallback {
        &WasmOsCallback
    }
}

struct Methods;

impl SQLiteIoMethods for Methods {
    type Store = Folder;
}

struct Folder;

impl VfsStore for Folder {
    type File = StoredFile;
    type AppData = FileSystemDirectoryHandle;

    /// SQLite itself says no more than "disk I/O error". A read at the end of the file is none.
    fn record_error(_: &FileSystemDirectoryHandle, error: VfsError) {
        if error.code() != VfsErrorCode::IoShortRead {
            console::error_1(&error.to_string().into());
        }
    }

    fn open_file(
        folder: &FileSystemDirectoryHandle,
        request: OpenRequest<'_>,
    ) -> VfsResult<OpenedFile<StoredFile>> {
        let name = request.filename.ok_or_else(|| {
            VfsError::new(VfsErrorCode::CantOpen, "temporary files are in memory".into())
        })?;
        let file =
            StoredFile::open(folder, name.path(), true).map_err(told(VfsErrorCode::CantOpen))?;
        Ok(OpenedFile { file, access: OpenAccess::ReadWrite })
    }

    /// What was not saved belongs to a transaction that did not end.
    fn close_file(
        _: &FileSystemDirectoryHandle,
        _: Option<&str>,
        _: StoredFile,
        _: OpenOptions,
    ) -> VfsResult<()> {
        Ok(())
    }

    fn access(folder: &FileSystemDirectoryHandle, name: &str, _: AccessMode) -> VfsResult<bool> {
        Ok(wait::<JsValue>(folder.get_file_handle(name)).is_ok())
    }

    fn full_pathname(_: &FileSystemDirectoryHandle, name: &str) -> VfsResult<String> {
        Ok(name.to_owned())
    }

    fn delete_file(folder: &FileSystemDirectoryHandle, name: &str, _: bool) -> VfsResult<()> {
        wait::<JsValue>(folder.remove_entry(name)).map_err(told(VfsErrorCode::IoDelete))?;
        Ok(())
    }
}

impl VfsFile for StoredFile {
    fn read(&mut self, buffer: &mut [u8], offset: u64) -> VfsResult<usize> {
        StoredFile::read(self, buffer, offset).map_err(told(VfsErrorCode::IoRead))
    }

    fn write(&mut self, bytes: &[u8], offset: u64) -> VfsResult<()> {
        StoredFile::write(self, bytes, offset).map_err(told(VfsErrorCode::IoWrite))
    }

    fn truncate(&mut self, size: u64) -> VfsResult<()> {
        StoredFile::truncate(self, size);
        Ok(())
    }

    fn sync(&mut self, _: SyncOptions) -> VfsResult<()> {
        self.save().map_err(told(VfsErrorCode::IoSync))
    }

    fn size(&self) -> VfsResult<u64> {
        Ok(StoredFile::size(self))
    }

    // Only this page has the file open, and only one connection: page.js has a lock.
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

/// What the browser says of an error, for SQLite.
fn told(code: VfsErrorCode) -> impl FnOnce(JsValue) -> VfsError {
    move |error| {
        let text = match error.dyn_ref::<js_sys::Error>() {
            Some(error) => String::from(error.message()),
            None => format!("{error:?}"),
        };
        VfsError::new(code, Cow::Owned(text))
    }
}
