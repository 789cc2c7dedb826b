//! The library on the host: natively, and with a thread for each coroutine (`src/raw/switch/threads.rs`).
//!
//! In both AddressSanitizer watches what its unsafe code does. Natively `cargo test` runs the same without
//! it. The tests are those of the guests that say so, the same as run in WebAssembly, and those of `tests/native`.

use std::process::Stdio;

use anyhow::Result;
use cargo_bysyncify::setup;

use crate::host;
use crate::process;
use crate::report::Report;
use crate::workspace::{Package, Workspace};

/// The row of the report.
pub(crate) const ROW: &str = "native";

/// What the compiler is told: which switch, and who watches. The unit separator stands between two,
/// for `CARGO_ENCODED_RUSTFLAGS`. And where it is built.
const SWITCHES: [(&str, &str); 2] = [
    ("-Zsanitizer=address", "native"),
    ("--cfg\u{1f}bysyncify_threads\u{1f}-Zsanitizer=address", "threads"),
];

/// What shows nothing natively, where there always is `std`.
const WITH_THREADS_ONLY: &str = "guest-unwind-without-std";

/// Runs the tests of all packages that say `native = true`. Each by itself: built together, they would
/// share their features, and with `std` what a panic does is another.
pub(crate) fn run(workspace: &Workspace, report: &mut Report) -> Result<()> {
    let host = setup::host_triple()?;
    for (flags, folder) in SWITCHES {
        for package in workspace.packages.iter().filter(|package| package.flag("native")) {
            if folder == "threads" || package.name != WITH_THREADS_ONLY {
                run_package(workspace, package, &host, (flags, folder), report)?;
            }
        }
    }
    if process::must_succeed(process::cargo().args(["miri", "--version"])).is_ok() {
        return run_in_miri(workspace, report);
    }
    println!("native: not in Miri, since there is no `cargo miri`");
    Ok(())
}

/// A few of the random schedules in Miri, which takes a second for what others do in a millisecond.
fn run_in_miri(workspace: &Workspace, report: &mut Report) -> Result<()> {
    let mut command = process::cargo();
    command.current_dir(&workspace.root);
    command.args(["miri", "test", "--lib", "--package", "native-schedules", "--target-dir"]);
    command.arg(workspace.target.join("miri"));
    // Coroutines are forgotten on purpose, and their threads wait for ever. The seeds are passed on.
    command.env("MIRIFLAGS", "-Zmiri-ignore-leaks -Zmiri-disable-isolation");
    command.env("RUSTFLAGS", "--cfg bysyncify_threads").env("BYSYNCIFY_SEEDS", "0..20");
    println!("native: {}", process::show(&command));
    let output = process::output(command.stderr(Stdio::inherit()))?;
    host::conclude(ROW, &output, report);
    Ok(())
}

fn run_package(
    workspace: &Workspace,
    package: &Package,
    host: &str,
    (flags, folder): (&str, &str),
    report: &mut Report,
) -> Result<()> {
    let mut command = process::cargo();
    command
        .current_dir(&workspace.root)
        // With a target, build scripts and macros are compiled without the flags.
        .args(["test", "--no-fail-fast", "--lib", "--target", host])
        .args(["--package", &package.name])
        .arg("--target-dir")
        .arg(workspace.target.join(folder))
        // What only a suspended stack points to is no leak, and some are forgotten on purpose.
        .env("ASAN_OPTIONS", "detect_leaks=0")
        // The runtime of the sanitizer is part of every toolchain, the flag is not stable yet.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_ENCODED_RUSTFLAGS", flags);
    println!("native: {}", process::show(&command));
    let output = process::output(command.stderr(Stdio::inherit()))?;
    host::conclude(ROW, &output, report);
    Ok(())
}
