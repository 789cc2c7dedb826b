//! Finds Node, which runs npm's `wasm-opt` and, for `run` and `test`, the programs.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use semver::Version;

use crate::command;

/// The oldest Node whose `node:wasi` and module loading we use.
const OLDEST: u64 = 18;

const HELP: &str = "install it from https://nodejs.org or with your package manager \
                    (Debian: `apt-get install nodejs npm`; macOS: `brew install node`)";

/// Finds `node` on `PATH`, version 18 or later.
///
/// # Errors
///
/// If there is none or it is too old; the error says how to install one.
pub fn node() -> Result<PathBuf> {
    node_and_major().map(|(path, _)| path)
}

/// The same, with the first number of its version.
pub(crate) fn node_and_major() -> Result<(PathBuf, u64)> {
    let Some(path) = command::find("node") else {
        bail!("Node {OLDEST} or later is needed and `node` is not on PATH: {HELP}");
    };
    let version = command::stdout(Command::new(&path).arg("--version"))?;
    let major = major(&version)
        .with_context(|| format!("`{} --version` printed `{version}`", path.display()))?;
    if major < OLDEST {
        bail!("{} is Node {version}, but {OLDEST} or later is needed: {HELP}", path.display());
    }
    Ok((path, major))
}

/// Parses `20` in `v20.20.2`.
fn major(version: &str) -> Option<u64> {
    Some(Version::parse(version.strip_prefix('v')?).ok()?.major)
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn major_is_read_from_what_node_prints() {
        assert_eq!(major("v20.20.2"), Some(20));
        assert_eq!(major("v8.0.0"), Some(8));
        assert_eq!(major("20.1.0"), None);
        assert_eq!(major("vNext"), None);
    }
}
