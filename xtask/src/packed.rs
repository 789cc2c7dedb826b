//! The published packages as users get them: packed, and unpacked elsewhere.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process;
use crate::workspace::{Package, Workspace};

/// The packages that are published.
pub(crate) fn published(workspace: &Workspace) -> impl Iterator<Item = &Package> {
    workspace.packages.iter().filter(|package| package.is_published)
}

/// Returns the command `cargo package` for these packages. It includes changes that are not committed yet.
pub(crate) fn package_command(workspace: &Workspace, packages: &[&Package]) -> Command {
    let mut command = process::cargo();
    command.current_dir(&workspace.root).args(["package", "--allow-dirty", "--quiet"]);
    for package in packages {
        command.args(["--package", &package.name]);
    }
    command
}

/// The published packages, packed and unpacked: a workspace in which each replaces the registry's version of it.
///
/// Cargo could build the packed crates itself. But it keeps the unpacked files of a version forever, and would build
/// other packages with outdated ones.
pub(crate) struct Unpacked {
    /// The folder of the workspace.
    pub(crate) sources: PathBuf,
    /// Its target directory.
    pub(crate) target: PathBuf,
}

impl Unpacked {
    /// Packs and unpacks all published packages.
    pub(crate) fn new(workspace: &Workspace) -> Result<Self> {
        let packages: Vec<_> = published(workspace).collect();
        process::must_succeed(package_command(workspace, &packages).arg("--no-verify"))?;
        let folder = workspace.target.join("packages");
        let sources = folder.join("sources");
        if sources.exists() {
            fs::remove_dir_all(&sources)?;
        }
        fs::create_dir_all(&sources)
            .with_context(|| format!("cannot create `{}`", sources.display()))?;
        let mut manifest =
            "[workspace]\nmembers = [\"*\"]\nresolver = \"3\"\n[patch.crates-io]\n".to_owned();
        for package in packages {
            let name = folder_name(package);
            let packed = workspace.target.join(format!("package/{name}.crate"));
            // `m`: files get the current time. In a package all have the same date, so cargo would see no change.
            let mut tar = Command::new("tar");
            process::must_succeed(tar.current_dir(&sources).arg("-xzmf").arg(packed))?;
            manifest.push_str(&format!("{}.path = \"{name}\"\n", package.name));
        }
        fs::write(sources.join("Cargo.toml"), manifest)?;
        // So that dependencies have the versions that everything else here is tested with.
        fs::copy(workspace.root.join("Cargo.lock"), sources.join("Cargo.lock"))?;
        Ok(Self { sources, target: folder.join("target") })
    }

    /// The folder of a package.
    pub(crate) fn folder(&self, workspace: &Workspace, name: &str) -> Result<PathBuf> {
        let package = published(workspace).find(|package| package.name == name);
        let package = package.with_context(|| format!("`{name}` is not published"))?;
        Ok(self.sources.join(folder_name(package)))
    }

    /// `cargo <subcommand>` in the workspace.
    pub(crate) fn cargo(&self, subcommand: &str) -> Command {
        let mut command = process::cargo();
        command.current_dir(&self.sources).args([subcommand, "--quiet"]);
        command
    }
}

fn folder_name(package: &Package) -> String {
    format!("{}-{}", package.name, package.version)
}
