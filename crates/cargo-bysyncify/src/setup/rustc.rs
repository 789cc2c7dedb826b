//! Queries a Rust compiler for its version and its targets.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command;

/// A Rust compiler.
#[derive(Clone, Debug)]
pub(super) struct Rustc {
    pub(super) program: PathBuf,
}

/// The output of `rustc -vV`, as far as we need it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) release: semver::Version,
    pub(super) host: String,
    commit: String,
}

/// The host of the current compiler: `x86_64-unknown-linux-gnu`.
///
/// # Errors
///
/// If there is no compiler.
pub fn host_triple() -> Result<String> {
    Ok(Rustc::current().version()?.host)
}

impl Rustc {
    /// The compiler that cargo would use: `$RUSTC` or `rustc`.
    pub(super) fn current() -> Self {
        let set = std::env::var_os("RUSTC").filter(|value| !value.is_empty());
        Self { program: set.unwrap_or_else(|| OsString::from("rustc")).into() }
    }

    pub(super) fn at(program: &Path) -> Self {
        Self { program: program.to_owned() }
    }

    /// The folder for the libraries of a target, installed or not.
    pub(super) fn target_libdir(&self, triple: &str) -> Result<PathBuf> {
        self.print(&["--print", "target-libdir", "--target", triple]).map(PathBuf::from)
    }

    /// Whether it can compile for a target.
    pub(super) fn has_target(&self, triple: &str) -> Result<bool> {
        let Ok(entries) = self.target_libdir(triple)?.read_dir() else { return Ok(false) };
        Ok(entries.flatten().any(|entry| is_libcore(&entry.path())))
    }

    pub(super) fn sysroot(&self) -> Result<PathBuf> {
        self.print(&["--print", "sysroot"]).map(PathBuf::from)
    }

    /// The folder for the source of the standard library, installed or not.
    pub(super) fn source(&self) -> Result<PathBuf> {
        Ok(self.sysroot()?.join("lib/rustlib/src/rust/library"))
    }

    pub(super) fn version(&self) -> Result<Version> {
        let printed = self.print(&["-vV"])?;
        Version::parse(&printed)
            .with_context(|| format!("`{} -vV` printed `{printed}`", self.program.display()))
    }

    fn print(&self, arguments: &[&str]) -> Result<String> {
        command::stdout(Command::new(&self.program).args(arguments))
    }
}

impl Version {
    fn parse(printed: &str) -> Option<Self> {
        let field = |name: &str| -> Option<String> {
            printed.lines().find_map(|line| line.strip_prefix(name)).map(|rest| rest.trim().into())
        };
        Some(Self {
            release: field("release:")?.parse().ok()?,
            host: field("host:")?,
            commit: field("commit-hash:")?,
        })
    }

    /// A name that distinguishes this compiler's libraries from those of any other.
    pub(super) fn key(&self) -> String {
        format!("{}-{}", self.release, self.commit.get(..9).unwrap_or(&self.commit))
    }

    /// Whether this is an older release than `other`.
    pub(super) fn is_older_than(&self, other: &Self) -> bool {
        self.release < other.release
    }
}

/// Whether a file is `libcore-<hash>.rlib`, the one library that every target has.
pub(super) fn is_libcore(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("libcore-") && name.ends_with(".rlib")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(release: &str) -> Version {
        let printed = format!("rustc\ncommit-hash: ac68faa20c58\nhost: h-a-b\nrelease: {release}");
        Version::parse(&printed).unwrap()
    }

    #[test]
    fn releases_are_compared_as_versions() {
        assert!(release("1.96.0").is_older_than(&release("1.100.0")));
        assert!(!release("1.96.0").is_older_than(&release("1.95.1")));
        assert!(release("1.96.0-nightly").is_older_than(&release("1.96.0")));
    }

    #[test]
    fn key_names_release_and_commit() {
        assert_eq!(release("1.96.0").key(), "1.96.0-ac68faa20");
        assert_eq!(release("1.96.0").host, "h-a-b");
        assert_eq!(Version::parse("rustc 1.96.0"), None);
    }

    #[test]
    fn only_the_library_itself_counts_as_libcore() {
        assert!(is_libcore(Path::new("/lib/libcore-0123.rlib")));
        assert!(!is_libcore(Path::new("/lib/libcore-0123.rmeta")));
        assert!(!is_libcore(Path::new("/lib/libcore_simd-0123.rlib")));
    }
}
