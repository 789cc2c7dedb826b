//! Threads: instances that share a memory, in Node's workers. That takes a standard library that is
//! compiled for it, which no toolchain brings, so cargo builds one.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};
use cargo_bysyncify::setup;

use super::projects::{DEV, Profile, Projects, RELEASE, UNKNOWN};
use super::steps::Steps;
use crate::process;

const PROJECT: &str = "workers";

/// For all crates: what shared memory takes, and what a new thread has to be given.
const FLAGS: [&str; 9] = [
    "-Ctarget-feature=+atomics,+bulk-memory,+mutable-globals",
    "-Clink-arg=--shared-memory",
    "-Clink-arg=--import-memory",
    "-Clink-arg=--max-memory=268435456",
    "-Clink-arg=--export=__stack_pointer",
    "-Clink-arg=--export=__wasm_init_tls",
    "-Clink-arg=--export=__tls_size",
    "-Clink-arg=--export=__tls_align",
    "-Clink-arg=--export=__tls_base",
];

pub(super) fn check(projects: &Projects, steps: &mut Steps<'_>) -> Result<()> {
    for profile in [RELEASE, DEV] {
        steps.test(&format!("three workers, {}", profile.name), || run(projects, profile));
    }
    Ok(())
}

/// A compiler that has the source of its library: the usual one (`rustup component add rust-src`), or
/// Debian's.
fn rustc_with_source() -> Result<&'static str> {
    for rustc in ["rustc", "/usr/bin/rustc"] {
        let Ok(sysroot) = process::must_succeed(Command::new(rustc).args(["--print", "sysroot"]))
        else {
            continue;
        };
        let sysroot = PathBuf::from(String::from_utf8_lossy(&sysroot).trim());
        if sysroot.join("lib/rustlib/src/rust/library/Cargo.lock").exists() {
            return Ok(rustc);
        }
    }
    bail!("no compiler has the source of its library: try `rustup component add rust-src`")
}

fn run(projects: &Projects, profile: Profile) -> Result<usize> {
    let target = projects.target.join(PROJECT);
    // Cargo does not link again when only the linker has changed.
    let mut clean = projects.command("cargo", PROJECT, &[])?;
    clean.args(["clean", "--quiet", "--package", "everywhere-workers", "--target", UNKNOWN]);
    process::must_succeed(clean.env("CARGO_TARGET_DIR", &target))?;
    let mut cargo = projects.cargo("build", PROJECT, UNKNOWN, &[])?;
    cargo.args(["-Zbuild-std=std,panic_abort", "--profile", profile.name]);
    cargo.env("RUSTC", rustc_with_source()?);
    // What builds a library of its own is not stable; the compiler is.
    cargo.env("RUSTC_BOOTSTRAP", "1").env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}"));
    // Its dependencies are others than with the library that there is.
    cargo.env("CARGO_TARGET_DIR", &target);
    process::must_succeed(&mut cargo)?;
    let module = target.join(UNKNOWN).join(profile.folder);
    let mut node = projects.command(setup::node()?, PROJECT, &[])?;
    node.arg("run.mjs").arg(module.join("everywhere_workers.wasm"));
    let output = process::must_succeed(&mut node)?;
    let said = String::from_utf8_lossy(&output);
    if said.trim() != "80000 coroutines on 4 threads" {
        bail!("{said}");
    }
    Ok(1)
}
