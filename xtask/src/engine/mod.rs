//! The engines that tests run on.
//!
//! Each engine runs in its own process. So a test that hangs, or crashes its engine, is only one failed test. The
//! protocol of all engines is in [`runner`].

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::tools;
use crate::workspace::Workspace;

mod node;
pub(crate) mod runner;
pub(crate) mod wasmi;
mod wasmtime;

/// An engine that can run the tests of a module.
pub(crate) trait Engine: Sync {
    /// Its name, for `--engine` and for the summary.
    fn name(&self) -> &'static str;

    /// The engine's own version.
    fn version(&self) -> &str;

    /// The program that runs tests, as [`runner`] describes it.
    fn runner(&self) -> Command;
}

/// The Node that is installed.
pub(crate) fn node() -> Result<Box<dyn Engine>> {
    Ok(Box::new(node::Node::find()?))
}

/// A Node that knows the standard's exceptions.
pub(crate) fn new_node() -> Result<Box<dyn Engine>> {
    Ok(Box::new(node::Node::at("node 26", new_node_path()?)?))
}

/// An engine that switches stacks: Node 26, with V8's flag for it, or the engine called `only`.
pub(crate) fn switching(workspace: &Workspace, only: Option<&str>) -> Result<Box<dyn Engine>> {
    match only {
        None | Some(node::NAME) => {
            let node = node::Node::at("node 26, wasmfx", new_node_path()?)?;
            Ok(Box::new(node.with(&[SWITCHES_STACKS])))
        }
        Some(wasmtime::NAME) => Ok(Box::new(wasmtime::Wasmtime::build(workspace)?)),
        Some(other) => bail!("`{other}` does not switch stacks: write `node` or `wasmtime`"),
    }
}

/// V8's flag for the stack switching proposal.
pub(crate) const SWITCHES_STACKS: &str = "--experimental-wasm-wasmfx";

/// The path of that Node.
pub(crate) fn new_node_path() -> Result<PathBuf> {
    Ok(tools::from_npm(&["node@26"])?.join("node_modules/node/bin/node"))
}

/// The requested engines: all, or the one called `only`.
pub(crate) fn find(only: Option<&str>) -> Result<Vec<Box<dyn Engine>>> {
    if let Some(other) = only.filter(|name| ![node::NAME, wasmi::NAME].contains(name)) {
        bail!("there is no engine `{other}`: write `node` or `wasmi`");
    }
    let wanted = |name: &str| only.is_none_or(|only| only == name);
    let mut engines: Vec<Box<dyn Engine>> = Vec::new();
    if wanted(node::NAME) {
        engines.push(Box::new(node::Node::find()?));
    }
    if wanted(wasmi::NAME) {
        engines.push(Box::new(wasmi::Wasmi::find()?));
    }
    Ok(engines)
}

/// The version of a package that a Cargo.lock names. Engines themselves do not tell theirs.
fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_read_from_the_lock_file() {
        let lock = "[[package]]\nname = \"wasmi_core\"\nversion = \"1.0.0\"\n\n\
                    [[package]]\nname = \"wasmi\"\nversion = \"2.3.4\"\n";
        assert_eq!(locked_version(lock, "wasmi"), Some("2.3.4"));
        assert_eq!(locked_version(lock, "other"), None);
    }
}
