//! `cargo xtask everywhere`: builds projects as users have them, with the one line in `.cargo/config.toml`. It uses the
//! tools that people use, and runs the programs in their environments.
//!
//! The projects are in `tests/everywhere`. Nothing here depends on how the linker works: it only matters that the
//! programs work.

mod bindgen;
mod block_on;
mod browser;
mod clocks;
mod component;
mod cookbook;
mod new_project;
mod one_source;
mod packaged;
mod plain;
mod projects;
mod runtimes;
mod switching;
mod traces;
mod trunk;
mod wasi;
mod wasm_bindgen_test;
mod wasm_opt_step;
mod wasm_pack;
mod windows;
mod workers;

use anyhow::{Result, bail};

use crate::report::Report;
use crate::steps::Steps;
use crate::workspace::Workspace;
use projects::Projects;

/// The row of the report.
const ROW: &str = "tools";

/// A tool, or a target, that programs must work with.
struct Check {
    name: &'static str,
    run: fn(&Projects, &mut Steps<'_>) -> Result<()>,
}

/// The checks that are quick enough to run each time.
const USUAL: &[Check] = &[
    Check { name: "plain", run: plain::check },
    Check { name: "wasm-bindgen", run: bindgen::check },
    Check { name: "wasm-bindgen-test", run: wasm_bindgen_test::check },
    Check { name: "wasm-pack", run: wasm_pack::check },
    Check { name: "wasi", run: wasi::check },
    Check { name: "block-on", run: block_on::check },
    Check { name: "component", run: component::check },
    Check { name: "one-source", run: one_source::check },
    Check { name: "new", run: new_project::check },
    Check { name: "packaged", run: packaged::check },
    Check { name: "workers", run: workers::check },
    Check { name: "runtimes", run: runtimes::check },
    Check { name: "switching", run: switching::check },
    Check { name: "traces", run: traces::check },
    Check { name: "clocks", run: clocks::check },
    Check { name: "cookbook", run: cookbook::check },
];

/// The checks that take many minutes to build, or whose tools do. They run only if they are named.
const UNUSUAL: [Check; 3] = [
    Check { name: "trunk", run: trunk::check },
    Check { name: "windows", run: windows::check },
    Check { name: "cookbook-large", run: cookbook::check_large },
];

/// Runs the checks with these names, or the usual ones if there are none.
pub(crate) fn run(workspace: &Workspace, names: &[String], report: &mut Report) -> Result<()> {
    let chosen = choose(names)?;
    let projects = Projects::prepare(workspace)?;
    for check in chosen {
        let mut steps = Steps::new(ROW, check.name, report);
        if let Err(error) = (check.run)(&projects, &mut steps) {
            steps.fail(&error);
        }
    }
    Ok(())
}

fn choose(names: &[String]) -> Result<Vec<&'static Check>> {
    if names.is_empty() {
        return Ok(USUAL.iter().collect());
    }
    let all = || USUAL.iter().chain(&UNUSUAL);
    let find = |name: &String| match all().find(|check| check.name == name) {
        Some(check) => Ok(check),
        None => {
            let known: Vec<_> = all().map(|check| check.name).collect();
            bail!("`{name}` is not one of {}", known.join(", "))
        }
    };
    names.iter().map(find).collect()
}
