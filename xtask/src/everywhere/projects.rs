//! The projects in `tests/everywhere`, and commands that run in them.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use cargo_bysyncify::setup;

use crate::process;
use crate::stand_in::StandIn;
use crate::workspace::Workspace;

/// The target of most projects.
pub(super) const UNKNOWN: &str = "wasm32-unknown-unknown";
pub(super) const WASI: &str = "wasm32-wasip1";
pub(super) const WASI2: &str = "wasm32-wasip2";

/// All targets and all packages that are built.
const TARGETS: [&str; 3] = [UNKNOWN, WASI, WASI2];
const PACKAGES: [&str; 10] = [
    "everywhere-block-on",
    "everywhere-clocks",
    "everywhere-component",
    "everywhere-one-source",
    "everywhere-plain",
    "everywhere-traces",
    "everywhere-wasi",
    "everywhere-wasm-bindgen",
    "everywhere-wasm-bindgen-test",
    "everywhere-wasm-opt-step",
];

/// A profile of cargo's: its name, and the folder that cargo builds it in.
#[derive(Clone, Copy)]
pub(super) struct Profile {
    pub(super) name: &'static str,
    pub(super) folder: &'static str,
}

pub(super) const DEV: Profile = Profile { name: "dev", folder: "debug" };
pub(super) const RELEASE: Profile = Profile { name: "release", folder: "release" };
/// As small as it gets: optimised as a whole, and all names stripped.
pub(super) const SMALL: Profile = Profile { name: "small", folder: "small" };

/// A workspace of its own, with the configuration that users have.
pub(super) struct Projects {
    /// Its folder.
    root: PathBuf,
    /// Its target directory.
    pub(super) target: PathBuf,
    /// The folder of `bysyncify-ld`.
    linker_folder: PathBuf,
}

impl Projects {
    /// Builds the linker, and makes sure that there is a `wasm-opt` that it finds.
    pub(super) fn prepare(workspace: &Workspace) -> Result<Self> {
        let mut build = process::cargo();
        build.current_dir(&workspace.root);
        build.args(["build", "--quiet", "--package", "cargo-bysyncify", "--bins"]);
        process::must_succeed(&mut build)?;
        let projects = Self {
            root: workspace.root.join("tests/everywhere"),
            target: workspace.target.join("everywhere"),
            linker_folder: workspace.target.join("debug"),
        };
        projects.forget_what_another_linked(&setup::wasm_opt()?.to_string())?;
        Ok(projects)
    }

    /// A project's folder.
    pub(super) fn folder(&self, project: &str) -> PathBuf {
        self.root.join(project)
    }

    /// A command as a project's user types it. PATH has `bysyncify-ld`, and after it the programs in these folders.
    pub(super) fn command(
        &self,
        program: impl AsRef<OsStr>,
        project: &str,
        folders: &[PathBuf],
    ) -> Result<Command> {
        let old_path = std::env::var_os("PATH").unwrap_or_default();
        let ours = [&self.linker_folder].into_iter().chain(folders).cloned();
        let path = std::env::join_paths(ours.chain(std::env::split_paths(&old_path)))?;
        let mut command = Command::new(program);
        command.current_dir(self.folder(project)).env("PATH", path);
        command.env("CARGO_TARGET_DIR", &self.target);
        Ok(command)
    }

    /// `cargo <subcommand> --target <triple>` in a project, with the compiler that has the target.
    pub(super) fn cargo(
        &self,
        subcommand: &str,
        project: &str,
        triple: &str,
        folders: &[PathBuf],
    ) -> Result<Command> {
        let mut command = self.command(process::cargo().get_program(), project, folders)?;
        setup::wasm_target(triple)?.apply(&mut command);
        command.args([subcommand, "--target", triple]);
        Ok(command)
    }

    /// `cargo bysyncify`, as it is in this checkout. Not called by that name: here it is an alias, for users who have
    /// nothing installed.
    pub(super) fn bysyncify(&self, project: &str) -> Result<Command> {
        let program = self.linker_folder.join("cargo-bysyncify");
        let mut command = self.command(program, project, &[])?;
        command.arg("bysyncify");
        Ok(command)
    }

    /// The path to which cargo writes a module.
    pub(super) fn module(&self, file: &str, triple: &str, profile: Profile) -> PathBuf {
        self.target.join(triple).join(profile.folder).join(file)
    }

    /// A program that tools call as `wasm-opt`, which runs the engine's command.
    pub(super) fn stand_in(&self, real: &Path) -> Result<StandIn> {
        let mut build = process::cargo();
        build.current_dir(self.root.join("../..")).args(["build", "--quiet"]);
        build.args(["--package", "wasm-asyncify", "--features", "cli"]);
        process::must_succeed(&mut build)?;
        let program = format!("wasm-asyncify{}", std::env::consts::EXE_SUFFIX);
        StandIn::write(self.target.join("stand-in"), &self.linker_folder.join(program), real)
    }

    /// The version of a package that the projects use.
    pub(super) fn version(&self, package: &str) -> Result<String> {
        let mut command = process::cargo();
        command.current_dir(&self.root).args(["pkgid", package]);
        let id = String::from_utf8(process::must_succeed(&mut command)?)?;
        let (_, version) = id.trim().rsplit_once('@').context("a package has a version")?;
        Ok(version.into())
    }

    /// Removes the programs that another linker or `wasm-opt` has linked: cargo does not link again when only these
    /// have changed.
    fn forget_what_another_linked(&self, wasm_opt: &str) -> Result<()> {
        let linker = format!("bysyncify-ld{}", std::env::consts::EXE_SUFFIX);
        let linker = fs::metadata(self.linker_folder.join(linker))?;
        let key = format!("{:?} {wasm_opt}", linker.modified()?);
        let key_file = self.target.join("linked-by");
        if fs::read_to_string(&key_file).is_ok_and(|old| old == key) {
            return Ok(());
        }
        for profile in [DEV, RELEASE, SMALL] {
            let mut clean = process::cargo();
            clean.current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target);
            clean.args(["clean", "--quiet", "--profile", profile.name]);
            clean.args(TARGETS.iter().flat_map(|triple| ["--target", triple]));
            clean.args(PACKAGES.iter().flat_map(|name| ["--package", name]));
            process::must_succeed(&mut clean)?;
        }
        fs::create_dir_all(&self.target)?;
        fs::write(key_file, key).context("cannot write what has linked the projects")
    }
}
