//! Modules with objects in the engine's garbage collector: MoonBit's, and one written by hand. They are suspended
//! while references of all kinds are live, which Binaryen's Asyncify refuses, and which functions that are resumed
//! one by one cannot return. They need a newer Node than the oldest that we support.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use cargo_bysyncify::setup;

use super::driven::{Driven, Maker};
use super::makers::Makers;
use crate::engine;
use crate::process;
use crate::steps::Steps;
use crate::tools;

/// The playground: its compiler is a script, and has the standard library beside it.
const PACKAGE: &str = "@moonbit/moonpad-monaco@0.1.202602255";
/// The folder for the compiled standard library, in the cache.
const LIBRARY: &str = "moonbit-library-0.1.202602255";

pub(super) fn check(makers: &Makers<'_>, steps: &mut Steps<'_>) -> Result<()> {
    let Some(node) = steps.found(engine::new_node_path()) else { return Ok(()) };
    let folder = makers.folder("gc")?;
    let sources = makers.sources.join("gc");
    let driven = |script: &str, module: &_| {
        Driven {
            module,
            imports: "env.nap*",
            script: &sources.join(script),
            node: &node,
            made_by: &[Maker::Ours],
        }
        .check(makers)
    };
    steps.test("objects", || {
        let module = folder.join("objects.wasm");
        let wasm = wat::parse_file(sources.join("objects.wat"))?;
        fs::write(&module, wasm).with_context(|| format!("cannot write `{}`", module.display()))?;
        driven("objects.mjs", &module)
    });
    let Some(packages) = steps.found(tools::from_npm(&[PACKAGE])) else { return Ok(()) };
    steps.test("MoonBit", || {
        let compiler = || {
            let mut compiler = Command::new(&makers.node);
            compiler.arg(sources.join("moonc.mjs")).arg(&packages);
            compiler
        };
        let library = setup::cached(LIBRARY, |partial| {
            println!("compiling MoonBit's library, once …");
            process::must_succeed(compiler().arg("library").arg(partial)).map(drop)
        })?;
        let module = folder.join("moonbit.wasm");
        let mut compile = compiler();
        process::must_succeed(compile.arg(&library).arg(sources.join("program.mbt")).arg(&module))?;
        driven("moonbit.mjs", &module)
    });
    Ok(())
}
