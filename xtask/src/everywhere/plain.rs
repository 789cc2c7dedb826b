//! A program that does not use bysyncify is, byte for byte, what the usual linker makes of it.

use std::fs;

use anyhow::{Context, Result, bail};

use super::projects::{DEV, Profile, Projects, SMALL, UNKNOWN, WASI, WASI2};
use crate::process;
use crate::steps::Steps;

const PROJECT: &str = "plain";

/// The targets, each with the linker that rustc would use.
const LINKERS: [(&str, &str); 3] =
    [(UNKNOWN, "rust-lld"), (WASI, "rust-lld"), (WASI2, "wasm-component-ld")];

pub(super) fn check(projects: &Projects, steps: &mut Steps<'_>) -> Result<()> {
    for (triple, usual) in LINKERS {
        for profile in [DEV, SMALL] {
            steps.test(&format!("{triple}, {}", profile.name), || {
                let theirs = build(projects, triple, profile, Some(usual))?;
                let ours = build(projects, triple, profile, None)?;
                if ours != theirs {
                    let (ours, theirs) = (ours.len(), theirs.len());
                    bail!("{ours} bytes are not the same as the {theirs} of `{usual}`");
                }
                Ok(1)
            });
        }
    }
    Ok(())
}

/// Builds the project, with this linker or with the one of the project's config.
fn build(
    projects: &Projects,
    triple: &str,
    profile: Profile,
    linker: Option<&str>,
) -> Result<Vec<u8>> {
    let mut cargo = projects.cargo("build", PROJECT, triple, &[])?;
    if let Some(linker) = linker {
        cargo.env(cargo_bysyncify::linker_variable(triple), linker);
    }
    process::must_succeed(cargo.args(["--profile", profile.name]))?;
    let module = projects.module("everywhere_plain.wasm", triple, profile);
    fs::read(&module).with_context(|| format!("cannot read `{}`", module.display()))
}
