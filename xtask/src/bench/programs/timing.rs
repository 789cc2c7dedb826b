//! Runs the builds of a program in turn, in several processes of Node, one after the other: see
//! bench/programs/measure.mjs. V8 puts a module's code at another address in each process, which can matter more than
//! how it was built.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::Build;
use crate::engine::SWITCHES_STACKS;
use crate::process;
use crate::workspace::{Package, Workspace};

/// The measurements of Node.
pub(super) struct Timings {
    /// The version of Node.
    pub(super) node: String,
    /// How often a run in a coroutine is suspended.
    pub(super) suspends: u64,
    /// For each build, the milliseconds of CPU time in each round.
    pub(super) samples: Vec<Vec<f64>>,
}

/// The number of processes that measure.
const PROCESSES: usize = 5;

/// Whether this Node can switch stacks, given V8's flag for it. Versions before 26 cannot.
pub(super) fn switches_stacks(node: &Path) -> Result<bool> {
    let version = process::must_succeed(Command::new(node).arg("--version"))?;
    let version = String::from_utf8_lossy(&version);
    let major = version.trim().trim_start_matches('v').split('.').next();
    Ok(major.and_then(|major| major.parse::<u32>().ok()).is_some_and(|major| major >= 26))
}

/// Runs the measurements. Fails if a build does not give the same result as the others.
pub(super) fn run(
    node: &Path,
    workspace: &Workspace,
    package: &Package,
    modules: &[PathBuf],
    builds: &[Build],
) -> Result<Timings> {
    let mut all = run_once(node, workspace, package, modules, builds)?;
    for _ in 1..PROCESSES {
        let more = run_once(node, workspace, package, modules, builds)?;
        for (samples, more) in all.samples.iter_mut().zip(more.samples) {
            samples.extend(more);
        }
    }
    Ok(all)
}

fn run_once(
    node: &Path,
    workspace: &Workspace,
    package: &Package,
    modules: &[PathBuf],
    builds: &[Build],
) -> Result<Timings> {
    let build = |(module, build): (&PathBuf, &Build)| json!({ "module": module, "run": build.run });
    let request = json!({
        "folder": package.folder,
        "builds": modules.iter().zip(builds).map(build).collect::<Vec<_>>(),
    });
    let flag = switches_stacks(node)?.then_some(SWITCHES_STACKS);
    let mut child = Command::new(node)
        .args(flag)
        .arg(workspace.root.join("bench/programs/measure.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{}`", node.display()))?;
    // A process that ends without reading this prints the reason on standard error, which it shares with us.
    let _ = child.stdin.take().map(|mut stdin| write!(stdin, "{request}"));
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("`{}` failed while it measured ({})", node.display(), output.status);
    }
    let response = serde_json::from_slice(&output.stdout)?;
    timings(&response).with_context(|| format!("Node wrote `{response}`"))
}

fn timings(response: &Value) -> Option<Timings> {
    let numbers = |list: &Value| list.as_array()?.iter().map(Value::as_f64).collect();
    Some(Timings {
        node: response["node"].as_str()?.into(),
        suspends: response["suspends"].as_u64()?,
        samples: response["samples"].as_array()?.iter().map(numbers).collect::<Option<_>>()?,
    })
}
