//! Components: one made from a module for no host, and programs for `wasm32-wasip2`, which are components.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use cargo_bysyncify::setup;

use super::projects::{DEV, Projects, RELEASE, SMALL, UNKNOWN, WASI2};
use super::wasi;
use crate::steps::{Steps, passed};
use crate::{process, tools};

const PROJECT: &str = "component";

/// Makes components from modules, as `wasm-tools` does, and scripts for Node from components.
const JCO: &str = "@bytecodealliance/jco-transpile@0.15.0";
const TRANSPILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/everywhere/transpile.mjs");

pub(super) fn check(projects: &Projects, steps: &mut Steps<'_>) -> Result<()> {
    let project = projects.folder(PROJECT);
    let console = project.join("console.mjs").display().to_string();
    for profile in [DEV, SMALL] {
        steps.test(&format!("of a module, {}", profile.name), || {
            let mut cargo = projects.cargo("build", PROJECT, UNKNOWN, &[])?;
            process::must_succeed(cargo.args(["--profile", profile.name]))?;
            let module = projects.module("everywhere_component.wasm", UNKNOWN, profile);
            let output = projects.target.join("components").join(profile.name);
            let import = format!("bysyncify:everywhere/console={console}");
            let component = transpile(&module, &output, &[&import])?;
            let mut node = Command::new(setup::node()?);
            passed(&process::must_succeed(node.arg(project.join("run.mjs")).arg(component))?)
        });
    }
    for (title, profile, build) in [
        ("wasm32-wasip2", DEV, projects.cargo("build", wasi::PROJECT, WASI2, &[])?),
        ("cargo bysyncify build", RELEASE, bysyncify_build(projects)?),
    ] {
        let mut build = build;
        steps.test(title, || {
            process::must_succeed(build.args(["--profile", profile.name]))?;
            let program = projects.module(wasi::PROGRAM, WASI2, profile);
            let output = projects.target.join("components").join(WASI2).join(profile.name);
            let component = transpile(&program, &output, &[])?;
            wasi::run(&[wasi::WITHOUT_FILES], || {
                let mut node = projects.command(setup::node()?, wasi::PROJECT, &[])?;
                node.arg("component.mjs").arg(&component);
                Ok(node)
            })
        });
    }
    Ok(())
}

fn bysyncify_build(projects: &Projects) -> Result<Command> {
    let mut command = projects.bysyncify(wasi::PROJECT)?;
    command.args(["build", "--target", WASI2]);
    Ok(command)
}

/// Makes a script from a component, or from a module that is to become one.
pub(super) fn transpile(wasm: &Path, output: &Path, imports: &[&str]) -> Result<PathBuf> {
    let mut node = Command::new(setup::node()?);
    node.arg(TRANSPILE).arg(tools::from_npm(&[JCO])?).args([wasm, output]).args(imports);
    process::must_succeed(&mut node)?;
    Ok(output.join("component.js"))
}
