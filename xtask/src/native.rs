//! Tests the library on the host: natively, and with a thread for each coroutine (`src/raw/switch/threads.rs`).
//!
//! Both run under AddressSanitizer, which checks the unsafe code. `cargo test` runs the native tests without it. The
//! tests are those of guests with `native = true`, the same as in WebAssembly, and those of `tests/native`.

use std::process::Stdio;

use anyhow::Result;
use cargo_bysyncify::setup;

use crate::host;
use crate::process;
use crate::report::Report;
use crate::workspace::{Package, Workspace};

/// The row of the report.
pub(crate) const ROW: &str = "native";

/// The flags for the compiler, which choose the switch and the sanitizer, and the target folder. Flags are separated
/// by the unit separator, for `CARGO_ENCODED_RUSTFLAGS`.
const SWITCHES: [(&str, &str); 2] = [
    ("-Zsanitizer=address", "native"),
    ("--cfg\u{1f}bysyncify_threads\u{1f}-Zsanitizer=address", "threads"),
];

/// A guest that tests nothing with the native switch, where there always is `std`.
const WITH_THREADS_ONLY: &str = "guest-unwind-without-std";

/// A guest that tests nothing where each coroutine is a thread.
const WITHOUT_THREADS: &str = "guest-spans";

/// Runs the tests of all packages with `native = true`. Each separately: built together, they would share their
/// features, and with `std` panics behave differently.
pub(crate) fn run(workspace: &Workspace, report: &mut Report) -> Result<()> {
    let host = setup::host_triple()?;
    for (flags, folder) in SWITCHES {
        for package in workspace.packages.iter().filter(|package| package.flag("native")) {
            let has_no_test = if folder == "threads" { WITHOUT_THREADS } else { WITH_THREADS_ONLY };
            if package.name != has_no_test {
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

/// Runs a few of the random schedules in Miri, which takes a second for what otherwise takes a millisecond.
fn run_in_miri(workspace: &Workspace, report: &mut Report) -> Result<()> {
    let mut command = process::cargo();
    command.current_dir(&workspace.root);
    command.args(["miri", "test", "--lib", "--package", "native-schedules", "--target-dir"]);
    command.arg(workspace.target.join("miri"));
    // Coroutines are forgotten on purpose, and their threads wait for ever. The test can read the variable with the
    // seeds.
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
        // With `--target`, build scripts and macros are compiled without the flags.
        .args(["test", "--no-fail-fast", "--lib", "--target", host])
        .args(["--package", &package.name])
        .arg("--target-dir")
        .arg(workspace.target.join(folder))
        // Memory that only a suspended stack points to is not leaked, and some coroutines are forgotten on purpose.
        .env("ASAN_OPTIONS", "detect_leaks=0")
        // The sanitizer's runtime is part of every toolchain, but the flag is not stable yet.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_ENCODED_RUSTFLAGS", flags);
    println!("native: {}", process::show(&command));
    let output = process::output(command.stderr(Stdio::inherit()))?;
    host::conclude(ROW, &output, report);
    Ok(())
}
