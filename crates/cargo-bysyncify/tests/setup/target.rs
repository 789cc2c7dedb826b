//! The wasm target and Node.

use std::fs;

use tempfile::TempDir;

use super::{TARGET, machine, script, setup, stderr};

fn missing(machine: &TempDir, rustup: &str) -> String {
    format!(
        "error: `{}/rustc` has no standard library for {TARGET}, and it could not be installed.\n\
         rustup: {rustup}\n\
         Debian: its packages are enough only for wasm32-unknown-unknown, wasm32-wasip1, \
         wasm32-wasip2, wasm32v1-none, wasm64-unknown-unknown\n\
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
