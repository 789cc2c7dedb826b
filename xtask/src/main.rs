//! `cargo xtask`: the commands that only this repository needs.
//!
//! `test` runs every test, `run` the tests of one wasm module, `everywhere` the tests with other tools, `check`
//! everything that is not a test, `bench` measures. Commands for users of the library are in `cargo bysyncify`
//! instead.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser as _;

use crate::cli::{Cli, Command};

mod asyncify;
mod bench;
mod bindgen;
mod check;
mod cli;
mod compilers;
mod engine;
mod everywhere;
mod examples;
mod fuzz;
mod guests;
mod host;
mod matrix;
mod module;
mod native;
mod options;
mod packed;
mod process;
mod progress;
mod record;
mod report;
mod stack_switching;
mod stand_in;
mod steps;
mod test;
mod tools;
mod unwind;
mod workspace;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if arguments.first().is_some_and(|name| name == bench::LINKER) {
        return cargo_bysyncify::main(arguments);
    }
    let cli = Cli::parse().checked().unwrap_or_else(|error| error.exit());
    match run(cli.command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a command. False if the command itself worked, but found something wrong.
fn run(command: Command) -> Result<bool> {
    match command {
        Command::Test(options) => test::run(&options),
        Command::Run { module, options, checked } => test::run_module(&module, checked, &options),
        Command::Everywhere { names } => test::run_everywhere(&names),
        Command::Check => check::run(),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::Bench(options) => bench::run(&options).map(|()| true),
        Command::WasmiRunner => engine::wasmi::serve().map(|()| true),
    }
}
