//! wasm-pack: it calls cargo, wasm-bindgen, and then a wasm-opt of its own.

use std::path::PathBuf;

use anyhow::Result;
use cargo_bysyncify::setup;

use super::bindgen::{PROJECT, run};
use super::projects::{Projects, UNKNOWN};
use super::wasm_opt_step;
use crate::steps::{Steps, passed};
use crate::{bindgen, process, tools};

const VERSION: &str = "0.15.1";

pub(super) fn check(projects: &Projects, steps: &mut Steps<'_>) -> Result<()> {
    // It uses the `wasm-opt` on PATH, whatever its version, and would download one otherwise.
    let wasm_bindgen = bindgen::programs(&projects.version("wasm-bindgen")?)?;
    let binaryen = tools::new_binaryen()?;
    let folders = [binaryen.clone(), wasm_bindgen];
    let wasm_pack = tools::from_crate("wasm-pack", "wasm-pack", VERSION)?.join("wasm-pack");
    let pack = |project: &str, target: &str, folders: &[PathBuf]| -> Result<PathBuf> {
        let package = projects.target.join("wasm-pack").join(project).join(target);
        let mut command = projects.command(&wasm_pack, project, folders)?;
        setup::wasm_target(UNKNOWN)?.apply(&mut command);
        // `force`: it does not check for the target, which another compiler may have.
        command.args(["build", "--mode", "force", "--target", target, "--out-dir"]);
        process::must_succeed(command.arg(&package))?;
        Ok(package)
    };
    for target in ["web", "nodejs"] {
        steps.test(target, || {
            let package = pack(PROJECT, target, &folders)?;
            passed(&run(target, &projects.folder(PROJECT), &package)?)
        });
    }
    steps.test("Asyncify in its wasm-opt step", || {
        let stand_in = projects.stand_in(&binaryen.join("wasm-opt"))?;
        let mut folders = folders.to_vec();
        folders.insert(0, stand_in.folder.clone());
        let package = pack(wasm_opt_step::PROJECT, "nodejs", &folders)?;
        stand_in.must_have_been_called()?;
        passed(&wasm_opt_step::run_in_node(projects, &package)?)
    });
    Ok(())
}
