//! Random modules, in which all imports suspend. This runs the engine's own test of them
//! (`crates/wasm-asyncify/tests/modules`), with far more modules than in `cargo test`. Modules with GC, exceptions
//! and other features that wasmi lacks run in a new Node.

use anyhow::{Context, Result, ensure};

use super::makers::Makers;
use crate::engine;
use crate::host;
use crate::process;
use crate::steps::{Steps, passed};

/// The number of seeds of each kind. About a third makes a module that can be run.
const SEEDS: &str = "7000";
/// The smallest number of modules that must run.
const MODULES: usize = 5_000;

pub(super) fn check(makers: &Makers<'_>, steps: &mut Steps<'_>) -> Result<()> {
    let Some(node) = steps.found(engine::new_node_path()) else { return Ok(()) };
    steps.test("suspended in each import", || {
        let mut test = host::cargo(makers.workspace, "test");
        test.env("NODE", node).env("MODULES", SEEDS).args(["--quiet", "--test=modules"]);
        let output = process::must_succeed(test.args(["--", "--nocapture", "random::"]))?;
        let text = String::from_utf8_lossy(&output);
        let mut ran = 0;
        for line in text.lines() {
            if let Some((_, rest)) = line.split_once("ran ") {
                let number = rest.split(' ').next().context("a number")?;
                ran += number.parse::<usize>().with_context(|| line.to_owned())?;
            }
        }
        ensure!(ran >= MODULES, "it ran {ran} modules, and {MODULES} are wanted");
        passed(&output)
    });
    Ok(())
}
