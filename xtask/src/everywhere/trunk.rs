//! trunk: it calls cargo, wasm-bindgen and wasm-opt, and puts everything into a page.

use std::path::PathBuf;

use anyhow::Result;
use cargo_bysyncify::setup;

use super::bindgen::PROJECT;
use super::browser;
use super::projects::{Projects, UNKNOWN};
use super::wasm_opt_step;
use crate::steps::{Steps, passed};
use crate::{bindgen, process, tools};

const VERSION: &str = "0.21.14";

pub(super) fn check(projects: &Projects, steps: &mut Steps<'_>) -> Result<()> {
    // It uses these if they are on PATH, and would download them otherwise.
    let wasm_bindgen = bindgen::programs(&projects.version("wasm-bindgen")?)?;
    let binaryen = tools::new_binaryen()?;
    let folders = [binaryen.clone(), wasm_bindgen];
    let trunk = tools::from_crate("trunk", "trunk", VERSION)?.join("trunk");
    let test = |project: &str, name: &str, options: &[&str], folders: &[PathBuf]| {
        let page = projects.target.join("trunk").join(project).join(name);
        let mut command = projects.command(&trunk, project, folders)?;
        setup::wasm_target(UNKNOWN)?.apply(&mut command);
        command.args(["build", "trunk.html", "--dist"]).arg(&page).args(options);
        process::must_succeed(&mut command)?;
        passed(&browser::show("index.html", &[&page])?)
    };
    steps.test("debug", || test(PROJECT, "debug", &[], &folders));
    steps.test("release", || test(PROJECT, "release", &["--release"], &folders));
    steps.test("Asyncify in its wasm-opt step", || {
        let stand_in = projects.stand_in(&binaryen.join("wasm-opt"))?;
        let mut folders = folders.to_vec();
        folders.insert(0, stand_in.folder.clone());
        let ran = test(wasm_opt_step::PROJECT, "release", &["--release"], &folders)?;
        stand_in.must_have_been_called()?;
        Ok(ran)
    });
    Ok(())
}
