//! `cargo xtask bench`: what the library costs, beside its alternatives.
//!
//! Measures and prints, and judges nothing: machines are noisy, so no figure makes it fail.
//! bench/README.md says what the figures mean.

use core::fmt;
use std::path::PathBuf;

use anyhow::Result;
use cargo_bysyncify::setup;
use serde_json::Value;

use crate::workspace::Workspace;

mod browser;
mod programs;
mod statistics;
mod switch;

/// Called by this name, `xtask` is the linker that `bench programs` calls.
pub(crate) const LINKER: &str = "bysyncify-ld";

/// What to measure, what to print, and where to run it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Options {
    /// One of the benchmarks, not all that are usual.
    pub(crate) only: Option<Benchmark>,
    /// Of the programs only the one of this name.
    pub(crate) program: Option<String>,
    /// The `wasm-opt` that programs are made with, if not npm's.
    pub(crate) wasm_opt: Option<PathBuf>,
    pub(crate) json: bool,
    /// Node, if not the one on `PATH`.
    pub(crate) node: Option<PathBuf>,
}

/// The benchmarks that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Benchmark {
    Switch,
    Programs,
    /// Only by its name: it needs a browser, and a machine that does nothing else.
    Browser,
}

/// Measures what was asked for and prints it. As JSON each benchmark is one line.
pub(crate) fn run(options: &Options) -> Result<()> {
    let workspace = Workspace::load()?;
    if options.only == Some(Benchmark::Browser) {
        return browser::measure(&workspace);
    }
    let node = match &options.node {
        Some(path) => path.clone(),
        None => setup::node()?,
    };
    let wants = |benchmark| options.only.is_none_or(|only| only == benchmark);
    if wants(Benchmark::Switch) {
        print(options.json, &switch::measure(&workspace, &node)?);
    }
    if wants(Benchmark::Programs) {
        let (only, wasm_opt) = (options.program.as_deref(), options.wasm_opt.as_deref());
        print(options.json, &programs::measure(&workspace, &node, wasm_opt, only)?);
    }
    Ok(())
}

/// The figures of a benchmark: as a table for people, and as JSON for programs.
trait Figures: fmt::Display {
    fn to_json(&self) -> Value;
}

fn print(json: bool, figures: &impl Figures) {
    // As text with an empty line behind, before the next.
    if json { println!("{}", figures.to_json()) } else { println!("{figures}") }
}
