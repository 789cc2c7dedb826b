//! A project made by `cargo bysyncify new --web`, served by `cargo bysyncify run` and shown by a browser.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use cargo_bysyncify::setup;

use super::projects::{Projects, UNKNOWN};
use crate::steps::Steps;
use crate::{process, tools};

/// The output of the program of a new project, in its page or elsewhere.
pub(super) const PRINTED: &str = "\
trees: ash
fruit: apples and apricots
trees: birch and beech
fruit: bananas
fruit: cherries
trees: cedar, cypress and chestnut
6 lines
";

/// The message of `run` when the page can be loaded.
const SERVING: (&str, &str) = ("     Serving ", " until Ctrl-C is pressed");

pub(super) fn check(projects: &Projects, steps: &mut Steps<'_>) -> Result<()> {
    // Not in the checkout: there, the alias of the same name would be called.
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let page = folder.path().join("page");
    let bysyncify = |words: &[&str], folder: &Path| -> Result<Command> {
        let mut command = projects.bysyncify("")?;
        command.args(words).current_dir(folder);
        Ok(command)
    };
    let made = steps.make("new --web", || {
        process::must_succeed(&mut bysyncify(&["new", "--web", "page"], folder.path())?)?;
        // The version whose command line tool is installed already.
        let version = projects.version("wasm-bindgen")?;
        let mut cargo = process::cargo();
        cargo.args(["update", "--quiet", "wasm-bindgen", "--precise", &version]);
        process::must_succeed(cargo.current_dir(&page))
    });
    if made.is_some() {
        steps.test("in the browser", || {
            let server = Server::start(bysyncify(&["run", "--", "--port", "0"], &page)?)?;
            let shown = show(&server.address, &folder.path().join("profile"))?;
            if shown != PRINTED {
                bail!("the page shows this, and not what the program prints:\n{shown}");
            }
            Ok(1)
        });
    }
    Ok(())
}

/// A running server. It is ended when this value is dropped.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(mut command: Command) -> Result<Self> {
        setup::wasm_target(UNKNOWN)?.apply(&mut command);
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let mut said = String::new();
        for line in BufReader::new(child.stderr.take().context("stderr is a pipe")?).lines() {
            let line = line?;
            let address = line
                .strip_prefix(SERVING.0)
                .and_then(|rest| rest.strip_suffix(SERVING.1))
                .map(str::to_owned);
            if let Some(address) = address {
                return Ok(Self { child, address });
            }
            said.push_str(&line);
            said.push('\n');
        }
        bail!("nothing was served:\n{said}")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself. Then its missing page has already been noticed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the content of the page's `output` after some seconds of virtual time.
fn show(address: &str, profile: &Path) -> Result<String> {
    let mut browser = Command::new(tools::chromium()?.browser);
    browser.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"]);
    browser.args(["--no-first-run", "--disable-background-networking"]);
    browser.args(["--disable-component-update", "--disable-sync"]);
    browser.args(["--virtual-time-budget=10000", "--dump-dom", address]);
    browser.arg(format!("--user-data-dir={}", profile.display()));
    let page = String::from_utf8(process::must_succeed(&mut browser)?)?;
    let shown = page.split_once("<output>").and_then(|(_, rest)| rest.split_once("</output>"));
    let (shown, _) = shown.with_context(|| format!("the page has no output:\n{page}"))?;
    Ok(shown.to_owned())
}
