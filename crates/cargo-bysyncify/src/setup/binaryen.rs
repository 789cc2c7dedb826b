//! Binaryen's `wasm-opt` with a known version.

use core::fmt;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::node;
use crate::command;

/// A `wasm-opt` with a known version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WasmOpt {
    path: PathBuf,
    /// For npm's `wasm-opt`, which is a script: the Node that runs it.
    node: Option<PathBuf>,
    version: u32,
}

impl WasmOpt {
    /// The `wasm-opt` at `path`. Runs it to find out its version.
    ///
    /// # Errors
    ///
    /// If it cannot be run or does not print a version.
    pub fn at(path: &Path) -> Result<Self> {
        // The system could run the script directly, but not on Windows.
        let node = if is_node_script(path)? { Some(node()?) } else { None };
        let mut found = Self { path: path.to_owned(), node, version: 0 };
        let printed = command::stdout(found.command().arg("--version"))?;
        found.version = parse_version(&printed)
            .with_context(|| format!("`{} --version` printed `{printed}`", path.display()))?;
        Ok(found)
    }

    /// npm's `wasm-opt`, whose version is already known.
    pub(super) fn script(node: PathBuf, path: PathBuf, version: u32) -> Self {
        Self { path, node: Some(node), version }
    }

    /// Whether it is npm's, which Node runs. A native one is ten times as fast.
    #[must_use]
    pub fn is_script(&self) -> bool {
        self.node.is_some()
    }

    /// The path of the program, which is also a valid value of `WASM_OPT`.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Binaryen's version, which is a single number.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Runs it with these arguments.
    ///
    /// # Errors
    ///
    /// If it fails; the error contains the command line and the output.
    pub fn run<I, A>(&self, arguments: I) -> Result<()>
    where
        I: IntoIterator<Item = A>,
        A: AsRef<OsStr>,
    {
        command::output(self.command().args(arguments)).map(drop)
    }

    fn command(&self) -> Command {
        match &self.node {
            Some(node) => {
                let mut command = Command::new(node);
                command.arg(&self.path);
                command
            }
            None => Command::new(&self.path),
        }
    }
}

impl fmt::Display for WasmOpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wasm-opt {}: {}", self.version, self.path.display())
    }
}

/// Whether a file begins with `#!…node`.
fn is_node_script(path: &Path) -> Result<bool> {
    let read = || {
        let mut start = Vec::new();
        File::open(path)?.take(64).read_to_end(&mut start)?;
        Ok::<_, std::io::Error>(start)
    };
    let start = read().with_context(|| format!("cannot read `{}`", path.display()))?;
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.trim_ascii_end();
    Ok(line.starts_with(b"#!") && line.ends_with(b"node"))
}

/// Parses `132` in `wasm-opt version 132 (version_132)`.
fn parse_version(printed: &str) -> Option<u32> {
    let rest = printed.strip_prefix("wasm-opt version ")?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_read_in_every_form_that_was_seen() {
        assert_eq!(parse_version("wasm-opt version 132 (version_132)"), Some(132));
        assert_eq!(parse_version("wasm-opt version 108"), Some(108));
        assert_eq!(parse_version("wasm-opt version 117 (version_117-3-gabcdef)"), Some(117));
        assert_eq!(parse_version("wasm-opt version (unknown)"), None);
        assert_eq!(parse_version("emcc 3.1.6"), None);
    }

    #[test]
    fn npm_script_is_told_from_a_program() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (content, expected) in [
            (&b"#!/usr/bin/env node\nimport"[..], true),
            (b"#!/usr/bin/node\r\nimport", true),
            (b"#!/bin/sh\nexec node", false),
            (b"\x7fELF node", false),
            (b"", false),
        ] {
            std::fs::write(file.path(), content).unwrap();
            assert_eq!(is_node_script(file.path()).unwrap(), expected, "{content:?}");
        }
    }
}
