//! `cargo test` under wasm-bindgen-test-runner, in Node and in a browser.

use std::slice::from_ref;

use anyhow::{Result, bail};

use super::projects::{Projects, UNKNOWN};
use crate::steps::{Steps, passed};
use crate::{bindgen, process, tools};

const PROJECT: &str = "wasm-bindgen-test";

pub(super) fn check(projects: &Projects, steps: &mut Steps<'_>) -> Result<()> {
    let programs = bindgen::programs(&projects.version("wasm-bindgen")?)?;
    let driver = tools::chromium()?.driver;
    let cargo_test = || {
        let mut cargo = projects.cargo("test", PROJECT, UNKNOWN, from_ref(&programs))?;
        cargo.env("CHROMEDRIVER", driver);
        anyhow::Ok(cargo)
    };
    steps.test("cargo test", || passed(&process::must_succeed(&mut cargo_test()?)?));
    steps.test("a failure", || {
        let mut cargo = cargo_test()?;
        let output = process::output(cargo.args(["--test", "node", "--", "--include-ignored"]))?;
        let text = process::all_text(&output);
        let is_told = text.contains("assertion `left == right` failed: as it should")
            && text.contains("test result: FAILED. 4 passed; 1 failed;");
        if output.status.success() || !is_told {
            bail!("the failure was not told as one:\n{text}");
        }
        Ok(1)
    });
    Ok(())
}
