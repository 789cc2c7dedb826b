//! Emscripten's `-sASYNCIFY`, with our command in place of its `wasm-opt`.

use std::path::Path;

use anyhow::{Context, Result, bail};

use super::makers::{Makers, compare, path_after, run_by_node};
use crate::process;
use crate::steps::Steps;
use crate::tools::{self, Emscripten};

/// A program: its file, its compiler, and the options for it.
struct Program {
    file: &'static str,
    compiler: &'static str,
    levels: [&'static str; 2],
    options: &'static [&'static str],
}

const PROGRAMS: [Program; 2] = [
    Program { file: "library.c", compiler: "emcc", levels: ["-O0", "-Os"], options: &[] },
    Program {
        file: "objects.cpp",
        compiler: "em++",
        levels: ["-O0", "-O2"],
        options: &["-std=c++17", "-fexceptions"],
    },
];

/// Additional options for a program that waits. The default has too little room for what is saved.
const ASYNCIFY: [&str; 3] = ["-DNAPS", "-sASYNCIFY", "-sASYNCIFY_STACK_SIZE=65536"];

pub(super) fn check(makers: &Makers<'_>, steps: &mut Steps<'_>) -> Result<()> {
    let Some(emscripten) = steps.found(tools::emscripten()) else { return Ok(()) };
    let binaryen = emscripten.binaryen();
    let ours = makers.stand_in(&binaryen.join("wasm-opt"))?;
    for program in &PROGRAMS {
        for level in program.levels {
            let build = Build { makers, emscripten: &emscripten, program, level };
            steps.test(&format!("{} {level}", program.file), || {
                let without = build.run("without", &[], &[&binaryen])?;
                let (expected, timers) = split(&without)?;
                if timers != "0" {
                    bail!("it is suspended where it is not to be:\n{without}");
                }
                for (who, folders) in
                    [("Binaryen", &[&*binaryen][..]), ("ours", &[&*ours.folder, &*binaryen])]
                {
                    let found = build.run(who, &ASYNCIFY, folders)?;
                    let naps = expected.rsplit_once("naps: ").context("it counts its naps")?.1;
                    compare(&found, &format!("{expected}timers: {naps}"), who)?;
                }
                ours.must_have_been_called()?;
                Ok(2)
            });
        }
    }
    Ok(())
}

/// A program's own output, and how often it was suspended.
fn split(output: &str) -> Result<(&str, &str)> {
    let (own, timers) = output.rsplit_once("timers: ").context("nobody counts the timers")?;
    Ok((own, timers.trim_end()))
}

/// One program at one level.
struct Build<'a> {
    makers: &'a Makers<'a>,
    emscripten: &'a Emscripten,
    program: &'a Program,
    level: &'a str,
}

impl Build<'_> {
    /// Compiles it with these folders first on PATH, runs it, and returns its output.
    fn run(&self, who: &str, options: &[&str], folders: &[&Path]) -> Result<String> {
        let Self { makers, emscripten, program, level } = self;
        let folder = makers.folder("emscripten")?;
        let sources = makers.sources.join("emscripten");
        let script = folder.join(format!("{}{level}.{who}.js", program.file));
        let config = folder.join("config");
        let mut compiler = emscripten.compiler(program.compiler, &config, &makers.node)?;
        compiler.arg(sources.join(program.file)).arg(level).args(program.options).args(options);
        // A single file, because this Emscripten fetches its module as a browser does. Node has `fetch` by now, but
        // not for files.
        compiler.args(["-sSINGLE_FILE=1", "-sENVIRONMENT=node", "--pre-js"]);
        compiler.arg(sources.join("naps.js")).arg("-o").arg(&script);
        let output = process::output(compiler.env("PATH", path_after(folders)?))?;
        let told = String::from_utf8_lossy(&output.stderr);
        let mut warnings = told.lines().filter(|line| !line.starts_with("shared:INFO:"));
        if !output.status.success() || warnings.next().is_some() {
            bail!("`{}`: {}", process::show(&compiler), process::all_text(&output));
        }
        run_by_node(makers, &[script.as_os_str()])
    }
}
