//! A module that waits in legacy handlers that throw on. It is refused. Then the test follows the advice in the
//! message: Binaryen translates it to the standard's exceptions, and after that it can wait there.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::driven::{Driven, Maker};
use super::makers::Makers;
use crate::engine;
use crate::process;
use crate::steps::Steps;

pub(super) fn check(makers: &Makers<'_>, steps: &mut Steps<'_>) -> Result<()> {
    let Some(node) = steps.found(engine::new_node_path()) else { return Ok(()) };
    let folder = makers.folder("legacy")?;
    let sources = makers.sources.join("legacy");
    let module = folder.join("handlers.wasm");
    let wasm = wat::parse_file(sources.join("handlers.wat"))?;
    fs::write(&module, wasm).with_context(|| format!("cannot write `{}`", module.display()))?;
    steps.test("is refused", || {
        let mut command = Command::new(&makers.wasm_asyncify);
        let output = command.arg(&module).arg("-o").arg(folder.join("refused.wasm")).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            !output.status.success() && said.contains("wasm-opt --translate-to-exnref"),
            "{said}"
        );
        Ok(1)
    });
    steps.test("translated", || {
        let translated = folder.join("translated.wasm");
        let mut command = Command::new(&makers.wasm_opt);
        command.args(["--translate-to-exnref", "--enable-exception-handling"]);
        command.args(["--enable-reference-types", "--enable-multivalue"]);
        command.arg(&module).arg("-o").arg(&translated);
        process::must_succeed(&mut command)?;
        Driven {
            module: &translated,
            imports: "env.nap",
            script: &sources.join("handlers.mjs"),
            node: &node,
            made_by: &[Maker::Ours],
        }
        .check(makers)
    });
    Ok(())
}
