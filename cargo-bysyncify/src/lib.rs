//! The toolchain of `bysyncify`: a linker that runs Asyncify, and `cargo bysyncify`.
//!
//! - `linker` is `bysyncify-ld`: it calls the real linker and asyncifies what comes out.
//! - `cli` is `cargo bysyncify new|build|run|test|setup`.
//!
//! Both names are served by the same code ([`main`]), so that `cargo bysyncify` can give cargo
//! *itself* as the linker: the two can never be of different age.
//!
//! What is public is for other tools that need a wasm target or `wasm-opt`: [`setup`], and
//! [`WasmOpt`] as an [`Engine`]; and [`guard`] for tests.

mod analysis;
mod arguments;
mod bindgen;
mod cargo;
mod cli;
mod command;
mod engine;
mod events;
mod features;
pub mod guard;
mod launch;
mod link_options;
mod linker;
mod made;
mod module;
mod naming;
mod new;
mod node_run;
mod pipeline;
mod project;
mod refusal;
mod report;
mod run;
mod serve;
pub mod setup;
mod store;
mod wasm_opt;
mod watch;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

pub use cargo::linker_variable;
pub use engine::{Engine, OptLevel, Options};
pub use wasm_opt::WasmOpt;

/// Runs whichever of the two programs was asked for, and returns its exit status.
///
/// `arguments` are those of the process, its own name first.
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    if is_linker(&arguments) { linker::main(&arguments[1..]) } else { cli::main(&arguments[1..]) }
}

/// Whether rustc is calling: by our linker's name, or by `-flavor`, which rustc always puts
/// first for wasm and which is no command of ours.
fn is_linker(arguments: &[OsString]) -> bool {
    let named = arguments.first().is_some_and(|program| {
        Path::new(program).file_stem().is_some_and(|stem| stem == "bysyncify-ld")
    });
    named || arguments.get(1).is_some_and(|first| first == "-flavor")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linker_for(arguments: &[&str]) -> bool {
        is_linker(&arguments.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn the_name_or_the_first_argument_makes_it_the_linker() {
        assert!(linker_for(&["/bin/bysyncify-ld", "-o", "a.wasm"]));
        assert!(linker_for(&["/bin/cargo-bysyncify", "-flavor", "wasm"]));
        assert!(!linker_for(&["/bin/cargo-bysyncify", "bysyncify", "build"]));
        assert!(!linker_for(&["/bin/cargo-bysyncify"]));
    }
}
