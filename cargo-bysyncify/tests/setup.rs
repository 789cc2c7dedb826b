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
    command(machine).output().unwrap()
}

fn command(machine: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-bysyncify"));
    command
        .args(["bysyncify", "setup", "--target", TARGET])
        .env("PATH", machine.path())
        .env("RUSTC", machine.path().join("rustc"))
        .env("BYSYNCIFY_CACHE", machine.path().join("cache"))
        .env_remove("WASM_OPT");
    command
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

/// A machine that has a target and Node, and nothing more.
fn machine_without_wasm_opt() -> TempDir {
    let machine = machine();
    fs::create_dir(machine.path().join("lib")).unwrap();
    fs::write(machine.path().join("lib/libcore-1.rlib"), "").unwrap();
    script(&machine.path().join("node"), "echo v20.0.0");
    machine
}

/// What helps where `wasm-opt` cannot be installed.
fn remedies(machine: &TempDir) -> String {
    format!(
        "Run one of these, then try again:\n    \
         cargo bysyncify setup\n        \
         where the npm registry can be reached\n    \
         npm install --prefix {}/cache/binaryen-132 binaryen-132.0.0.tgz\n        \
         with the file that `npm pack binaryen@132.0.0` makes on another machine\n    \
         sudo apt-get install binaryen\n        \
         or what else your system installs Binaryen with: any version from 108 on will do\n\
         or set WASM_OPT to the path of a wasm-opt.\n",
        machine.path().display()
    )
}

#[test]
fn without_npm_the_message_says_what_to_run() {
    let machine = machine_without_wasm_opt();
    assert_eq!(
        stderr(&setup(&machine)),
        format!(
            "error: wasm-opt is needed and could not be installed: npm is not on PATH: \
             install it (it comes with Node; Debian: `apt-get install npm`)\n{}",
            remedies(&machine)
        )
    );
}

#[test]
fn without_a_network_the_message_says_what_to_run() {
    let machine = machine_without_wasm_opt();
    // The real npm, which is a script for the real Node.
    fs::remove_file(machine.path().join("node")).unwrap();
    for name in ["node", "npm"] {
        let found = std::env::split_paths(&std::env::var_os("PATH").unwrap())
            .map(|folder| folder.join(name))
            .find(|file| file.exists())
            .unwrap();
        std::os::unix::fs::symlink(found, machine.path().join(name)).unwrap();
    }
    let output = command(&machine).env("npm_config_registry", "http://127.0.0.1:9/").output();
    let output = output.unwrap();
    let npm = format!(
        "{0}/npm install --no-audit --no-fund --no-update-notifier --fetch-retry-mintimeout=1000 \
         --fetch-retry-maxtimeout=5000 --prefix {0}/cache/binaryen-132.partial binaryen@132.0.0",
        machine.path().display()
    );
    let said = stderr(&output);
    let start = format!("     Running {npm}\n");
    let end = format!(
        "error: wasm-opt is needed and could not be installed: `{npm}` failed (exit status: 1)\n{}",
        remedies(&machine)
    );
    assert!(said.starts_with(&start), "{said}");
    assert!(said.contains("ECONNREFUSED"), "{said}");
    assert!(said.ends_with(&end), "{said}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn wasm_opt_on_path_that_is_of_no_use_is_named() {
    let machine = machine_without_wasm_opt();
    let wasm_opt = machine.path().join("wasm-opt");
    let path = wasm_opt.display();
    for (body, reason) in [
        (
            "echo wasm-opt version 107",
            format!("`{path}` on PATH is of version 107, but 108 or later is needed"),
        ),
        (
            "echo broken >&2; exit 1",
            format!(
                "`{path}` on PATH cannot be used: `{path} --version` failed (exit status: 1):\n\
                 broken"
            ),
        ),
        (
            "echo unknown",
            format!("`{path}` on PATH cannot be used: `{path} --version` printed `unknown`"),
        ),
    ] {
        script(&wasm_opt, body);
        assert_eq!(
            stderr(&setup(&machine)),
            format!(
                "        Note {reason}\nerror: wasm-opt is needed and could not be \
                 installed: npm is not on PATH: install it (it comes with Node; Debian: `apt-get \
                 install npm`)\n{reason}.\n{}",
                remedies(&machine)
            )
        );
    }
    script(&wasm_opt, "echo wasm-opt version 108");
    let output = setup(&machine);
    assert_eq!(stderr(&output), "");
    assert!(String::from_utf8_lossy(&output.stdout).contains(&format!("wasm-opt 108: {path}\n")));
}

#[test]
fn wasm_opt_that_was_named_is_used_or_refused() {
    let machine = machine_without_wasm_opt();
    let named = machine.path().join("named");
    let path = named.display();
    let said = || stderr(&command(&machine).env("WASM_OPT", &named).output().unwrap());
    assert_eq!(
        said(),
        format!(
            "error: WASM_OPT cannot be used: cannot read `{path}`: No such file or directory (os \
             error 2)\n"
        )
    );
    script(&named, "echo wasm-opt version 107");
    assert_eq!(
        said(),
        format!("error: WASM_OPT is wasm-opt 107: {path}, but version 108 or later is needed\n")
    );
    script(&named, "echo wasm-opt version 130");
    assert_eq!(said(), "");
}

#[test]
fn wasm_opt_is_installed_once_and_whole() {
    let machine = machine_without_wasm_opt();
    let npm = machine.path().join("npm");
    let place = machine.path().join("cache/binaryen-132");

    script(&npm, "exit 7");
    assert!(!setup(&machine).status.success());
    assert!(!place.exists());

    // Arguments: install, five flags, --prefix, the folder, the package.
    script(&npm, "echo \"$9\" > \"$8/package\"");
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
