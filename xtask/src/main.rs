//! `cargo xtask`: the commands that only this repository needs.
//!
//! `test` runs every test there is, `run` those of one wasm module, `everywhere` those of other
//! tools, `check` everything that is not a test, `bench` measures. What users of the library need is in `cargo bysyncify` instead.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;

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
mod process;
mod progress;
mod record;
mod report;
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
    let command = match cli::parse(arguments) {
        Ok(command) => command,
        Err(error) => {
            eprintln!("error: {error:#}\n\n{}", cli::USAGE);
            return ExitCode::from(2);
        }
    };
    match run(command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a command; false if it did its work and found something wrong.
fn run(command: cli::Command) -> Result<bool> {
    match command {
        cli::Command::Test(options) => test::run(&options),
        cli::Command::Run(module, options) => test::run_module(&module, &options),
        cli::Command::Everywhere(names) => test::run_everywhere(&names),
        cli::Command::Check => check::run(),
        cli::Command::Fuzz(options) => fuzz::run(&options),
        cli::Command::Bench(options) => bench::run(&options).map(|()| true),
        cli::Command::WasmiRunner => engine::wasmi::serve().map(|()| true),
        cli::Command::Help => {
            println!("{}", cli::USAGE);
            Ok(true)
        }
    }
}
