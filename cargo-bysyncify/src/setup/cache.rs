//! Our folder in the user's cache, and how things get into it: whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The folder where we keep what we installed: `$BYSYNCIFY_CACHE`, or `bysyncify` in the user's
/// cache folder.
///
/// # Errors
///
/// If the environment names none; says which variable to set.
pub fn dir() -> Result<PathBuf> {
    dir_from(|name| std::env::var_os(name).filter(|value| !value.is_empty()))
        .context("no cache folder is known: set BYSYNCIFY_CACHE to a folder of your choice")
}

fn dir_from(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    if let Some(dir) = variable("BYSYNCIFY_CACHE") {
        // Absolute, since cargo and npm are run in other folders.
        return std::path::absolute(dir).ok();
    }
    // A relative XDG_CACHE_HOME is to be ignored, says its specification.
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

/// The folder `name` in our cache. If it is not there, `fill` gets an empty one to make it of.
///
/// That one takes its name only when `fill` is done, so an interrupted run leaves nothing that
/// looks finished. A second process waits for the first.
///
/// # Errors
///
/// Those of `fill`; or if the folder cannot be made.
pub fn cached(name: &str, fill: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let place = dir()?.join(name);
    filled(&place, fill)?;
    Ok(place)
}

/// Makes sure that the folder `place` exists, calling `fill` with an empty folder if not: see
/// [`cached`].
pub(super) fn filled(place: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    if place.is_dir() {
        return Ok(());
    }
    let beside = |suffix: &str| {
        let mut name = place.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    if let Some(parent) = place.parent() {
        fs::create_dir_all(parent)
            .with_context(|| format!("cannot create `{}`", parent.display()))?;
    }
    let lock = beside(".lock");
    let lock = File::create(&lock).with_context(|| format!("cannot write `{}`", lock.display()))?;
    lock.lock().context("cannot lock the cache")?;
    if place.is_dir() {
        return Ok(());
    }
    let partial = beside(".partial");
    if partial.exists() {
        fs::remove_dir_all(&partial)
            .with_context(|| format!("cannot remove `{}`", partial.display()))?;
    }
    fs::create_dir(&partial).with_context(|| format!("cannot create `{}`", partial.display()))?;
    fill(&partial)?;
    fs::rename(&partial, place).with_context(|| format!("cannot create `{}`", place.display()))
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn failed_fill_leaves_nothing_and_the_next_one_starts_empty() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("a/b");
        let error = filled(&place, |partial| {
            fs::write(partial.join("half"), "")?;
            bail!("interrupted")
        });
        assert_eq!(error.unwrap_err().to_string(), "interrupted");
        assert!(!place.exists());

        filled(&place, |partial| Ok(fs::write(partial.join("whole"), "")?)).unwrap();
        let names: Vec<_> =
            fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["whole"]);

        filled(&place, |_| bail!("filled twice")).unwrap();
    }
}
