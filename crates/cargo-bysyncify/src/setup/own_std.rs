//! Standard libraries for `wasm32-unknown-unknown` that are compiled otherwise than Rust's own: with panics
//! that unwind, or for programs with threads.
//!
//! Each is built once, by a compiler that has its source: the user's (rustup's component `rust-src`), or
//! Debian's. What comes of it is a folder of libraries in our cache, which is named by `--sysroot`; from
//! then on no unstable flag is needed.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::cache;
use super::debian::{self, build_std};
use super::rustc::Rustc;
use super::target::{WasmTarget, wasm_target};

const TRIPLE: &str = "wasm32-unknown-unknown";

/// The instructions that a panic is caught with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exceptions {
    /// `try`, which all engines know that know any.
    Legacy,
    /// `try_table`, as the standard has it.
    Standard,
}

impl Exceptions {
    /// `legacy` or `standard`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Standard => "standard",
        }
    }

    fn flags(self) -> [&'static str; 2] {
        let kind = match self {
            Self::Legacy => "-Cllvm-args=-wasm-use-legacy-eh=true",
            Self::Standard => "-Cllvm-args=-wasm-use-legacy-eh=false",
        };
        // The target's default is to abort, and cargo thinks that it need not be told otherwise.
        ["-Cpanic=unwind", kind]
    }
}

/// Finds the target with panics that unwind, or builds its standard library: that takes minutes.
///
/// # Errors
///
/// If no compiler has its source, or it cannot be built.
pub fn unwinding_target(exceptions: Exceptions) -> Result<WasmTarget> {
    let name = format!("unwind-{}", exceptions.name());
    target_with_own_std(&name, "std,panic_unwind", &exceptions.flags())
}

/// Finds the target for programs with threads, or builds its standard library: that takes minutes.
///
/// # Errors
///
/// If no compiler has its source, or it cannot be built.
pub fn threaded_target() -> Result<WasmTarget> {
    let features = "-Ctarget-feature=+atomics,+bulk-memory,+mutable-globals";
    target_with_own_std("threads", "std,panic_abort", &[features])
}

/// The target, and these crates of its standard library compiled with these flags, which whoever uses
/// them is compiled with, too.
fn target_with_own_std(name: &str, crates: &str, flags: &[&str]) -> Result<WasmTarget> {
    let rustc = with_source()?;
    let key = rustc.version()?.key();
    let sysroot = cache::dir()?.join("std").join(key).join(format!("{TRIPLE}-{name}"));
    let libdir = |sysroot: &Path| sysroot.join("lib/rustlib").join(TRIPLE).join("lib");
    cache::filled(&sysroot, |partial| {
        eprintln!("  Building a standard library ({name}), once");
        let out = libdir(partial);
        fs::create_dir_all(&out)?;
        build_std(&rustc, TRIPLE, crates, flags, &out)
    })?;
    let mut all = vec!["--sysroot".to_owned(), sysroot.to_string_lossy().into_owned()];
    all.extend(flags.iter().copied().map(str::to_owned));
    Ok(WasmTarget {
        triple: TRIPLE.to_owned(),
        libdir: libdir(&sysroot),
        rustc: Some(rustc.program),
        flags: all,
    })
}

/// A compiler that has the source of its standard library.
fn with_source() -> Result<Rustc> {
    let current = Rustc::current();
    if current.sysroot()?.join("lib/rustlib/src/rust/library/Cargo.toml").exists() {
        return Ok(current);
    }
    // That finds or installs Debian's, if it is not the user's that has the target.
    wasm_target(TRIPLE)?;
    debian::install(TRIPLE, &current).context(
        "no compiler has the source of its standard library: try `rustup component add rust-src`",
    )
}
