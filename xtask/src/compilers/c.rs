//! C programs with their own switch, compiled by clang. Natively they use coroutines of ucontext.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::makers::{Makers, compare, path_after, printed, run_by_node};
use crate::process;
use crate::steps::Steps;
use crate::tools::{self, Clang};

const PROGRAMS: [&str; 4] = ["channels", "parser", "trees", "workloads"];
/// Optimised builds test fewer combinations of passes, because npm's wasm-opt takes a second for each call.
const LEVELS: [(&str, &[&str]); 2] =
    [("-O0", &[OURS, FLAT, BINARYEN, BETWEEN, NAMED]), ("-O2", &[OURS, FLAT, BINARYEN, TINYGO])];

const OURS: &str = "ours";
const FLAT: &str = "ours, flat";
const BINARYEN: &str = "Binaryen";
const BETWEEN: &str = "ours, between passes";
const NAMED: &str = "ours, called wasm-opt";
const TINYGO: &str = "ours, called as TinyGo does";

/// The passes that the real wasm-opt runs before and after ours. From -O2 on it would inline the switch. Then neither
/// Binaryen's Asyncify nor ours could tell it from code that is to be suspended.
const BEFORE: [&str; 2] = ["--remove-unused-module-elements", "-O1"];
const AFTER: [&str; 2] = ["-Os", "--strip-producers"];

/// A way to make a module pausable: its name, and the function that returns the command.
type Maker<'a> = (&'a str, &'a dyn Fn(&Path, &Path) -> Result<Command>);

pub(super) fn check(makers: &Makers<'_>, steps: &mut Steps<'_>) -> Result<()> {
    let Some(clang) = steps.found(tools::clang()) else { return Ok(()) };
    let folder = makers.folder("c")?;
    let ours = |module: &Path, made: &Path| {
        let mut command = Command::new(&makers.wasm_asyncify);
        command.arg(module).arg("-o").arg(made).args(["--ignore-imports", "--verify"]);
        command
    };
    let ways: [Maker<'_>; 6] = [
        (OURS, &|module, made| Ok(ours(module, made))),
        (FLAT, &|module, made| {
            let mut command = ours(module, made);
            command.arg("--flat");
            Ok(command)
        }),
        (BINARYEN, &|module, made| Ok(passes(&makers.wasm_opt, module, made, &[], &[]))),
        // With a real wasm-opt that is named.
        (BETWEEN, &|module, made| {
            let mut command = passes(&makers.wasm_asyncify, module, made, &BEFORE, &AFTER);
            let mut real = OsString::from("--wasm-opt=");
            real.push(&makers.wasm_opt);
            command.arg(real).arg("--pass-arg=asyncify-verify");
            Ok(command)
        }),
        // With the next wasm-opt on PATH.
        (NAMED, &|module, made| {
            let folder = makers.named_wasm_opt()?;
            let real = makers.wasm_opt.parent().context("it is in a folder")?;
            let mut command = passes(&folder.join("wasm-opt"), module, made, &BEFORE, &AFTER);
            command.env("PATH", path_after(&[&folder, real])?);
            Ok(command)
        }),
        // This one asks for the version first, and does not exclude imports: each can suspend.
        (TINYGO, &|module, made| {
            let stand_in = makers.stand_in(&makers.wasm_opt)?.script();
            let version = printed(Command::new(&stand_in).arg("--version"))?;
            ensure!(version.starts_with("wasm-opt version "), "it is no wasm-opt: {version}");
            let mut command = Command::new(stand_in);
            command.args(["--asyncify", "-Oz", "-g"]).arg(module).arg("--output").arg(made);
            Ok(command)
        }),
    ];
    for program in PROGRAMS {
        let source = makers.sources.join(format!("c/{program}.c"));
        let expected = steps.make(&format!("{program}, natively"), || natively(&source, &folder));
        let Some(expected) = expected else { continue };
        for (level, wanted) in LEVELS {
            steps.test(&format!("{program} {level}"), || {
                let module = compile(&clang, &source, level, &folder)?;
                for (name, make) in ways.iter().filter(|(name, _)| wanted.contains(name)) {
                    let made = folder.join(format!("{program}{level}.{name}.wasm"));
                    process::must_succeed(&mut make(&module, &made)?)?;
                    compare(&run(makers, &made)?, &expected, name)?;
                }
                Ok(wanted.len())
            });
        }
    }
    Ok(())
}

/// `wasm-opt` with Asyncify between other passes.
fn passes(wasm_opt: &Path, module: &Path, made: &Path, before: &[&str], after: &[&str]) -> Command {
    let mut command = Command::new(wasm_opt);
    command.arg(module).args(before).args(["--asyncify", "--pass-arg=asyncify-ignore-imports"]);
    command.args(after).arg("-o").arg(made);
    command
}

/// The output of the program, built for this machine.
fn natively(source: &Path, folder: &Path) -> Result<String> {
    let program = folder.join(source.file_stem().context("it has a name")?);
    let mut compiler = Command::new("cc");
    process::must_succeed(compiler.arg("-O1").arg(source).arg("-o").arg(&program))?;
    printed(&mut Command::new(&program))
}

fn compile(clang: &Clang, source: &Path, level: &str, folder: &Path) -> Result<PathBuf> {
    let name = source.file_stem().context("it has a name")?.to_string_lossy();
    let object = folder.join(format!("{name}{level}.o"));
    let module = object.with_extension("wasm");
    let mut compiler = clang.compiler();
    compiler.args(["--target=wasm32", level, "-nostdlib", "-ffreestanding", "-c"]);
    process::must_succeed(compiler.arg(source).arg("-o").arg(&object))?;
    let mut linker = clang.linker();
    process::must_succeed(linker.arg(&object).arg("-o").arg(&module).arg("--no-entry"))?;
    Ok(module)
}

fn run(makers: &Makers<'_>, module: &Path) -> Result<String> {
    let script = makers.sources.join("c/run.mjs");
    run_by_node(makers, &[script.as_os_str(), module.as_os_str()])
}
