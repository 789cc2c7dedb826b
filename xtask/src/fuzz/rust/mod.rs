//! Random Rust programs, compiled with several options, and made pausable by us and by Binaryen with its defaults.

mod program;
mod shape;
mod statements;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use cargo_bysyncify::setup::{self, WasmTarget};
use cargo_bysyncify::{OptLevel, Precision, Recipe, WasmOpt};

use super::random::{self, Random};
use super::run::{Outcome, Runner};
use super::{FORMS, Findings, Options, difference};
use crate::guests::TARGET;
use crate::matrix::Build;
use crate::process;
use crate::workspace::Workspace;

const PACKAGE: &str = "fuzzed";

/// How often each program runs, each time with another seed.
const RUNS: i32 = 48;

/// Compiles programs, runs them, and compares.
pub(super) fn find(workspace: &Workspace, options: &Options) -> Result<Findings> {
    let mut findings = Findings::default();
    if options.crates == 0 {
        return Ok(findings);
    }
    let fuzzer = Fuzzer {
        root: &workspace.root,
        folder: workspace.target.join("fuzz/rust"),
        target: setup::wasm_target(TARGET)?,
        wasm_opt: setup::wasm_opt()?,
    };
    for index in 0..options.crates {
        let seed = random::part(options.seed, index as u64);
        let started = Instant::now();
        let (name, mismatch) =
            fuzzer.compare(seed).with_context(|| format!("with the crate of seed {seed:#x}"))?;
        println!(
            "fuzz: crate {} of {}: {name} {:.0} s  {}",
            index + 1,
            options.crates,
            started.elapsed().as_secs_f64(),
            if mismatch.is_some() { "MISMATCH" } else { "ok" }
        );
        findings.programs += 1;
        findings.mismatches.extend(mismatch);
    }
    Ok(findings)
}

/// Whether a run is as expected until it reports that the precise mode is wrong for this program, which has tables
/// that look like vtables.
fn stops(run: &Outcome, expected: &Outcome) -> bool {
    let says_so = |end: &String| end.contains("was suspended, which is assumed not to happen");
    run.end.as_ref().is_some_and(says_so) && expected.trace.starts_with(&run.trace)
}

struct Fuzzer<'a> {
    root: &'a Path,
    folder: PathBuf,
    target: WasmTarget,
    wasm_opt: WasmOpt,
}

impl Fuzzer<'_> {
    /// Compares the two modules that are made of the program of this seed. Returns how it was compiled, and the first
    /// mismatch, if any.
    fn compare(&self, seed: u64) -> Result<(String, Option<String>)> {
        let mut random = Random::new(!seed);
        let build =
            Build { opt_level: *random.pick(&['0', '1', '3', 's']), fat_lto: random.percent(50) };
        let text = program::program(seed);
        let linked = self.compile(&text, build)?;
        let level = *random.pick(&[OptLevel::O0, OptLevel::O1, OptLevel::O2]);
        // As in a debug build, it detects a suspend in a callee of a function that is not instrumented.
        let checks = build.opt_level == '0';
        let compact = *random.pick(&FORMS);
        let precision = *random.pick(&[Precision::Types, Precision::Slots]);
        let verify = true;
        let ours =
            Recipe { opt_level: level, checks, compact, precision, verify, ..Recipe::default() };
        let all = Recipe { opt_level: OptLevel::O0, everything: true, ..Recipe::default() };
        let make = |recipe: &Recipe| {
            Runner::new(&cargo_bysyncify::asyncify(&linked, recipe, Some(&self.wasm_opt))?)
        };
        let (ours, reference) = (make(&ours)?, make(&all)?);
        let name = format!(
            "seed {seed:#x}, {build}, wasm-opt {}, {compact:?}, {precision:?}",
            level.flag()
        );
        for run in 0..RUNS {
            let (ours, expected) = (ours.run(0, run)?, reference.run(0, run)?);
            if ours != expected && !(precision == Precision::Slots && stops(&ours, &expected)) {
                let file = self.folder.join(format!("{seed:x}.rs"));
                fs::write(&file, &text)?;
                fs::write(file.with_extension("wasm"), &linked)?;
                let what = difference(&ours, &expected);
                let mismatch = format!(
                    "mismatch in run {run} of the crate of {name}\n  {what}\n  program: {} (and \
                     .wasm, as it was linked)\n  again: cargo xtask fuzz --programs 0 --steps 0 --throws 0 --mutants 0 --crates 1 \
                     --seed {seed:#x}",
                    file.display()
                );
                return Ok((name, Some(mismatch)));
            }
        }
        Ok((name, None))
    }

    /// Compiles a program. Returns the module as linked.
    fn compile(&self, text: &str, build: Build) -> Result<Vec<u8>> {
        let folder = self.folder.join("crate");
        fs::create_dir_all(folder.join("src"))
            .with_context(|| format!("cannot create `{}`", folder.display()))?;
        fs::write(folder.join("src/lib.rs"), text)?;
        fs::write(folder.join("Cargo.toml"), self.manifest())?;
        // So that dependencies have the versions that everything else here is tested with.
        fs::copy(self.root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
        let target = self.folder.join("target");
        let mut command = process::cargo();
        command
            .current_dir(&folder)
            .args(["rustc", "--quiet", "--lib", "--target", TARGET])
            .args(["--profile", &build.profile()])
            .args(build.cargo_config("abort"))
            .arg("--target-dir")
            .arg(&target)
            .args(["--", "-Clink-arg=--emit-relocs"]);
        self.target.apply(&mut command);
        process::must_succeed(&mut command)?;
        let module = target.join(TARGET).join(build.profile()).join(PACKAGE);
        let module = module.with_extension("wasm");
        fs::read(&module).with_context(|| format!("cannot read `{}`", module.display()))
    }

    fn manifest(&self) -> String {
        format!(
            "[package]\nname = \"{PACKAGE}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [lib]\ncrate-type = [\"cdylib\"]\n\n\
             [dependencies]\nbysyncify = {{ path = {:?} }}\n\n[workspace]\n",
            self.root
        )
    }
}
