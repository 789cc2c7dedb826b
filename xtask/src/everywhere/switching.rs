//! Coroutines as continuations of a browser's engine: the page of `examples/goroutines`, linked with
//! `--bysyncify-lowering=stack-switching`.

use std::process::Command;

use anyhow::Result;
use cargo_bysyncify::setup;

use super::projects::{DEV, Projects, RELEASE, UNKNOWN};
use crate::steps::{Steps, passed};
use crate::{process, tools};

const EXAMPLE: &str = "../../examples/goroutines";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/everywhere/switching.mjs");

pub(super) fn check(projects: &Projects, steps: &mut Steps<'_>) -> Result<()> {
    let browser = tools::chromium()?.browser;
    for profile in [DEV, RELEASE] {
        steps.test(&format!("in Chromium, {}", profile.name), || {
            let mut build = projects.bysyncify(EXAMPLE)?;
            build.args(["build", "--lowering", "stack-switching", "--profile", profile.name]);
            process::must_succeed(&mut build)?;
            let module = projects.module("goroutines.wasm", UNKNOWN, profile);
            let mut node = Command::new(setup::node()?);
            node.arg(SCRIPT).arg(projects.folder(EXAMPLE)).arg(module);
            passed(&process::must_succeed(node.env("BYSYNCIFY_CHROMIUM", browser))?)
        });
    }
    Ok(())
}
