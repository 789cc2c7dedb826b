//! wasm-pack: it calls cargo, wasm-bindgen, and then a wasm-opt of its own.

use anyhow::Result;
use cargo_bysyncify::setup;

use super::bindgen::{PROJECT, run};
use super::projects::{Projects, UNKNOWN};
use crate::steps::{Steps, passed};
use crate::{bindgen, process, tools};

const VERSION: &str = "0.15.1";

pub(super) fn check(projects: &Projects, steps: &mut Steps<'_>) -> Result<()> {
    // It takes what is on PATH, whatever version that is, and would else fetch one from GitHub.
    // It takes the wasm-opt on PATH, whatever version that is, and would else fetch one.
    let wasm_bindgen = bindgen::programs(&projects.version("wasm-bindgen")?)?;
    let folders = [tools::new_binaryen()?, wasm_bindgen];
    let wasm_pack = tools::from_crate("wasm-pack", "wasm-pack", VERSION)?.join("wasm-pack");
    for target in ["web", "nodejs"] {
        steps.test(target, || {
            let package = projects.target.join("wasm-pack").join(target);
            let mut command = projects.command(&wasm_pack, PROJECT, &folders)?;
            setup::wasm_target(UNKNOWN)?.apply(&mut command);
            // `force`: it need not look for the target, which another compiler may have.
            command.args(["build", "--mode", "force", "--target", target, "--out-dir"]);
            process::must_succeed(command.arg(&package))?;
            passed(&run(target, &projects.folder(PROJECT), &package)?)
        });
    }
    Ok(())
}
