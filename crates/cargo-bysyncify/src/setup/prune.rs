//! Removes from the cache what has not been used for a long time: old versions of tools, standard libraries of
//! removed compilers.
//!
//! Beside each folder `binaryen-132` is a file `binaryen-132.lock`. Its modification time is when the folder was last
//! used.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How long an unused folder is kept.
const KEPT: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// The lock file of a folder in the cache.
pub(super) fn lock_of(place: &Path) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

/// Records that this folder is used now.
pub(super) fn note_use(place: &Path) {
    // If the cache cannot be written to, it is not pruned either.
    if let Ok(file) = File::options().append(true).open(lock_of(place)) {
        let _ = file.set_modified(SystemTime::now());
    }
}

/// Removes the folders in `folder` that have not been used for a long time. Folders without a lock are searched as
/// well. Nothing depends on it, so errors are ignored.
pub(super) fn prune(folder: &Path, now: SystemTime) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && !lock_of(&path).exists() {
            prune(&path, now);
        } else if path.extension().is_some_and(|extension| extension == "lock") {
            let is_old = |used: SystemTime| now.duration_since(used).is_ok_and(|age| age > KEPT);
            let used = entry.metadata().and_then(|metadata| metadata.modified());
            if used.is_ok_and(is_old) {
                let _ = remove(&path);
            }
        }
    }
}

/// Removes a folder and its lock file, unless another process is at work on it.
fn remove(lock: &Path) -> std::io::Result<()> {
    let file = File::options().append(true).open(lock)?;
    if file.try_lock().is_err() {
        return Ok(());
    }
    let folder = lock.with_extension("");
    if folder.is_dir() {
        // Renamed first, so that a partly removed folder is never treated as complete.
        let gone = lock.with_extension("partial-old");
        fs::rename(&folder, &gone)?;
        fs::remove_dir_all(&gone)?;
        eprintln!("     Removed {}, unused for 90 days", folder.display());
    }
    fs::remove_file(lock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_used_for_long_goes() {
        let dir = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let day = Duration::from_secs(24 * 60 * 60);
        for (name, used) in [("old-1.2", 91), ("used", 91), ("busy", 91), ("young", 89)] {
            fs::create_dir(dir.path().join(name)).unwrap();
            fs::write(dir.path().join(name).join("file"), "").unwrap();
            let lock = File::create(dir.path().join(format!("{name}.lock"))).unwrap();
            lock.set_modified(now - used * day).unwrap();
        }
        // A folder without a lock, one with a lock below that, and a lock without its folder.
        fs::create_dir_all(dir.path().join("other/old")).unwrap();
        let old = File::create(dir.path().join("other/old.lock")).unwrap();
        old.set_modified(now - 91 * day).unwrap();
        let gone = File::create(dir.path().join("gone.lock")).unwrap();
        gone.set_modified(now - 91 * day).unwrap();

        note_use(&dir.path().join("used"));
        note_use(&dir.path().join("missing"));
        let busy = File::open(dir.path().join("busy.lock")).unwrap();
        busy.lock().unwrap();
        prune(dir.path(), now);
        let mut left: Vec<_> = fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(
            left,
            ["busy", "busy.lock", "other", "used", "used.lock", "young", "young.lock"]
        );
        assert_eq!(fs::read_dir(dir.path().join("other")).unwrap().count(), 0);
    }
}
