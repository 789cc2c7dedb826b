//! The programs of docs/cookbook.md: each is built as its readers build it, then its own tests run.

use anyhow::Result;

use super::projects::Projects;
use crate::steps::{Steps, passed};
use crate::workspace::Workspace;
use crate::{examples, process, tools};

pub(super) fn check(projects: &Projects, steps: &mut Steps<'_>) -> Result<()> {
    check_those(projects, steps, false)
}

/// Checks the programs with `large = true` in their `[package.metadata.xtask]`: they take minutes to compile.
pub(super) fn check_large(projects: &Projects, steps: &mut Steps<'_>) -> Result<()> {
    check_those(projects, steps, true)
}

fn check_those(projects: &Projects, steps: &mut Steps<'_>, large: bool) -> Result<()> {
    let workspace = Workspace::at(&projects.folder("../../examples/cookbook/Cargo.toml"))?;
    for program in workspace.with_own_tests().filter(|it| it.flag("large") == large) {
        if program.flag("clang") && steps.found(tools::clang()).is_none() {
            continue;
        }
        steps.test(&program.name, || {
            // Not optimised by `wasm-opt`, which takes minutes for some.
            let mut test = examples::command(&workspace, program, "test", &examples::DEBUG)?;
            passed(&process::must_succeed(&mut test)?)
        });
    }
    Ok(())
}
