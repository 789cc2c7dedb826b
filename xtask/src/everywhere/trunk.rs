//! trunk: it calls cargo, wasm-bindgen and wasm-opt, and puts everything into a page.

use anyhow::Result;
use cargo_bysyncify::setup;

use super::bindgen::PROJECT;
use super::browser;
use super::projects::{Projects, UNKNOWN};
use crate::steps::{Steps, passed};
use crate::{bindgen, process, tools};

const VERSION: &str = "0.21.14";

pub(super) fn check(projects: &Projects, steps: &mut Steps<'_>) -> Result<()> {
    // It takes these if they are on PATH, and would else fetch them.
    let wasm_bindgen = bindgen::programs(&projects.version("wasm-bindgen")?)?;
    let folders = [tools::new_binaryen()?, wasm_bindgen];
    let trunk = tools::from_crate("trunk", "trunk", VERSION)?.join("trunk");
    for options in [&[][..], &["--release"]] {
        let name = options.first().unwrap_or(&"debug");
        steps.test(name.trim_start_matches('-'), || {
            let page = projects.target.join("trunk").join(name);
            let mut command = projects.command(&trunk, PROJECT, &folders)?;
            setup::wasm_target(UNKNOWN)?.apply(&mut command);
            command.args(["build", "trunk.html", "--dist"]).arg(&page).args(options);
            process::must_succeed(&mut command)?;
            passed(&browser::show("index.html", &[&page])?)
        });
    }
    Ok(())
}
