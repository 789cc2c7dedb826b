//! The tools that make modules pausable: the command `wasm-asyncify`, and Binaryen's `wasm-opt`.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use cargo_bysyncify::setup;

use crate::host;
use crate::matrix::NEWEST;
use crate::process;
use crate::stand_in::StandIn;
use crate::workspace::Workspace;

/// The programs, and the folders for their results.
pub(super) struct Makers<'a> {
    pub(super) workspace: &'a Workspace,
    /// The folder of the programs to compile.
    pub(super) sources: PathBuf,
    /// The folder for results.
    target: PathBuf,
    pub(super) wasm_asyncify: PathBuf,
    /// The newest version of Binaryen's.
    pub(super) wasm_opt: PathBuf,
    pub(super) node: PathBuf,
}

impl<'a> Makers<'a> {
    /// Builds the command, and makes sure that there is a Binaryen.
    pub(super) fn prepare(workspace: &'a Workspace) -> Result<Self> {
        let mut build = host::cargo(workspace, "build");
        process::must_succeed(build.args(["--quiet", "--bin", "wasm-asyncify"]))?;
        Ok(Self {
            workspace,
            sources: workspace.root.join("tests/engine"),
            target: workspace.target.join("compilers"),
            wasm_asyncify: workspace
                .target
                .join(format!("debug/wasm-asyncify{}", env::consts::EXE_SUFFIX)),
            wasm_opt: setup::wasm_opt_version(NEWEST)?.path().to_owned(),
            node: setup::node()?,
        })
    }

    /// Makes a folder for results.
    pub(super) fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.target.join(name);
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create `{}`", folder.display()))?;
        Ok(folder)
    }

    /// A folder with a copy of the command that is called `wasm-opt`.
    pub(super) fn named_wasm_opt(&self) -> Result<PathBuf> {
        let folder = self.folder("named-wasm-opt")?;
        let copy = folder.join(format!("wasm-opt{}", env::consts::EXE_SUFFIX));
        fs::copy(&self.wasm_asyncify, &copy)
            .with_context(|| format!("cannot write `{}`", copy.display()))?;
        Ok(folder)
    }

    /// The command as a stand-in, for compilers that call `wasm-opt`.
    pub(super) fn stand_in(&self, real: &Path) -> Result<StandIn> {
        StandIn::write(self.target.join("stand-in"), &self.wasm_asyncify, real)
    }
}

/// PATH with these folders before it.
pub(super) fn path_after(folders: &[&Path]) -> Result<OsString> {
    let old = env::var_os("PATH").unwrap_or_default();
    let folders = folders.iter().map(|folder| folder.to_path_buf());
    Ok(env::join_paths(folders.chain(env::split_paths(&old)))?)
}

/// Runs a program, and returns its standard output.
pub(super) fn printed(command: &mut Command) -> Result<String> {
    Ok(String::from_utf8(process::must_succeed(command)?)?)
}

/// Runs a script in Node, and returns its output.
pub(super) fn run_by_node(makers: &Makers<'_>, arguments: &[&OsStr]) -> Result<String> {
    printed(Command::new(&makers.node).args(arguments))
}

/// Fails unless the output is as expected.
pub(super) fn compare(found: &str, expected: &str, who: &str) -> Result<()> {
    if expected.is_empty() {
        bail!("the program that is compared with prints nothing");
    }
    if found != expected {
        bail!("{who} printed\n{found}and not\n{expected}");
    }
    Ok(())
}
