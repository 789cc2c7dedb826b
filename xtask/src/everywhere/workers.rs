//! Threads: instances that share a memory, in Node's workers. They need a standard library that is compiled for
//! threads. No toolchain has one, so it is built.

use anyhow::{Result, bail};
use cargo_bysyncify::setup;

use super::projects::{DEV, Profile, Projects, RELEASE, UNKNOWN};
use crate::process;
use crate::steps::Steps;

const PROJECT: &str = "workers";

/// Linker arguments for shared memory, and for the values that a new thread must be given.
const FLAGS: [&str; 8] = [
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

fn run(projects: &Projects, profile: Profile) -> Result<usize> {
    let target = projects.target.join(PROJECT);
    // Cargo does not link again when only the linker has changed.
    let mut clean = projects.command("cargo", PROJECT, &[])?;
    clean.args(["clean", "--quiet", "--package", "everywhere-workers", "--target", UNKNOWN]);
    process::must_succeed(clean.env("CARGO_TARGET_DIR", &target))?;
    let mut cargo = projects.cargo("build", PROJECT, UNKNOWN, &[])?;
    let mut threads = setup::threaded_target()?;
    threads.flags.extend(FLAGS.map(str::to_owned));
    threads.apply(&mut cargo);
    // A target directory of its own: with the usual standard library the dependencies differ.
    cargo.args(["--profile", profile.name]).env("CARGO_TARGET_DIR", &target);
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
