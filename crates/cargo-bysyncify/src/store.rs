//! The last result for a linked module, kept beside it.
//!
//! For `deps/demo.wasm` there is a folder `deps/demo.bysyncify` with
//!
//! - `linked.wasm`, as the linker made it, with names and relocations,
//! - `asyncified.wasm`, the result, with names,
//! - `manifest.json`, how it was made ([`Manifest`](crate::manifest::Manifest)): written last, and removed first,
//! - `plain.wasm`, which `cargo bysyncify report` compares it with, if a report was made.
//!
//! If the same module is to be made in the same way, the result is reused.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tempfile::TempDir;
use wasm_asyncify::module;

/// Writes a file so that it exists completely or not at all. A symbolic link is followed. A device or a pipe
/// (`/dev/stdout`) is written to: a file must not replace it.
pub(crate) fn write(path: &Path, contents: &[u8]) -> Result<()> {
    let target = fs::canonicalize(path);
    let path = target.as_deref().unwrap_or(path);
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        let written = fs::write(path, contents);
        return written.with_context(|| format!("cannot write `{}`", path.display()));
    }
    // In its own folder: a temporary file would be readable only by its owner, and would stay so.
    scratch_beside(path)
        .and_then(|scratch| {
            let new = scratch.path().join("new");
            fs::write(&new, contents)?;
            fs::rename(&new, path)
        })
        .with_context(|| format!("cannot write `{}`", path.display()))
}

/// Makes an empty folder that is removed in the end. Files in it can be renamed to `path`.
pub(crate) fn scratch_beside(path: &Path) -> io::Result<TempDir> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    tempfile::tempdir_in(parent.unwrap_or(Path::new(".")))
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))
}

/// The stored result for one module.
#[derive(Debug)]
pub(crate) struct Store {
    folder: PathBuf,
}

impl Store {
    /// The store of the module that is linked to `output`.
    pub(crate) fn new(output: &Path) -> Self {
        Self { folder: output.with_extension("bysyncify") }
    }

    /// Finds the store of a module that cargo may have copied or renamed since it was linked: `release/my-demo.wasm`
    /// was `release/deps/my_demo.wasm`, or `…/my_demo-<hash>.wasm`.
    pub(crate) fn behind(module: &Path, wasm: &[u8]) -> Result<Option<Self>> {
        let bare = |wasm: &[u8]| module::without_sections(wasm, |_| true);
        let wanted = bare(wasm)?;
        let folder = module.parent().unwrap_or(Path::new(""));
        let stem = plain_stem(module);
        for folder in [folder.to_owned(), folder.join("deps")] {
            // A missing folder is like an empty one.
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            for entry in entries {
                let path = entry?.path();
                let is_ours = path.extension().is_some_and(|extension| extension == "bysyncify");
                if !is_ours || !plain_stem(&path).starts_with(&stem) {
                    continue;
                }
                let store = Self { folder: path };
                let same = |kept: Vec<u8>| bare(&kept).is_ok_and(|kept| kept == wanted);
                if store.manifest().is_file() && fs::read(store.asyncified()).is_ok_and(same) {
                    return Ok(Some(store));
                }
            }
        }
        Ok(None)
    }

    /// The path of the linked module, with names and relocations.
    pub(crate) fn linked(&self) -> PathBuf {
        self.folder.join("linked.wasm")
    }

    /// The path of the result, with names.
    pub(crate) fn asyncified(&self) -> PathBuf {
        self.folder.join("asyncified.wasm")
    }

    /// The path of the description of how it was made.
    pub(crate) fn manifest(&self) -> PathBuf {
        self.folder.join("manifest.json")
    }

    /// The path of the linked module, optimised at the same level, but without Asyncify. The file exists only while
    /// it belongs to this module.
    pub(crate) fn plain(&self) -> PathBuf {
        self.folder.join("plain.wasm")
    }

    /// The path of the page of `cargo bysyncify report`.
    pub(crate) fn page(&self) -> PathBuf {
        self.folder.join("report.html")
    }

    /// The result that was made of the same module in the same way, if it is stored.
    pub(crate) fn find(&self, linked: &[u8], how: &str) -> Option<Vec<u8>> {
        let same = fs::read_to_string(self.manifest()).is_ok_and(|manifest| manifest == how)
            && fs::read(self.linked()).is_ok_and(|before| before == linked);
        same.then(|| fs::read(self.asyncified()).ok()).flatten()
    }

    /// Stores a result.
    pub(crate) fn keep(&self, linked: &[u8], how: &str, asyncified: &[u8]) -> Result<()> {
        fs::create_dir_all(&self.folder)
            .with_context(|| format!("cannot make the folder `{}`", self.folder.display()))?;
        let _ = fs::remove_file(self.manifest());
        let _ = fs::remove_file(self.plain());
        write(&self.linked(), linked)?;
        write(&self.asyncified(), asyncified)?;
        write(&self.manifest(), how.as_bytes())
    }
}

/// A file's stem, spelled like the name of its crate.
fn plain_stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn module_that_cargo_renamed_is_found_by_what_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let module = |text| wat::parse_str(text).unwrap();
        let wasm = module(r#"(module (func) (@custom "name" "stripped later"))"#);
        let shipped = module("(module (func))");
        let moved = dir.path().join("my-demo.wasm");
        let deps = dir.path().join("deps");
        assert!(Store::behind(&moved, &shipped).unwrap().is_none());
        for (name, wasm) in [("my_demo-0f", &wasm), ("my_demo-1f", &module("(module)"))] {
            let store = Store::new(&deps.join(name).with_extension("wasm"));
            store.keep(b"linked", "how", wasm).unwrap();
        }
        let found = Store::behind(&moved, &shipped).unwrap().unwrap();
        assert_eq!(found.linked(), deps.join("my_demo-0f.bysyncify/linked.wasm"));
        assert!(Store::behind(&dir.path().join("other.wasm"), &shipped).unwrap().is_none());
        // A store that was not finished is ignored.
        fs::remove_file(found.manifest()).unwrap();
        assert!(Store::behind(&moved, &shipped).unwrap().is_none());
    }

    /// As root it once replaced `/dev/null`.
    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_written_to_and_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink("file", &link).unwrap();
        write(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
        let pipe = dir.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::read(pipe).unwrap()
        });
        write(&pipe, b"new").unwrap();
        assert!(!fs::metadata(&pipe).unwrap().is_file());
        assert_eq!(reader.join().unwrap(), b"new");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3, "something was left behind");
    }

    #[test]
    fn only_the_same_module_made_in_the_same_way_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(&dir.path().join("demo.wasm"));
        assert_eq!(store.find(b"linked", "how"), None);
        store.keep(b"linked", "how", b"asyncified").unwrap();
        assert_eq!(store.find(b"linked", "how").unwrap(), b"asyncified");
        assert_eq!(store.find(b"other", "how"), None);
        assert_eq!(store.find(b"linked", "other"), None);
        // What belongs to another module is removed.
        write(&store.plain(), b"plain").unwrap();
        store.keep(b"linked", "how", b"asyncified").unwrap();
        assert!(!store.plain().exists());
        // An interrupted `keep` leaves nothing that looks finished.
        fs::remove_file(store.manifest()).unwrap();
        assert_eq!(store.find(b"linked", "how"), None);
    }

    #[test]
    fn file_is_written_as_a_whole_and_nothing_else_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.wasm");
        write(&path, b"part").unwrap();
        write(&path, b"whole").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        write(&dir.path().join("nowhere/a.wasm"), b"").unwrap_err();
        // It cannot replace a folder.
        let folder = dir.path().join("folder");
        fs::create_dir(&folder).unwrap();
        write(&folder, b"").unwrap_err();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn others_can_read_what_is_written() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let mode = |name: &str| fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
        fs::write(dir.path().join("usual"), "").unwrap();
        write(&dir.path().join("ours"), b"").unwrap();
        assert_eq!(mode("ours"), mode("usual"));
    }
}
