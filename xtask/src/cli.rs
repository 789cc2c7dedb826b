//! The command line.

use std::path::PathBuf;

use clap::{CommandFactory as _, Parser, Subcommand, error::ErrorKind};

use crate::bench::{Benchmark, Options as BenchOptions};
use crate::fuzz::Options as FuzzOptions;
use crate::options::{RunOptions, TestOptions};

/// The commands that only this repository needs
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", max_term_width = 100, subcommand_required = true)]
#[command(arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// One of the commands.
#[derive(Debug, PartialEq, Subcommand)]
pub(crate) enum Command {
    /// Run every test: on the host, of the guests in real wasm and natively, of the examples
    Test(TestOptions),
    /// Run the tests of one asyncified module
    Run {
        module: PathBuf,
        #[command(flatten)]
        options: RunOptions,
        /// It checks itself, as what our linker makes of debug builds
        #[arg(long)]
        checked: bool,
    },
    /// Build and run projects with the tools that people use, such as wasm-bindgen
    Everywhere {
        /// Only these; a wrong name lists them
        names: Vec<String>,
    },
    /// Measure the library or real programs (bench/README.md)
    Bench(BenchOptions),
    /// Run random programs: what waits in them is instrumented, whatever calls what
    Fuzz(FuzzOptions),
    /// Format, clippy, docs, feature combinations, MSRV, packages, file lengths
    Check,
    /// Be the child process that runs tests on wasmi
    #[command(hide = true)]
    WasmiRunner,
}

impl Cli {
    /// Refuses combinations of options that make no sense.
    pub(crate) fn checked(self) -> Result<Self, clap::Error> {
        let Command::Bench(options) = &self.command else { return Ok(self) };
        let (name, unknown) = match options.only {
            Some(Benchmark::Switch) => ("switch", options.is_for_programs()),
            Some(Benchmark::Literature) => ("literature", options.is_for_programs()),
            Some(Benchmark::Native) => {
                ("native", options.is_for_programs() || options.json || options.wasmtime)
            }
            Some(Benchmark::Many) => ("many", options.is_for_programs() || options.wasmtime),
            Some(Benchmark::Browser) => {
                ("browser", options.is_for_programs() || options.json || options.wasmtime)
            }
            Some(Benchmark::Engine) => ("engine", options.wasmtime),
            Some(Benchmark::Programs) | None => ("programs", options.wasmtime),
        };
        if unknown {
            let message = format!("`bench {name}` has no such option");
            return Err(Self::command().error(ErrorKind::ArgumentConflict, message));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests;
