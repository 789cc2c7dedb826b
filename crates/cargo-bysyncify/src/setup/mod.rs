//! Prepares a machine: the wasm target, `wasm-opt` and Node.
//!
//! Each function first searches for the tool, and installs it if it is missing. The next time, the installed tool is
//! found at once.

mod binaryen;
mod cache;
mod debian;
mod node;
mod own_std;
mod prune;
mod rustc;
mod target;
mod wasm_bindgen;
mod wasm_opt;

use anyhow::Result;

pub use binaryen::WasmOpt;
pub use cache::{cached, clean, dir as cache_dir};
pub use node::node;
pub(crate) use node::node_and_major;
pub use own_std::{Exceptions, threaded_target, unwinding_target, windows_target};
pub use rustc::host_triple;
pub use target::{WasmTarget, wasm_target};
pub use wasm_bindgen::{wasm_bindgen, wasm_bindgen_test_runner};
pub(crate) use wasm_opt::{
    how_to_get_a_newer_one as how_to_get_a_newer_wasm_opt, installed as installed_wasm_opt,
    needed as needed_wasm_opt,
};
pub use wasm_opt::{wasm_opt, wasm_opt_version};

/// Makes sure of everything that a build for these targets needs, and prints a line for each.
///
/// # Errors
///
/// If something is missing and cannot be installed; the error says what to do.
pub fn prepare(triples: &[String]) -> Result<()> {
    for triple in triples {
        println!("{}", wasm_target(triple)?);
    }
    println!("{}", wasm_opt()?);
    println!("node: {}", node()?.display());
    Ok(())
}
