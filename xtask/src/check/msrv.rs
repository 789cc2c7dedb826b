//! The oldest compiler that the library supports.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::{Context, clippy, quietly};
use crate::guests::TARGET;
use crate::process;

/// Compiles the library, for the host and for wasm, with exactly the compiler that its `rust-version` names. If that
/// compiler is not available, it says so, and uses clippy instead.
pub(super) fn check(context: &Context) -> Result<()> {
    let library = context.workspace.library()?;
    let version = library.rust_version.as_ref();
    let version = version.with_context(|| format!("{} has no `rust-version`", library.name))?;
    for target in [&[][..], &["--target", TARGET]] {
        if can_compile(version, target) {
            compile(context, version, target)?;
        } else {
            println!(
                "note: NOT compiled with Rust {version} {}: it is not installed (`rustup toolchain \
                 install {version} --target {TARGET}`). Clippy's `incompatible_msrv` is asked \
                 instead, which knows the standard library's items but not the language's",
                target.join(" ")
            );
            lint(context)?;
        }
    }
    Ok(())
}

fn compile(context: &Context, version: &str, target: &[&str]) -> Result<()> {
    let mut command = context.at_root(Command::new("rustup"));
    // A separate folder: the output of other compilers could not be reused.
    let folder = context.workspace.target.join("msrv");
    command.args(["run", version, "cargo", "check", "--target-dir"]).arg(folder);
    command.args(target).args(clippy::library(&context.workspace)?);
    quietly(command.env_remove("RUSTC"))
}

/// Whether rustup has this compiler, with a standard library for the target.
fn can_compile(version: &str, target: &[&str]) -> bool {
    let mut command = Command::new("rustup");
    command.args(["run", version, "rustc", "--print=target-libdir"]).args(target);
    process::must_succeed(&mut command)
        .is_ok_and(|libdir| Path::new(String::from_utf8_lossy(&libdir).trim()).is_dir())
}

/// Uses clippy, which reads `rust-version` and knows the version of each item of the standard library.
fn lint(context: &Context) -> Result<()> {
    for command in [Some(context.cargo("clippy")), clippy::wasm_clippy(context)] {
        let Some(mut command) = command else { continue };
        command.args(clippy::library(&context.workspace)?);
        quietly(command.args(["--", "-D", "clippy::incompatible_msrv"]))?;
    }
    Ok(())
}
