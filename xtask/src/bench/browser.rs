//! Frame times of the page of `examples/browser` while it reads a large archive.

use anyhow::{Context, Result, bail};

use crate::examples;
use crate::workspace::{Package, Workspace};

/// The example, which measures itself.
const EXAMPLE: &str = "browser";

/// Runs the measurement, and prints the results.
pub(super) fn measure(workspace: &Workspace) -> Result<()> {
    let is_meant = |package: &&Package| package.name == EXAMPLE;
    let example = workspace.packages.iter().find(is_meant).context("the example is gone")?;
    let status = examples::command(workspace, example, "measure", &examples::RELEASE)?.status()?;
    if !status.success() {
        bail!("what it measured was wrong: see above");
    }
    Ok(())
}
