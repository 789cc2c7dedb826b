//! Our folder in the user's cache. Things get into it completely or not at all.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process;
use std::time::SystemTime;

use anyhow::{Context, Result};

use super::prune;

/// The folder for what we install: `$BYSYNCIFY_CACHE`, or `bysyncify` in the user's cache folder.
///
/// # Errors
///
/// If the environment names no cache folder; the error says which variable to set.
pub fn dir() -> Result<PathBuf> {
    dir_from(|name| std::env::var_os(name).filter(|value| !value.is_empty()))
        .context("no cache folder is known: set BYSYNCIFY_CACHE to a folder of your choice")
}

fn dir_from(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    if let Some(dir) = variable("BYSYNCIFY_CACHE") {
        // Absolute, because cargo and npm are run in other folders.
        return std::path::absolute(dir).ok();
    }
    // Its specification says that a relative XDG_CACHE_HOME is ignored.
    let xdg = variable("XDG_CACHE_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let users = xdg.or_else(|| {
        if cfg!(windows) {
            variable("LOCALAPPDATA").map(PathBuf::from)
        } else if cfg!(target_os = "macos") {
            variable("HOME").map(|home| Path::new(&home).join("Library/Caches"))
        } else {
            variable("HOME").map(|home| Path::new(&home).join(".cache"))
        }
    })?;
    Some(users.join("bysyncify"))
}

/// Removes everything in [the cache](dir), and prints what it removed.
///
/// # Errors
///
/// If it cannot be removed, or the environment names no cache folder.
pub fn clean() -> Result<()> {
    let dir = dir()?;
    if !dir.exists() {
        eprintln!("     Removed nothing: there is no `{}`", dir.display());
        return Ok(());
    }
    fs::remove_dir_all(&dir).with_context(|| format!("cannot remove `{}`", dir.display()))?;
    eprintln!("     Removed `{}`", dir.display());
    Ok(())
}

/// Returns the folder `name` in our cache. If it does not exist, `fill` gets an empty folder and fills it.
///
/// That folder gets its name only after `fill` has succeeded, so an interrupted run leaves nothing that looks
/// complete. A second process waits for the first.
///
/// # Errors
///
/// The errors of `fill`; or if the folder cannot be made.
pub fn cached(name: &str, fill: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let place = dir()?.join(name);
    filled(&place, fill)?;
    Ok(place)
}

/// Makes sure that the folder `place` exists. If not, calls `fill` with an empty folder: see [`cached`].
pub(super) fn filled(place: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    if place.is_dir() {
        prune::note_use(place);
        return Ok(());
    }
    let _lock = lock(place)?;
    if place.is_dir() {
        return Ok(());
    }
    // Now that something is added, unused things may be removed.
    if let Ok(dir) = dir()
        && place.starts_with(&dir)
    {
        prune::prune(&dir, SystemTime::now());
    }
    remove_partial(place)?;
    // The name has our process id: a child of an earlier run may still be writing, if only the run itself was killed.
    let partial = beside(place, &format!(".partial-{}", process::id()));
    fs::create_dir(&partial).with_context(|| format!("cannot create `{}`", partial.display()))?;
    let filled = fill(&partial).and_then(|()| {
        fs::rename(&partial, place).with_context(|| format!("cannot create `{}`", place.display()))
    });
    if filled.is_err() {
        // The error is known already, and the next run removes the folder as well.
        let _ = fs::remove_dir_all(&partial);
    }
    filled
}

/// Waits until no other process is at work on `place`, which is a path in the cache. Other processes then wait until
/// the file is closed.
pub(super) fn lock(place: &Path) -> Result<File> {
    if let Some(parent) = place.parent() {
        fs::create_dir_all(parent)
            .with_context(|| format!("cannot create `{}`", parent.display()))?;
    }
    let path = prune::lock_of(place);
    let file = File::create(&path).with_context(|| format!("cannot write `{}`", path.display()))?;
    let locked = match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            let name = place.file_name().unwrap_or_default().display();
            eprintln!("    Blocking until another setup of {name} has ended");
            file.lock()
        }
        Err(TryLockError::Error(error)) => Err(error),
        Ok(()) => Ok(()),
    };
    match locked {
        // Some file systems have no locks. Then two processes do the same work, in two folders.
        Err(error) if error.kind() == ErrorKind::Unsupported => Ok(file),
        other => other.map(|()| file).with_context(|| format!("cannot lock `{}`", path.display())),
    }
}

/// Removes what interrupted runs have left for `place`.
fn remove_partial(place: &Path) -> Result<()> {
    let parent = place.parent().context("the cache is no root folder")?;
    let start = format!("{}.partial-", place.file_name().unwrap_or_default().display());
    let entries =
        parent.read_dir().with_context(|| format!("cannot read `{}`", parent.display()))?;
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(&start) {
            let path = entry.path();
            fs::remove_dir_all(&path)
                .with_context(|| format!("cannot remove `{}`", path.display()))?;
        }
    }
    Ok(())
}

/// `place` with something added to its name.
fn beside(place: &Path, suffix: &str) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::*;
    use anyhow::bail;

    fn from(variables: &'static [(&str, &str)]) -> Option<PathBuf> {
        dir_from(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, v)| v.into()))
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn cache_is_ours_then_xdg_then_home() {
        let all = &[("BYSYNCIFY_CACHE", "/b"), ("XDG_CACHE_HOME", "/x"), ("HOME", "/h")];
        assert_eq!(from(all), Some("/b".into()));
        assert_eq!(from(&[("XDG_CACHE_HOME", "/x"), ("HOME", "/h")]), Some("/x/bysyncify".into()));
        assert_eq!(
            from(&[("XDG_CACHE_HOME", "x"), ("HOME", "/h")]),
            Some("/h/.cache/bysyncify".into())
        );
        assert_eq!(from(&[]), None);
    }

    fn names(folder: &Path) -> Vec<OsString> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    }

    #[test]
    fn failed_fill_leaves_nothing_and_the_next_one_starts_empty() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("a/b");
        let error = filled(&place, |partial| {
            fs::write(partial.join("half"), "")?;
            bail!("interrupted")
        });
        assert_eq!(error.unwrap_err().to_string(), "interrupted");
        assert_eq!(names(place.parent().unwrap()), ["b.lock"]);

        // Also what a killed run has left.
        fs::create_dir(dir.path().join("a/b.partial-1")).unwrap();
        fs::write(dir.path().join("a/b.partial-1/half"), "").unwrap();
        fs::create_dir(dir.path().join("a/bc.partial-1")).unwrap();

        filled(&place, |partial| Ok(fs::write(partial.join("whole"), "")?)).unwrap();
        assert_eq!(names(&place), ["whole"]);
        assert_eq!(names(place.parent().unwrap()), ["b", "b.lock", "bc.partial-1"]);

        filled(&place, |_| bail!("filled twice")).unwrap();
    }

    #[test]
    fn of_two_at_once_one_does_it_and_the_other_waits() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("place");
        let (begun, has_begun) = mpsc::channel();
        thread::scope(|scope| {
            let first = scope.spawn(|| {
                filled(&place, |partial| {
                    begun.send(()).unwrap();
                    // Gives the other thread time to find that the folder does not exist yet.
                    thread::sleep(Duration::from_millis(200));
                    Ok(fs::write(partial.join("whole"), "")?)
                })
            });
            has_begun.recv().unwrap();
            filled(&place, |_| bail!("filled twice")).unwrap();
            assert_eq!(names(&place), ["whole"]);
            first.join().unwrap().unwrap();
        });
    }
}
