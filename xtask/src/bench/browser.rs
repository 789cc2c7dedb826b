//! A large archive in the page of `examples/browser`: how long its frames take.

use anyhow::{Context, Result, bail};

use crate::examples;
use crate::workspace::{Package, Workspace};

/// The example, which measures itself.
const EXAMPLE: &str = "browser";

/// Measures, and prints what it finds.
pub(super) fn measure(workspace: &Workspace) -> Result<()> {
    let is_meant = |package: &&Package| package.name == EXAMPLE;
    let example = workspace.packages.iter().find(is_meant).context("the example is gone")?;
    let status = examples::command(workspace, example, "measure", &examples::RELEASE)?.status()?;
    if !status.success() {
        bail!("what it measured was wrong: see above");
    }
    Ok(())
}
