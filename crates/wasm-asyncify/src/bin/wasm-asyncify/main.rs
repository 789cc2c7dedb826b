//! `wasm-asyncify`: makes a module of any compiler pausable.
//!
//! ```text
//!   wasm-asyncify IN -o OUT [options]              command ─┐
//!   wasm-opt … --asyncify --pass-arg=asyncify-… …  stand_in ├─► file ─► the library
//!                                                  └ binaryen┘
//! ```
//!
//! In the second spelling, it is called in place of Binaryen's `wasm-opt`: it does `--asyncify` itself, and has the
//! real `wasm-opt` do everything else.

mod binaryen;
mod command;
mod file;
mod lists;
mod report;
mod stand_in;

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().collect();
    let done = match stand_in::is_meant(&arguments) {
        true => stand_in::run(&arguments[1..]),
        false => command::run(arguments),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("wasm-asyncify: error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
