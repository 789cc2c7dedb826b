//! Clocks and random numbers of a host without wasm-bindgen. (With it: the suite of `bindgen.rs`.)

use anyhow::{Result, bail};

use super::projects::Projects;
use crate::process;
use crate::steps::Steps;

const PRINTED: &str = "6 numbers, 20 ms went by: true, it waited: true\n";

pub(super) fn check(projects: &Projects, steps: &mut Steps<'_>) -> Result<()> {
    for profile in ["dev", "release"] {
        steps.test(&format!("cargo bysyncify run, {profile}"), || {
            let mut command = projects.bysyncify("clocks")?;
            command.args(["run", "--quiet", "--profile", profile]);
            let printed = String::from_utf8(process::must_succeed(&mut command)?)?;
            if printed != PRINTED {
                bail!("it printed this, and not `{PRINTED}`:\n{printed}");
            }
            Ok(1)
        });
    }
    Ok(())
}
