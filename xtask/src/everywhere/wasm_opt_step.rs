//! A program that the host suspends. `wasm-asyncify` transforms it, where the tool that packs it calls `wasm-opt`.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use cargo_bysyncify::setup;

use super::projects::Projects;
use crate::process;

pub(super) const PROJECT: &str = "wasm-opt-step";

/// The name of the project's modules and scripts.
const NAME: &str = "everywhere_wasm_opt_step";

/// Runs a package for Node.
pub(super) fn run_in_node(projects: &Projects, package: &Path) -> Result<Vec<u8>> {
    let mut node = Command::new(setup::node()?);
    node.arg(projects.folder(PROJECT).join("node.mjs"));
    process::must_succeed(node.arg(package.join(format!("{NAME}.js"))))
}
