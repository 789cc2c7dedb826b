//! Zig, from PyPI.

use std::process::Command;

use anyhow::Result;

use super::driven::{Driven, MAKERS};
use super::makers::Makers;
use crate::process;
use crate::steps::Steps;
use crate::tools;

const PACKAGE: &str = "ziglang==0.17.1";
const MODES: [&str; 3] = ["Debug", "ReleaseSmall", "ReleaseFast"];

pub(super) fn check(makers: &Makers<'_>, steps: &mut Steps<'_>) -> Result<()> {
    let Some(packages) = steps.found(tools::from_pypi(PACKAGE)) else { return Ok(()) };
    let compiler = packages.join("ziglang/zig");
    let folder = makers.folder("zig")?;
    let sources = makers.sources.join("zig");
    for mode in MODES {
        steps.test(mode, || {
            let module = folder.join(format!("program-{mode}.wasm"));
            let mut compile = Command::new(&compiler);
            compile.arg("build-exe").arg(sources.join("program.zig"));
            compile.args(["-target", "wasm32-freestanding", "-mcpu=generic+simd128"]);
            compile.args(["-fno-entry", "-rdynamic", "-O", mode]);

            compile.arg(format!("-femit-bin={}", module.display()));
            compile.arg("--cache-dir").arg(folder.join("cache"));
            process::must_succeed(compile.arg("--global-cache-dir").arg(folder.join("libraries")))?;
            Driven {
                module: &module,
                imports: "env.nap*",
                script: &sources.join("run.mjs"),
                node: &makers.node,
                made_by: &MAKERS,
            }
            .check(makers)
        });
    }
    Ok(())
}
