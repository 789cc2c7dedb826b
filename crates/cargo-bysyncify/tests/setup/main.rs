//! Preparing a machine, with a compiler, a rustup and an npm of our own making: the real ones would
//! change the machine.

#![cfg(unix)]

mod interrupted;
mod target;
mod wasm_opt;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A target that rustc knows, that nobody has, and that Debian's packages are not enough for.
pub(crate) const TARGET: &str = "wasm32-wali-linux-musl";

pub(crate) fn script(path: &Path, body: &str) {
    fs::write(path, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A folder with a `rustc` whose libraries would be in `lib`, where nothing is.
pub(crate) fn machine() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    script(&dir.path().join("rustc"), &format!("echo '{}/lib'", dir.path().display()));
    dir
}

pub(crate) fn setup(machine: &TempDir) -> Output {
    command(machine).output().unwrap()
}

pub(crate) fn command(machine: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-bysyncify"));
    command
        .args(["bysyncify", "setup", "--target", TARGET])
        .env("PATH", machine.path())
        .env("RUSTC", machine.path().join("rustc"))
        .env("BYSYNCIFY_CACHE", machine.path().join("cache"))
        .env_remove("WASM_OPT");
    command
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A machine that has a target and Node, and nothing more.
pub(crate) fn machine_without_wasm_opt() -> TempDir {
    let machine = machine();
    fs::create_dir(machine.path().join("lib")).unwrap();
    fs::write(machine.path().join("lib/libcore-1.rlib"), "").unwrap();
    script(&machine.path().join("node"), "echo v20.0.0");
    machine
}
