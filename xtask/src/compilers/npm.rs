//! Packages on npm with a plain module and one that Binaryen has made pausable. We make the plain one pausable, and
//! run it in the glue code of the other. It must be suspended as often, and print the same.

use std::ffi::OsStr;
use std::process::Command;

use anyhow::{Context, Result};

use super::makers::{Makers, compare, run_by_node};
use crate::process;
use crate::steps::Steps;
use crate::tools;

const PACKAGES: [&str; 2] = ["wa-sqlite@1.0.0", "quickjs-emscripten@0.32.0"];

/// The scripts, each with the plain module that it uses.
const MODULES: [(&str, &str); 2] = [
    ("wa-sqlite", "wa-sqlite/dist/wa-sqlite.wasm"),
    ("quickjs", "@jitl/quickjs-wasmfile-release-sync/dist/emscripten-module.wasm"),
];

/// The modules that Binaryen has made pausable. Emscripten has renamed their exports.
const THEIRS: [&str; 2] = [
    "wa-sqlite/dist/wa-sqlite-async.wasm",
    "@jitl/quickjs-wasmfile-release-asyncify/dist/emscripten-module.wasm",
];

pub(super) fn check(makers: &Makers<'_>, steps: &mut Steps<'_>) -> Result<()> {
    let Some(packages) = steps.found(tools::from_npm(&PACKAGES)) else { return Ok(()) };
    let folder = makers.folder("npm")?;
    for module in THEIRS {
        steps.test(&format!("{module} is refused"), || {
            let module = packages.join("node_modules").join(module);
            let mut command = Command::new(&makers.wasm_asyncify);
            let output = command.arg(module).arg("-o").arg(folder.join("twice.wasm")).output()?;
            let said = String::from_utf8_lossy(&output.stderr);
            anyhow::ensure!(
                !output.status.success() && said.contains("has been through Asyncify already"),
                "{said}"
            );
            Ok(1)
        });
    }
    for (name, module) in MODULES {
        steps.test(name, || {
            let made = folder.join(format!("{name}.wasm"));
            let mut command = Command::new(&makers.wasm_asyncify);
            command.arg(packages.join("node_modules").join(module)).arg("-o").arg(&made);
            process::must_succeed(command.arg("--verify"))?;
            let script = makers.sources.join(format!("npm/{name}.mjs"));
            let run = |which: &OsStr| {
                run_by_node(makers, &[script.as_os_str(), packages.as_os_str(), which])
            };
            let plain = run("plain".as_ref())?;
            let answers = plain.strip_suffix("suspended: 0\n").context("it is suspended")?;
            let theirs = run("theirs".as_ref())?;
            compare(&run(made.as_os_str())?, &theirs, "ours")?;
            let times = theirs.strip_prefix(answers).with_context(|| {
                format!("theirs says\n{theirs}and if it is never suspended\n{plain}")
            })?;
            anyhow::ensure!(times != "suspended: 0\n", "it is not suspended");
            Ok(2)
        });
    }
    Ok(())
}
