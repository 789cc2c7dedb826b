//! `cargo xtask check`: checks of the repository that are not tests.

use std::process::Command;
use std::time::Instant;

use anyhow::Result;
use cargo_bysyncify::setup::{self, WasmTarget};

use crate::guests::TARGET;
use crate::process;
use crate::workspace::Workspace;

mod circles;
mod clippy;
mod features;
mod files;
mod msrv;
mod packages;

/// The workspace that `cargo xtask everywhere` builds.
const EVERYWHERE: &str = "tests/everywhere/Cargo.toml";

/// The workspace of the programs in docs/cookbook.md.
const COOKBOOK: &str = "examples/cookbook/Cargo.toml";

/// The data that every step needs.
struct Context {
    workspace: Workspace,
    target: WasmTarget,
}

impl Context {
    /// A command that runs in the workspace's root.
    fn at_root(&self, mut command: Command) -> Command {
        command.current_dir(&self.workspace.root);
        command
    }

    /// `cargo <subcommand>`, for the host.
    fn cargo(&self, subcommand: &str) -> Command {
        let mut command = self.at_root(process::cargo());
        command.arg(subcommand);
        command
    }

    /// `cargo <subcommand>`, for the wasm target.
    fn cargo_wasm(&self, subcommand: &str) -> Command {
        self.cargo_for(&self.target, subcommand)
    }

    /// `cargo <subcommand>`, for a target.
    fn cargo_for(&self, target: &WasmTarget, subcommand: &str) -> Command {
        let mut command = self.cargo(subcommand);
        command.args(["--target", &target.triple]);
        target.apply(&mut command);
        command
    }
}

/// A step with its name.
type Step = (&'static str, fn(&Context) -> Result<()>);

/// The steps, the fastest first.
const STEPS: [Step; 10] = [
    ("format", format),
    ("files", files::check),
    ("circles", circles::check),
    ("features", features::check),
    ("clippy, host", clippy::host),
    ("clippy, wasm", clippy::wasm),
    ("docs, host", docs_host),
    ("docs, wasm", docs_wasm),
    ("MSRV", msrv::check),
    ("packages", packages::check),
];

/// Runs every step, even after a failure. Returns true if all succeeded.
pub(crate) fn run() -> Result<bool> {
    let workspace = Workspace::load()?;
    let context = Context { workspace, target: setup::wasm_target(TARGET)? };
    let mut failed = Vec::new();
    for (name, step) in STEPS {
        println!("check {name} …");
        let started = Instant::now();
        let result = step(&context);
        let seconds = started.elapsed().as_secs_f32();
        match result {
            Ok(()) => println!("check {name:<14} {seconds:>6.1} s  ok"),
            Err(error) => {
                println!("{error:#}");
                println!("check {name:<14} {seconds:>6.1} s  FAILED");
                failed.push(name);
            }
        }
    }
    match failed.as_slice() {
        [] => println!("check: all {} steps ok", STEPS.len()),
        failed => {
            println!("check: {} of {} FAILED: {}", failed.len(), STEPS.len(), failed.join("; "))
        }
    }
    Ok(failed.is_empty())
}

fn format(context: &Context) -> Result<()> {
    for manifest in ["Cargo.toml", EVERYWHERE, COOKBOOK] {
        quietly(context.cargo("fmt").args(["--all", "--check", "--manifest-path", manifest]))?;
    }
    Ok(())
}

fn docs_host(context: &Context) -> Result<()> {
    docs(context.cargo("doc").args(clippy::host_packages(&context.workspace)))
}

fn docs_wasm(context: &Context) -> Result<()> {
    docs(context.cargo_wasm("doc").args(clippy::library(&context.workspace)?))
}

fn docs(command: &mut Command) -> Result<()> {
    quietly(command.arg("--no-deps").env("RUSTDOCFLAGS", "-D warnings"))
}

/// Runs a command whose output matters only if it fails.
fn quietly(command: &mut Command) -> Result<()> {
    process::must_succeed(command).map(drop)
}
