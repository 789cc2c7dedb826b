//! AssemblyScript, whose modules contain their own garbage collector.

use std::process::Command;

use anyhow::Result;

use super::driven::{Driven, MAKERS};
use super::makers::Makers;
use crate::process;
use crate::steps::Steps;
use crate::tools;

const PACKAGE: &str = "assemblyscript@0.28.20";
const LEVELS: [&str; 2] = ["-O0", "-O3"];

pub(super) fn check(makers: &Makers<'_>, steps: &mut Steps<'_>) -> Result<()> {
    let Some(packages) = steps.found(tools::from_npm(&[PACKAGE])) else { return Ok(()) };
    let compiler = packages.join("node_modules/assemblyscript/bin/asc.js");
    let folder = makers.folder("assemblyscript")?;
    let sources = makers.sources.join("assemblyscript");
    for level in LEVELS {
        steps.test(level, || {
            let module = folder.join(format!("program{level}.wasm"));
            let mut compile = Command::new(&makers.node);
            compile.arg(&compiler).arg(sources.join("program.ts")).arg("--outFile").arg(&module);
            process::must_succeed(compile.args([level, "--runtime", "incremental"]))?;
            Driven {
                module: &module,
                imports: "program.nap*",
                script: &sources.join("run.mjs"),
                node: &makers.node,
                made_by: &MAKERS,
            }
            .check(makers)
        });
    }
    Ok(())
}
