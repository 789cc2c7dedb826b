//! The toolchain of `bysyncify`: a linker that runs Asyncify, and `cargo bysyncify`.
//!
//! - `linker` is `bysyncify-ld`: it calls the real linker and asyncifies the result. `component` inserts it where
//!   rustc has another linker, which makes components.
//! - `cli` is `cargo bysyncify new|init|build|run|test|check|setup|…`.
//!
//! Both programs have the same code ([`main`]). So `cargo bysyncify` can name *itself* as the linker to cargo, and
//! the two always have the same version.
//!
//! The public items are for other tools: tools that link by themselves ([`asyncify`]), or need a wasm target or
//! `wasm-opt` ([`setup`], and [`WasmOpt`] as an [`Optimizer`]). The transformation of a module's bytes is in the
//! crate `wasm-asyncify`.

mod arguments;
mod bindgen;
mod cargo;
mod cli;
mod command;
mod component;
mod events;
mod features;
mod launch;
mod link_options;
mod linker;
mod manifest;
mod naming;
mod new;
mod node_run;
mod optimizer;
mod pipeline;
mod project;
mod report;
mod rerun;
mod response_file;
mod run;
mod serve;
pub mod setup;
mod store;
mod trace;
mod wasm_opt;
mod watch;
mod wording;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use wasm_asyncify::analysis::{Analysis, Program};
use wasm_asyncify::module::AsyncifyInfo;

use crate::wording::Worded as _;

pub use cargo::linker_variable;
pub use optimizer::{OptLevel, Optimizer, Options};
pub use pipeline::Recipe;
pub use setup::WasmOpt;
pub use wasm_asyncify::analysis::{NoSuspend, Precision};
pub use wasm_asyncify::{Compact, Lowering, Resumption};

/// Makes a linked module pausable, as the linker does. A module that does not use Asyncify is returned unchanged.
///
/// The module must have names. If it was linked with `--emit-relocs` fewer functions are instrumented, because the
/// relocations show where the address of each function is taken. `optimizer` optimises, if it is given.
///
/// # Errors
///
/// If the module cannot be made pausable; the error says why, and what to do.
pub fn asyncify(
    linked: &[u8],
    recipe: &Recipe,
    optimizer: Option<&dyn Optimizer>,
) -> Result<Vec<u8>> {
    if recipe.suspends.is_empty() && !AsyncifyInfo::read(linked)?.needs_asyncify().worded()? {
        return Ok(linked.to_vec());
    }
    pipeline::asyncify(linked, recipe, optimizer, |_| {}).map(|made| made.module)
}

/// The functions that [`asyncify`] would instrument, by their demangled names.
///
/// # Errors
///
/// If the module cannot be read, or a function that is assumed not to suspend does not exist.
pub fn instrumented(
    linked: &[u8],
    no_suspend: &NoSuspend,
    precision: Precision,
) -> Result<Vec<String>> {
    let program = Program::read(linked)?;
    let analysis = Analysis::new(&program, no_suspend, precision).worded()?;
    Ok(analysis.instrumented().map(|index| program.readable(index)).collect())
}

/// Runs the program that was asked for, and returns its exit status.
///
/// `arguments` are those of the process, beginning with its own name.
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    let is_inside = component::calls_us();
    match arguments.get(1..).unwrap_or_default() {
        rest if is_inside => linker::main(rest),
        rest if !is_linker(&arguments) => cli::main(rest),
        rest if component::is_wanted(rest) => component::main(rest),
        rest => linker::main(rest),
    }
}

/// Whether we are called as a linker: by our linker's name, or with `-flavor`, which rustc always puts first for wasm
/// and which is not one of our commands.
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

    #[test]
    fn only_what_imports_from_asyncify_is_made_pausable() {
        let made = |text: &str| {
            let wasm = wat::parse_str(text).unwrap();
            (asyncify(&wasm, &Recipe::default(), None), wasm)
        };
        for text in ["(module (func))", r#"(module (func (export "asyncify_start_unwind")))"#] {
            let (result, wasm) = made(text);
            assert_eq!(result.unwrap(), wasm);
        }
        let (result, _) = made(r#"(module (import "asyncify" "pause" (func)))"#);
        assert_eq!(
            result.unwrap_err().to_string(),
            "the module imports asyncify.pause, which Asyncify does not have\n  \
             it has start_unwind, stop_unwind, start_rewind, stop_rewind"
        );
    }
}
