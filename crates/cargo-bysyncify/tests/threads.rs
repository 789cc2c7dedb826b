//! Rule S4 of the design: a coroutine is `Send` only where there are no threads, whatever the compiler
//! was told and how; and a library compiled without threads is not linked into a program with them.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use cargo_bysyncify::setup;
use tempfile::TempDir;

const TARGET: &str = "wasm32-unknown-unknown";

/// Compiles only if a coroutine may be sent although its closure may not.
const SENDS: &str = "
use std::rc::Rc;
fn send<T: Send>(_: T) {}
pub fn sends() {
    let rc = Rc::new(());
    send(bysyncify::Coroutine::new(4096, move |_| drop(rc)));
}
";

/// A package with this library; `config` is its `.cargo/config.toml`.
fn package(lib: &str, config: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let library = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let manifest = format!(
        "[package]\nname = \"sends\"\nedition = \"2024\"\n[lib]\ncrate-type = [\"cdylib\"]\n\
         [workspace]\n[dependencies]\nbysyncify = {{ path = {library:?} }}\n"
    );
    for folder in ["src", ".cargo"] {
        fs::create_dir(dir.path().join(folder)).unwrap();
    }
    for (path, content) in
        [("Cargo.toml", &*manifest), ("src/lib.rs", lib), (".cargo/config.toml", config)]
    {
        fs::write(dir.path().join(path), content).unwrap();
    }
    dir
}

/// Runs `cargo rustc` with these variables, and flags for the last crate; what it says if it fails.
fn build(package: &TempDir, variables: &[(&str, &str)], flags: &[&str]) -> Result<(), String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["rustc", "--quiet", "--target", TARGET, "--"]).args(flags);
    cargo.current_dir(package.path());
    cargo.env("CARGO_TARGET_DIR", package.path().join("target"));
    for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"] {
        cargo.env_remove(name);
    }
    setup::wasm_target(TARGET).expect("the target can be installed").apply(&mut cargo);
    let output = cargo.envs(variables.iter().copied()).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(message) }
}

#[test]
fn a_coroutine_is_send_only_if_no_flag_asks_for_threads() {
    let plain = package(SENDS, "");
    assert_eq!(build(&plain, &[], &[]), Ok(()));
    let in_config = package(
        SENDS,
        &format!("[target.{TARGET}]\nrustflags = [\"-C\", \"target-feature=+atomics\"]\n"),
    );
    for (package, variables) in [
        (&plain, &[("RUSTFLAGS", "-Ctarget-feature=+atomics,+bulk-memory")][..]),
        (&plain, &[("CARGO_ENCODED_RUSTFLAGS", "-C\u{1f}target-feature=+bulk-memory,+atomics")]),
        (&in_config, &[]),
    ] {
        let message = build(package, variables, &[]).expect_err("it compiles");
        assert!(
            message.contains("the trait `Send` is not implemented for `NonNull<Frame"),
            "{variables:?}: {message}"
        );
    }
}

#[test]
fn a_library_compiled_without_threads_is_not_linked_into_a_module_with_shared_memory() {
    let lib = "
        use std::{pin::Pin, task::{Context, Waker}};
        #[unsafe(no_mangle)]
        extern \"C\" fn poll() -> bool {
            let mut coroutine = bysyncify::Coroutine::new(4096, |handle| handle.embed(async {}));
            Pin::new(&mut coroutine).poll(&mut Context::from_waker(Waker::noop())).is_ready()
        }
    ";
    let package = package(lib, "");
    assert_eq!(build(&package, &[], &[]), Ok(()));
    // Flags of the last crate alone: the library does not see them.
    let shared = ["-Clink-arg=--shared-memory", "-Clink-arg=--max-memory=67108864"];
    let message = build(&package, &[], &shared).expect_err("it is linked");
    assert!(message.contains("--shared-memory is disallowed by"), "{message}");
    // That was the first object of all. The switch alone is refused as well, whatever the others say.
    let switch = switch(&package);
    let mut lld = Command::new(rust_lld());
    lld.args(["-flavor", "wasm", "--no-entry", "--shared-memory", "--max-memory=67108864"]);
    lld.args(["--extra-features=atomics,bulk-memory", "--import-memory", "--whole-archive"])
        .arg(switch)
        .arg("-o");
    let output = lld.arg(package.path().join("refused.wasm")).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it is linked");
    assert!(message.contains("--shared-memory is disallowed by switch.o because"), "{message}");
}

/// The archive that build.rs has written.
fn switch(package: &TempDir) -> PathBuf {
    let builds = package.path().join("target").join(TARGET).join("debug/build");
    let outputs = fs::read_dir(builds).unwrap().map(|entry| entry.unwrap().path().join("out"));
    let mut archives = outputs.map(|out| out.join("libbysyncify_switch.a"));
    archives.find(|path| path.exists()).expect("the library was built")
}

/// The linker that comes with every Rust.
fn rust_lld() -> PathBuf {
    let output = Command::new("rustc").args(["--print", "sysroot"]).output().unwrap();
    let sysroot = String::from_utf8(output.stdout).unwrap();
    let host = setup::host_triple().unwrap();
    PathBuf::from(sysroot.trim()).join(format!("lib/rustlib/{host}/bin/rust-lld"))
}
