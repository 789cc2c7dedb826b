//! Shows pages in a headless browser.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use cargo_bysyncify::setup;

use crate::{process, tools};

/// Serves the page and runs the browser.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/everywhere/browser.mjs");

/// Shows a page of one of these folders. Returns its report.
pub(super) fn show(page: &str, folders: &[&Path]) -> Result<Vec<u8>> {
    let mut command = Command::new(setup::node()?);
    command.args([SCRIPT, tools::chromium()?.browser, page]);
    process::must_succeed(command.args(folders))
}
