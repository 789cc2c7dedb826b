//! `cargo xtask bench`: the cost of the library, compared with its alternatives.
//!
//! It measures and prints, but does not judge: machines are noisy, so no figure makes it fail. bench/README.md
//! explains the figures.

use core::fmt;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use cargo_bysyncify::setup;
use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::process;
use crate::workspace::Workspace;

mod browser;
mod engine;
mod literature;
mod many;
mod programs;
mod runtime;
mod statistics;
mod switch;

use runtime::Runtime;

/// The name under which `xtask` acts as the linker for `bench programs`.
pub(crate) const LINKER: &str = "bysyncify-ld";

/// What to measure, what to print, and where to run it.
#[derive(Debug, Default, PartialEq, Args)]
pub(crate) struct Options {
    /// Only this one; without it `switch` and `programs`
    pub(crate) only: Option<Benchmark>,
    /// Only this one of bench/programs or bench/large [implies programs], or of `engine`
    #[arg(long, value_name = "NAME")]
    pub(crate) program: Option<String>,
    /// With this wasm-opt, not npm's [implies programs]
    #[arg(long, value_name = "PATH")]
    pub(crate) wasm_opt: Option<PathBuf>,
    /// For programs
    #[arg(long)]
    pub(crate) json: bool,
    /// With this Node, not the one on PATH
    #[arg(long, value_name = "PATH")]
    pub(crate) node: Option<PathBuf>,
    /// In PyPI's wasmtime, and not in Node: for switch and literature
    #[arg(long, conflicts_with = "node")]
    pub(crate) wasmtime: bool,
}

impl Options {
    /// Whether there is an option that only `programs` has.
    pub(crate) fn is_for_programs(&self) -> bool {
        self.program.is_some() || self.wasm_opt.is_some()
    }

    pub(crate) fn wants(&self, benchmark: Benchmark) -> bool {
        let implied = self.is_for_programs().then_some(Benchmark::Programs);
        self.only.or(implied).is_none_or(|only| only == benchmark)
    }
}

/// The benchmarks that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Benchmark {
    /// Suspend and resume, spawn, memory, size.
    Switch,
    /// Real programs, their size and CPU time.
    Programs,
    /// The workloads of the literature on stack switching, in C and in Rust. Only by its name: it needs a
    /// clang, and takes minutes.
    Literature,
    /// Modules of npm's with everything instrumented, by ours and by Binaryen. Only by its name: Binaryen
    /// takes minutes.
    Engine,
    /// A switch natively, beside that of `corosensei`, and many coroutines. Only by its name: it has nothing to do
    /// with WebAssembly.
    Native,
    /// A hundred thousand, and a million coroutines in WebAssembly that are suspended at the same time. Only by its
    /// name: it takes more than a gigabyte.
    Many,
    /// Frame times of a page that reads a large archive (examples/browser). Only by its name: it
    /// needs a browser, and a machine that does nothing else.
    Browser,
}

/// Runs the requested benchmarks, and prints their figures. In JSON each benchmark is one line.
pub(crate) fn run(options: &Options) -> Result<()> {
    let workspace = Workspace::load()?;
    if options.only == Some(Benchmark::Browser) {
        return browser::measure(&workspace);
    }
    if options.only == Some(Benchmark::Native) {
        return native(&workspace);
    }
    let node = match &options.node {
        Some(path) => path.clone(),
        None => setup::node()?,
    };
    if options.only == Some(Benchmark::Engine) {
        let (only, wasm_opt) = (options.program.as_deref(), options.wasm_opt.as_deref());
        print(options.json, &engine::measure(&workspace, &node, wasm_opt, only)?);
        return Ok(());
    }
    if options.only == Some(Benchmark::Many) {
        print(options.json, &many::measure(&workspace, &node)?);
        return Ok(());
    }
    let runtime = if options.wasmtime { Runtime::wasmtime()? } else { Runtime::Node(node.clone()) };
    if options.only == Some(Benchmark::Literature) {
        print(options.json, &literature::measure(&workspace, &runtime)?);
        return Ok(());
    }
    if options.wants(Benchmark::Switch) {
        print(options.json, &switch::measure(&workspace, &runtime)?);
    }
    if options.wants(Benchmark::Programs) {
        let (only, wasm_opt) = (options.program.as_deref(), options.wasm_opt.as_deref());
        print(options.json, &programs::measure(&workspace, &node, wasm_opt, only)?);
    }
    Ok(())
}

/// Runs `bench/native`, which prints its own figures.
fn native(workspace: &Workspace) -> Result<()> {
    let mut command = process::cargo();
    command.current_dir(&workspace.root);
    command.args(["run", "--release", "--quiet", "--package", "bench-native"]);
    let status = command.status()?;
    ensure!(status.success(), "bench-native: {status}");
    Ok(())
}

/// The figures of a benchmark: as a table for people, and as JSON for programs.
trait Figures: fmt::Display {
    fn to_json(&self) -> Value;
}

fn print(json: bool, figures: &impl Figures) {
    // The text form has an empty line at the end, before the next benchmark.
    if json { println!("{}", figures.to_json()) } else { println!("{figures}") }
}
