//! `cargo-bysyncify runner`, which cargo calls, with modules and packages that do not go together.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A module as the crate wasm-bindgen 0.2.1 leaves it.
const FOR_WASM_BINDGEN: &str = r#"(module
    (import "__wbindgen_placeholder__" "f" (func))
    (@custom "__wasm_bindgen_unstable" "\13\00\00\00{\22version\22:\220.2.1\22}"))"#;

/// A module for no host at all.
const PLAIN: &str = r#"(module (func (export "main") (param i32 i32) (result i32) i32.const 3))"#;

/// A package with this metadata, and the module in its `target`.
fn package(metadata: &str, module: &str) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let manifest = "[package]\nname = \"small\"\nedition = \"2024\"\n[workspace]\n";
    let metadata = format!("{manifest}[package.metadata.bysyncify]\n{metadata}\n");
    fs::write(dir.path().join("Cargo.toml"), metadata).unwrap();
    fs::create_dir_all(dir.path().join("src")).unwrap();
    fs::write(dir.path().join("src/main.rs"), "").unwrap();
    fs::create_dir_all(dir.path().join("target/deps")).unwrap();
    let path = dir.path().join("target/small.wasm");
    fs::write(&path, wat::parse_str(module).unwrap()).unwrap();
    (dir, path)
}

/// Runs a package's module as `cargo run` does.
fn runner(package: &TempDir, module: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-bysyncify"));
    command
        .arg("runner")
        .arg(module)
        .env("CARGO_MANIFEST_DIR", package.path())
        .env("CARGO", "cargo")
        .env("BYSYNCIFY_CACHE", package.path().join("cache"));
    command
}

/// The exit status, and what was said, with `DIR` for the package's folder.
fn said(package: &TempDir, command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let folder = package.path().display().to_string();
    (output.status.code(), String::from_utf8(text).unwrap().replace(&folder, "DIR"))
}

fn error(text: &str) -> (Option<i32>, String) {
    (Some(1), format!("error: {text}\n"))
}

#[test]
fn module_for_wasm_bindgen_needs_a_page() {
    let (package, module) = package("", FOR_WASM_BINDGEN);
    assert_eq!(
        said(&package, &mut runner(&package, &module)),
        error(
            "`DIR/target/small.wasm` was made for wasm-bindgen, so it runs in a page: put an \
             index.html into a folder of the package and name that in Cargo.toml:\n    \
             [package.metadata.bysyncify]\n    web = \"web\"\n\
             What wasm-bindgen makes is served with it, in `pkg`."
        )
    );
}

#[test]
fn page_needs_a_module_for_wasm_bindgen() {
    let (package, module) = package("web = \"web\"", PLAIN);
    assert_eq!(
        said(&package, &mut runner(&package, &module)),
        error(
            "`DIR/target/small.wasm` was not made for wasm-bindgen, as a program for a page has \
             to be: let it use the crate wasm-bindgen, or remove `web` from \
             `package.metadata.bysyncify` in Cargo.toml"
        )
    );
}

#[test]
fn component_needs_another_engine_or_a_script() {
    let (package, module) = package("", "(component)");
    let message = "`DIR/target/small.wasm` is a component, which Node does not run: use an \
                   engine that does, as in `wasmtime run DIR/target/small.wasm`, or put a script \
                   that runs it into the package and name it in Cargo.toml:\n    \
                   [package.metadata.bysyncify]\n    host = \"host.mjs\"";
    assert_eq!(said(&package, &mut runner(&package, &module)), error(message));

    let (package, module) = self::package("host = \"host.mjs\"", "(component)");
    fs::write(package.path().join("host.mjs"), "console.log('ran');").unwrap();
    assert_eq!(said(&package, &mut runner(&package, &module)), (Some(0), "ran\n".into()));
}

#[test]
fn without_a_network_the_message_says_how_to_install_wasm_bindgen() {
    let (package, module) = package("web = \"web\"", FOR_WASM_BINDGEN);
    let mut command = runner(&package, &module);
    // A home without an index of the registry, and no way to get one.
    command.env("CARGO_NET_OFFLINE", "true");
    let home = std::env::var_os("HOME").unwrap();
    command.env("CARGO_HOME", package.path()).env("RUSTUP_HOME", Path::new(&home).join(".rustup"));
    let (status, text) = said(&package, &mut command);
    let mut lines = text.lines();
    assert_eq!(
        lines.next(),
        Some("  Installing wasm-bindgen-cli 0.2.1, once: this takes a minute or two")
    );
    let install = lines.next().unwrap().strip_prefix("     Running ").unwrap();
    assert!(install.starts_with("cargo install --debug wasm-bindgen-cli --version 0.2.1 --target"));
    assert!(install.contains(" --root DIR/cache/wasm-bindgen-0.2.1.partial-"), "{install}");
    assert_eq!(
        text.lines().last(),
        Some(&*format!(
            "error: wasm-bindgen-cli 0.2.1 is needed, the version of the crate wasm-bindgen in \
             Cargo.lock, and could not be installed: run `cargo install wasm-bindgen-cli \
             --version 0.2.1 --locked` where the registry can be reached, and try again: \
             `{install}` failed (exit status: 101)"
        )),
        "{text}"
    );
    assert_eq!(status, Some(1));
}

/// Programs that stand for wasm-bindgen's, of this version, found on `PATH`.
fn with_tools(package: &TempDir, version: &str, command: &mut Command) {
    for name in ["wasm-bindgen", "wasm-bindgen-test-runner"] {
        let tool = package.path().join(name);
        let text = format!(
            "#!/bin/sh\n[ $1 = --version ] && echo {name} {version} && exit\necho {name} $*\n"
        );
        fs::write(&tool, text).unwrap();
        fs::set_permissions(tool, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let rest = std::env::var("PATH").unwrap();
    command.env("PATH", format!("{}:{rest}", package.path().display()));
}

#[test]
fn tools_on_path_are_used_if_they_have_the_version() {
    let (package, module) = package("web = \"web\"", FOR_WASM_BINDGEN);
    let mut command = runner(&package, &module);
    with_tools(&package, "0.2.1", &mut command);
    assert_eq!(
        said(&package, &mut command),
        error(
            "the page `DIR/web/index.html` is not there: see `package.metadata.bysyncify.web` in \
             the package's Cargo.toml"
        )
    );
    with_tools(&package, "0.2.2", &mut command);
    let (_, text) = said(&package, command.env("CARGO_NET_OFFLINE", "true"));
    assert!(text.starts_with("  Installing wasm-bindgen-cli 0.2.1, once"), "{text}");
}

#[test]
fn tests_for_wasm_bindgen_are_run_by_its_own_runner() {
    let (package, module) = package("", FOR_WASM_BINDGEN);
    let in_deps = package.path().join("target/deps/small.wasm");
    fs::rename(module, &in_deps).unwrap();
    let mut command = runner(&package, &in_deps);
    command.args(["--nocapture", "filter"]);
    with_tools(&package, "0.2.1", &mut command);
    let expected = "wasm-bindgen-test-runner DIR/target/deps/small.wasm --nocapture filter\n";
    assert_eq!(said(&package, &mut command), (Some(0), expected.to_owned()));
}

#[test]
fn host_script_runs_tests_only_if_they_need_it() {
    let (package, module) = package("host = \"host.mjs\"", PLAIN);
    fs::write(package.path().join("host.mjs"), "console.log('host'); process.exit(4)").unwrap();
    assert_eq!(said(&package, &mut runner(&package, &module)), (Some(4), "host\n".into()));
    let in_deps = package.path().join("target/deps/small.wasm");
    fs::rename(module, &in_deps).unwrap();
    assert_eq!(said(&package, &mut runner(&package, &in_deps)), (Some(3), String::new()));
    let needy = wat::parse_str(r#"(module (import "host" "f" (func)))"#).unwrap();
    fs::write(&in_deps, needy).unwrap();
    assert_eq!(said(&package, &mut runner(&package, &in_deps)), (Some(4), "host\n".into()));
}

#[test]
fn wasi_program_may_have_much_memory() {
    let program = r#"(module
        (import "wasi_snapshot_preview1" "fd_write"
          (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "clock_time_get"
          (func $time (param i32 i64 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "\08\00\00\00\06\00\00\00grown\0a")
        (func $call_often (local $times i32)
          (local.set $times (i32.const 100000))
          (loop $again
            (drop (call $time (i32.const 0) (i64.const 1) (i32.const 64)))
            (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1))))))
        (func (export "_start") (local $times i32)
          (local.set $times (i32.const 40))
          (loop $again
            (call $call_often)
            (drop (memory.grow (i32.const 64)))
            (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
          (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)))))"#;
    let (package, module) = package("", program);
    let ran = said(&package, &mut runner(&package, &module));
    assert_eq!(ran, (Some(0), "grown\n".to_owned()));
}
