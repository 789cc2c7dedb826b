//! Standard libraries for `wasm32-unknown-unknown` that are compiled differently from Rust's own: with panics that
//! unwind, or for programs with threads. And one for Windows, for the test of our linker there.
//!
//! Each is built once, by a compiler that has the source: the user's (rustup's component `rust-src`), or Debian's.
//! The result is a folder of libraries in our cache, for `--sysroot`. Afterwards no unstable flag is needed.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::cache;
use super::debian::{self, build_std};
use super::rustc::Rustc;
use super::target::{WasmTarget, wasm_target};
use crate::command;

const TRIPLE: &str = "wasm32-unknown-unknown";
const WINDOWS: &str = "x86_64-pc-windows-gnu";

/// The instructions that catch a panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exceptions {
    /// `try`, which all engines with exceptions know.
    Legacy,
    /// `try_table`, as in the standard.
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
        // The target's default is to abort, and cargo assumes that this is known.
        ["-Cpanic=unwind", kind]
    }
}

/// Finds the target with panics that unwind, or builds its standard library, which takes minutes.
///
/// # Errors
///
/// If no compiler has its source, or it cannot be built.
pub fn unwinding_target(exceptions: Exceptions) -> Result<WasmTarget> {
    let name = format!("unwind-{}", exceptions.name());
    target_with_own_std(&name, "std,panic_unwind", &exceptions.flags())
}

/// Finds the target for programs with threads, or builds its standard library, which takes minutes.
///
/// # Errors
///
/// If no compiler has its source, or it cannot be built.
pub fn threaded_target() -> Result<WasmTarget> {
    let features = "-Ctarget-feature=+atomics,+bulk-memory,+mutable-globals";
    target_with_own_std("threads", "std,panic_abort", &[features])
}

/// Finds the target `x86_64-pc-windows-gnu`, or builds its standard library, which takes minutes. Panics abort. Programs are
/// linked by mingw-w64.
///
/// # Errors
///
/// If no compiler has its source, or it cannot be built.
pub fn windows_target() -> Result<WasmTarget> {
    let rustc = debian::with_source().map_or_else(with_source, Ok)?;
    let name = format!("{WINDOWS}-abort");
    built(rustc, WINDOWS, &name, "std,panic_abort", &["-Cpanic=abort"], |rustc, out| {
        // What each program begins and ends with. It is not in the library.
        for object in ["rsbegin", "rsend"] {
            let source = rustc.source()?.join("rtstartup").join(object).with_extension("rs");
            let mut compile = Command::new(&rustc.program);
            compile.args(["--target", WINDOWS, "--emit=obj", "-o"]);
            compile.arg(out.join(object).with_extension("o")).arg(source);
            command::output(compile.env("RUSTC_BOOTSTRAP", "1"))?;
        }
        Ok(())
    })
}

/// The target, with these crates of its standard library compiled with these flags. Programs that use them are
/// compiled with the flags, too.
fn target_with_own_std(name: &str, crates: &str, flags: &[&str]) -> Result<WasmTarget> {
    built(with_source()?, TRIPLE, &format!("{TRIPLE}-{name}"), crates, flags, |_, _| Ok(()))
}

/// A target whose libraries are in a folder of this name in the cache. `finish` adds other files to them.
fn built(
    rustc: Rustc,
    triple: &str,
    name: &str,
    crates: &str,
    flags: &[&str],
    finish: impl FnOnce(&Rustc, &Path) -> Result<()>,
) -> Result<WasmTarget> {
    let key = rustc.version()?.key();
    let sysroot = cache::dir()?.join("std").join(key).join(name);
    let libdir = |sysroot: &Path| sysroot.join("lib/rustlib").join(triple).join("lib");
    cache::filled(&sysroot, |partial| {
        eprintln!("  Building a standard library ({name}), once");
        let out = libdir(partial);
        fs::create_dir_all(&out)?;
        build_std(&rustc, triple, crates, flags, &out)?;
        finish(&rustc, &out)
    })?;
    let mut all = vec!["--sysroot".to_owned(), sysroot.to_string_lossy().into_owned()];
    all.extend(flags.iter().copied().map(str::to_owned));
    Ok(WasmTarget {
        triple: triple.to_owned(),
        libdir: libdir(&sysroot),
        rustc: Some(rustc.program),
        flags: all,
    })
}

/// A compiler that has the source of its standard library.
fn with_source() -> Result<Rustc> {
    let current = Rustc::current();
    if current.source()?.join("Cargo.toml").exists() {
        return Ok(current);
    }
    // This finds or installs Debian's compiler, unless the user's compiler has the target.
    wasm_target(TRIPLE)?;
    debian::install(TRIPLE, &current).context(
        "no compiler has the source of its standard library: try `rustup component add rust-src`",
    )
}
