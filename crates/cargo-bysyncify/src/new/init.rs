//! `cargo bysyncify init`: prepares an existing package.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;

use super::{library, note_what_plain_cargo_needs};
use crate::{cargo, command, store};

/// Prepares a package that is there already
///
/// Adds bysyncify to its dependencies, if it is not there, and makes a .cargo/config.toml that names the
/// linker, so that plain cargo makes pausable modules, too. If there is such a file, it says what to add.
#[derive(Debug, PartialEq, Eq, Args)]
pub(crate) struct InitRequest {
    /// The package's folder
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Depend on the library in this folder, and not on a released one, as `new` does
    #[arg(long, value_name = "DIR")]
    path: Option<PathBuf>,
}

/// What .cargo/config.toml has to contain.
const CONFIG: &str = "\
# Makes modules that use bysyncify pausable, and runs them.
[target.wasm32-unknown-unknown]
linker = \"bysyncify-ld\"
runner = \"cargo-bysyncify runner\"
";

/// Prepares the package, and prints what was done.
pub(crate) fn init(request: &InitRequest) -> Result<()> {
    let folder = &request.folder;
    if !folder.join("Cargo.toml").is_file() {
        bail!(
            "`{}` has no Cargo.toml: `cargo bysyncify new NAME` makes a package",
            folder.display()
        );
    }
    let library = library(request.path.as_deref())?;
    add_dependency(folder, library.as_deref())?;
    add_linker(&folder.join(".cargo/config.toml"))?;
    note_what_plain_cargo_needs(library.as_deref());
    Ok(())
}

fn add_dependency(folder: &Path, library: Option<&Path>) -> Result<()> {
    if depends(folder)? {
        eprintln!("        Kept the dependency on bysyncify");
        return Ok(());
    }
    let mut cargo = Command::new(cargo::program());
    cargo.arg("add").current_dir(folder);
    match library {
        Some(library) => cargo.arg("--path").arg(library),
        // The library and its tools have the same version.
        None => cargo.arg(concat!(
            "bysyncify@",
            env!("CARGO_PKG_VERSION_MAJOR"),
            ".",
            env!("CARGO_PKG_VERSION_MINOR")
        )),
    };
    // Cargo itself prints what it adds.
    command::run(&mut cargo)
}

/// Whether the package already depends on the library, in any way.
fn depends(folder: &Path) -> Result<bool> {
    let manifest = folder.join("Cargo.toml");
    let manifest = fs::canonicalize(&manifest)
        .with_context(|| format!("cannot read `{}`", manifest.display()))?;
    let mut cargo = Command::new(cargo::program());
    cargo.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(folder);
    let metadata: serde_json::Value = serde_json::from_str(&command::stdout(&mut cargo)?)
        .context("cannot read `cargo metadata`")?;
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let is_meant = |package: &serde_json::Value| {
        let path = package["manifest_path"].as_str().map(fs::canonicalize);
        path.is_some_and(|path| path.is_ok_and(|path| path == manifest))
    };
    let packages = list(&metadata["packages"]);
    let Some(package) = packages.iter().find(|package| is_meant(package)) else {
        bail!("`{}` is of a workspace, and of no package: choose a member", folder.display());
    };
    Ok(list(&package["dependencies"]).iter().any(|dependency| dependency["name"] == "bysyncify"))
}

fn add_linker(config: &Path) -> Result<()> {
    let shown = config.display();
    if !config.exists() {
        if let Some(parent) = config.parent() {
            fs::create_dir_all(parent)
                .with_context(|| format!("cannot create `{}`", parent.display()))?;
        }
        store::write(config, CONFIG.as_bytes())?;
        eprintln!("     Created `{shown}`, which names the linker");
        return Ok(());
    }
    let text = fs::read_to_string(config).with_context(|| format!("cannot read `{shown}`"))?;
    if text.contains("bysyncify-ld") {
        eprintln!("        Kept `{shown}`, which names the linker");
    } else {
        eprintln!("        Note `{shown}` is there already: add this to it by hand\n{CONFIG}");
    }
    Ok(())
}
