//! Installing a target, with a compiler and a rustup of our own making: the real ones would
//! change the machine.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A target that rustc knows, that nobody has, and that Debian's packages are not enough for.
const TARGET: &str = "wasm32-wali-linux-musl";

fn script(path: &Path, body: &str) {
    fs::write(path, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A folder with a `rustc` whose libraries would be in `lib`, where nothing is.
fn machine() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    script(&dir.path().join("rustc"), &format!("echo '{}/lib'", dir.path().display()));
    dir
}

fn setup(machine: &TempDir) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cargo-bysyncify"))
        .args(["bysyncify", "setup", "--target", TARGET])
        .env("PATH", machine.path())
        .env("RUSTC", machine.path().join("rustc"))
        .env("BYSYNCIFY_CACHE", machine.path().join("cache"))
        .env_remove("WASM_OPT")
        .output()
        .unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn missing(machine: &TempDir, rustup: &str) -> String {
    format!(
        "error: `{}/rustc` has no standard library for {TARGET}, and it could not be installed.\n\
         rustup: {rustup}\n\
         Debian: its packages are enough only for wasm32-unknown-unknown, wasm32-wasip1, \
         wasm32v1-none, wasm64-unknown-unknown\n\
         Run one of these, then try again:\n    \
         rustup target add {TARGET}\n    \
         sudo apt-get install --no-install-recommends rustc-web rust-web-src && \
         sudo cargo bysyncify setup --target {TARGET}\n\
         or set RUSTC to a compiler that has the target.\n",
        machine.path().display()
    )
}

fn installing(machine: &TempDir) -> String {
    format!("  Installing {TARGET}, which `{}/rustc` lacks\n", machine.path().display())
}

fn running_rustup(machine: &TempDir) -> String {
    format!("     Running {}/rustup target add {TARGET}\n", machine.path().display())
}

#[test]
fn rustup_is_asked_first() {
    let machine = machine();
    let lib = machine.path().join("lib");
    let install = format!("/bin/mkdir '{0}' && : > '{0}/libcore-1.rlib'", lib.display());
    script(&machine.path().join("rustup"), &install);
    let output = setup(&machine);
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{TARGET}: {}\n", lib.display()));
    // The target is there; what comes next is not, on this machine.
    assert!(stderr(&output).starts_with(&(installing(&machine) + &running_rustup(&machine))));

    fs::remove_file(machine.path().join("rustup")).unwrap();
    assert!(!stderr(&setup(&machine)).contains("Installing"));
}

#[test]
fn without_rustup_the_message_says_what_to_run() {
    let machine = machine();
    let output = setup(&machine);
    let expected = installing(&machine) + &missing(&machine, "`rustup` is not on PATH");
    assert_eq!(stderr(&output), expected);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn failure_of_rustup_is_told() {
    let machine = machine();
    script(&machine.path().join("rustup"), "echo no network >&2; exit 1");
    let output = setup(&machine);
    let why = format!(
        "`{}/rustup target add {TARGET}` failed (exit status: 1)",
        machine.path().display()
    );
    let expected = installing(&machine)
        + &running_rustup(&machine)
        + "no network\n"
        + &missing(&machine, &why);
    assert_eq!(stderr(&output), expected);
}

#[test]
fn rustup_that_helps_another_compiler_is_no_help() {
    let machine = machine();
    script(&machine.path().join("rustup"), "exit 0");
    let why = format!("it succeeded, but `{}/rustc` still lacks it", machine.path().display());
    assert!(stderr(&setup(&machine)).ends_with(&missing(&machine, &why)));
}

#[test]
fn missing_node_is_told_with_what_installs_it() {
    let machine = machine();
    fs::create_dir(machine.path().join("lib")).unwrap();
    fs::write(machine.path().join("lib/libcore-1.rlib"), "").unwrap();
    assert_eq!(
        stderr(&setup(&machine)),
        "error: Node 18 or later is needed and `node` is not on PATH: install it from \
         https://nodejs.org or with your package manager (Debian: `apt-get install nodejs npm`; \
         macOS: `brew install node`)\n"
    );

    script(&machine.path().join("node"), "echo v16.20.2");
    assert_eq!(
        stderr(&setup(&machine)),
        format!(
            "error: {}/node is Node v16.20.2, but 18 or later is needed: install it from \
             https://nodejs.org or with your package manager (Debian: `apt-get install nodejs \
             npm`; macOS: `brew install node`)\n",
            machine.path().display()
        )
    );
}

#[test]
fn wasm_opt_is_installed_once_and_whole() {
    let machine = machine();
    fs::create_dir(machine.path().join("lib")).unwrap();
    fs::write(machine.path().join("lib/libcore-1.rlib"), "").unwrap();
    script(&machine.path().join("node"), "echo v20.0.0");
    let npm = machine.path().join("npm");
    let place = machine.path().join("cache/binaryen-132");

    script(&npm, "exit 7");
    assert!(!setup(&machine).status.success());
    assert!(!place.exists());

    // Arguments: install, three flags, --prefix, the folder, the package.
    script(&npm, "echo \"$7\" > \"$6/package\"");
    let output = setup(&machine);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        format!(
            "{TARGET}: {0}/lib\n\
             wasm-opt 132: {0}/cache/binaryen-132/node_modules/binaryen/bin/wasm-opt\n\
             node: {0}/node\n",
            machine.path().display()
        )
    );
    assert_eq!(fs::read_to_string(place.join("package")).unwrap(), "binaryen@132.0.0\n");

    script(&npm, "exit 7");
    assert!(setup(&machine).status.success());
}
