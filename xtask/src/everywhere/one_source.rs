//! One file of tests, run natively, in Node, in a headless Chromium, and under the WASI of Node and of wasmtime.

use anyhow::{Result, ensure};

use super::projects::{Projects, UNKNOWN, WASI};
use crate::steps::{Steps, passed};
use crate::{process, tools};

const PROJECT: &str = "one-source";

/// The number of tests: all of them pass wherever they run.
const TESTS: usize = 4;

pub(super) fn check(projects: &Projects, steps: &mut Steps<'_>) -> Result<()> {
    let all = |command: &mut std::process::Command| {
        let count = passed(&process::must_succeed(command)?)?;
        ensure!(count == TESTS, "{count} tests have run, and not {TESTS}");
        Ok(count)
    };
    steps.test("cargo test", || {
        let cargo = process::cargo();
        all(projects.command(cargo.get_program(), PROJECT, &[])?.arg("test"))
    });
    let bysyncify = |target: &str| {
        let mut command = projects.bysyncify(PROJECT)?;
        command.args(["test", "--target", target]);
        anyhow::Ok(command)
    };
    steps.test("cargo bysyncify test", || all(&mut bysyncify(UNKNOWN)?));
    steps.test("in Chromium", || {
        let driver = tools::chromium()?.driver;
        let mut command = bysyncify(UNKNOWN)?;
        all(command.env("WASM_BINDGEN_USE_BROWSER", "1").env("CHROMEDRIVER", driver))
    });
    steps.test("node:wasi", || all(&mut bysyncify(WASI)?));
    let Some(wasmtime) = steps.found(tools::from_pypi(tools::WASMTIME)) else { return Ok(()) };
    steps.test("wasmtime", || {
        let script = projects.folder("../../xtask/src/everywhere/block_on.py");
        let mut cargo = projects.cargo("test", PROJECT, WASI, &[])?;
        let runner = format!("python3 {}", script.display());
        cargo.env("CARGO_TARGET_WASM32_WASIP1_RUNNER", runner).env("PYTHONPATH", &wasmtime);
        all(&mut cargo)
    });
    Ok(())
}
