//! JavaScript on servers, other than Node: wasm-bindgen's suite in Deno, in Bun, and in Cloudflare's `workerd`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::bindgen::{self, NAME, PROJECT};
use super::projects::{Projects, RELEASE};
use crate::steps::{Steps, passed};
use crate::{bindgen as tool, process, tools};

/// All three are packages of npm, which contain a program for this machine.
const DENO: &str = "deno@2.9.6";
const BUN: &str = "bun@1.4.5";
const WORKERD: &str = "workerd@1.20261117.1";

/// What a worker consists of: its own script, the suite, and wasm-bindgen's script and module.
const CONFIG: &str = "worker.capnp";
const OF_THE_PROJECT: [&str; 3] = [CONFIG, "worker.mjs", "suite.mjs"];

/// Runs the suite: in this folder of the project, with wasm-bindgen's output in the other.
type Run = fn(project: &Path, package: &Path) -> Result<Vec<u8>>;

/// The runtimes, each with the target of wasm-bindgen that it is given.
const RUNTIMES: [(&str, &str, Run); 3] =
    [("deno", "deno", deno), ("bun", "nodejs", bun), ("workerd", "web", workerd)];

pub(super) fn check(projects: &Projects, steps: &mut Steps<'_>) -> Result<()> {
    let version = projects.version("wasm-bindgen")?;
    let Some(module) = steps.make("release", || bindgen::build(projects, RELEASE)) else {
        return Ok(());
    };
    for (name, target, run) in RUNTIMES {
        steps.test(name, || {
            let package = projects.target.join(PROJECT).join("runtimes").join(name);
            tool::run(&version, target, &module, &package)?;
            passed(&run(&projects.folder(PROJECT), &package)?)
        });
    }
    Ok(())
}

fn deno(project: &Path, package: &Path) -> Result<Vec<u8>> {
    let mut deno = installed(DENO, "deno")?;
    // Deno asks before a program reads a file, and for whatever else it may not do.
    deno.args(["run", "--no-prompt", "--allow-read", "--no-config"]);
    process::must_succeed(deno.arg(project.join("deno.mjs")).arg(script(package)))
}

fn bun(project: &Path, package: &Path) -> Result<Vec<u8>> {
    let mut bun = installed(BUN, "bun")?;
    process::must_succeed(bun.arg("run").arg(project.join("node.mjs")).arg(script(package)))
}

fn workerd(project: &Path, package: &Path) -> Result<Vec<u8>> {
    for name in OF_THE_PROJECT {
        fs::copy(project.join(name), package.join(name))
            .with_context(|| format!("cannot copy `{name}`"))?;
    }
    let mut workerd = installed(WORKERD, "workerd")?;
    process::must_succeed(workerd.arg("test").arg(package.join(CONFIG)))
}

fn script(package: &Path) -> PathBuf {
    package.join(format!("{NAME}.js"))
}

/// A program that a package of npm consists of.
fn installed(package: &str, program: &str) -> Result<Command> {
    let path = tools::from_npm(&[package])?.join("node_modules/.bin").join(program);
    ensure!(path.exists(), "npm has installed {package}, but there is no `{}`", path.display());
    Ok(Command::new(path))
}
