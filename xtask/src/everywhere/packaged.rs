//! The published packages as a new user gets them. The commands are installed from the packed files, in an empty home.
//! They make a project and run it with the packed library.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use cargo_bysyncify::setup;

use super::new_project::PRINTED;
use super::projects::{Projects, UNKNOWN};
use crate::packed::Unpacked;
use crate::process;
use crate::steps::Steps;
use crate::workspace::Workspace;

pub(super) fn check(_: &Projects, steps: &mut Steps<'_>) -> Result<()> {
    let workspace = Workspace::load()?;
    let home = tempfile::tempdir().context("cannot make a temporary folder")?;
    let home = home.path();
    let installed = steps.make("install", || install(&workspace, home));
    if installed.is_none() {
        return Ok(());
    }
    let made = steps.make("new", || {
        process::must_succeed(cargo(home, home)?.args(["bysyncify", "new", "demo"])).map(drop)
    });
    if made.is_some() {
        for words in [&["bysyncify", "run", "--quiet"][..], &["run", "--quiet"]] {
            steps.test(&format!("cargo {}", words.join(" ")), || {
                let mut run = cargo(home, &home.join("demo"))?;
                let printed = String::from_utf8(process::must_succeed(run.args(words))?)?;
                // On a busy machine, any of the timers may be the first.
                if sorted(&printed) != sorted(PRINTED) {
                    bail!("it prints this, and not what it should:\n{printed}");
                }
                Ok(1)
            });
        }
    }
    Ok(())
}

/// Installs the commands, and configures cargo to use the packed library for projects in this home.
fn install(workspace: &Workspace, home: &Path) -> Result<()> {
    let unpacked = Unpacked::new(workspace)?;
    // The lock file has packages of the checkout, too.
    process::must_succeed(unpacked.cargo("update").arg("--workspace"))?;
    let mut install = unpacked.cargo("install");
    install.args(["--locked", "--debug", "--path"]);
    install.arg(unpacked.folder(workspace, "cargo-bysyncify")?);
    install.arg("--root").arg(home.join("installed")).arg("--target-dir").arg(&unpacked.target);
    process::must_succeed(&mut install)?;
    let library = unpacked.folder(workspace, &workspace.library()?.name)?;
    let library = library.to_str().context("the checkout's path is not UTF-8")?;
    let patch =
        format!("[patch.crates-io]\nbysyncify.path = {}\n", serde_json::to_string(library)?);
    fs::create_dir(home.join(".cargo"))?;
    fs::write(home.join(".cargo/config.toml"), patch).context("cannot write cargo's configuration")
}

/// Returns cargo in a folder, with this home, and the programs that were installed there.
fn cargo(home: &Path, folder: &Path) -> Result<Command> {
    let mut cargo = process::cargo();
    setup::wasm_target(UNKNOWN)?.apply(&mut cargo);
    let old_path = env::var_os("PATH").unwrap_or_default();
    let path = [home.join("installed/bin")].into_iter().chain(env::split_paths(&old_path));
    cargo.current_dir(folder).env("PATH", env::join_paths(path)?).env("HOME", home);
    // The compiler, and the registry's address and crates, are those of the machine.
    for (variable, usual) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        cargo.env(variable, env::var_os(variable).map_or_else(|| old_home(usual), Ok)?);
    }
    // The variables that the calling cargo has set for this program are removed.
    let told = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let told = told.filter(|name| name.starts_with("CARGO_") && name != "CARGO_HOME");
    for variable in told.chain(["XDG_CACHE_HOME", "BYSYNCIFY_CACHE"].map(Into::into)) {
        cargo.env_remove(variable);
    }
    Ok(cargo)
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    lines
}

fn old_home(folder: &str) -> Result<OsString> {
    let home = env::home_dir().context("there is no home")?;
    Ok(home.join(folder).into_os_string())
}
