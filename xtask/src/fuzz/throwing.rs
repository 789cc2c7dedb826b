//! Random wasm modules that wait, throw and catch, run in Node 26: wasmi has no exceptions.
//!
//! The modules and comparisons are those of [`steps`](super::steps). `throwing.mjs` runs them: it compares functions
//! resumed all at once, one by one, and one by one after inlining, with the module as it is. Then coroutines take
//! turns, poll each other and are abandoned, one by one and all at once. So exceptions come through functions that
//! were resumed, and that were not yet; through functions that catch, and that catch others; out of coroutines into
//! those that poll them. At each suspend, what is saved is measured as in [`saved`](super::saved).

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use cargo_bysyncify::{OptLevel, Recipe, Resumption, asyncify};
use serde_json::Value;

use super::random::{self, Random};
use super::{FORMS, Findings, Options, exported, wasm};
use crate::engine;
use crate::process;
use crate::workspace::Workspace;

const SCRIPT: &str = "throwing.mjs";

/// Makes and runs modules until the requested number of steps is reached.
pub(super) fn find(workspace: &Workspace, options: &Options) -> Result<Findings> {
    let mut findings = Findings::default();
    if options.throws == 0 {
        return Ok(findings);
    }
    let node = engine::new_node_path()?;
    let folder = workspace.target.join("fuzz/throwing");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(SCRIPT), include_str!("throwing.mjs"))?;
    println!(
        "fuzz: {} steps with exceptions, seed {:#x}, no wasm-opt",
        options.throws, options.seed
    );
    let (started, mut shown) = (Instant::now(), Instant::now());
    let mut total = Counts::default();
    let mut modules = 0;
    while total.steps < options.throws && findings.mismatches.is_empty() {
        let seed = random::part(options.seed, modules);
        let numbers = match options.only {
            Some(only) => vec![only],
            None => (0..wasm::PROGRAMS).collect(),
        };
        let what = match run(seed, &numbers, &folder, &node) {
            Ok(counts) => {
                total.add(&counts)?;
                counts["mismatch"].as_str().map(str::to_owned)
            }
            Err(error) => Some(format!("{error:#}")),
        };
        findings.programs += numbers.len();
        if let Some(what) = what {
            let which = options.only.map(|only| format!(" --program {only}")).unwrap_or_default();
            findings.mismatches.push(format!(
                "in the module of seed {seed:#x}: {what}\n  modules: {}\n  again: cargo xtask fuzz \
                 --programs 0 --crates 0 --steps 0 --mutants 0 --throws 1 --seed {seed:#x}{which}",
                folder.display(),
            ));
        }
        modules += 1;
        if shown.elapsed().as_secs() >= 30 {
            shown = Instant::now();
            println!("fuzz: {} of {} steps", total.steps, options.throws);
        }
        if options.only.is_some() {
            break;
        }
    }
    let Counts { steps, runs, thrown, traps, segments } = total;
    println!(
        "fuzz: {steps} steps with exceptions in {:.0} s: {modules} modules, {} programs, {runs} runs, \
         {thrown} exceptions thrown, {traps} panics, up to {segments} segments, all proved by the \
         checker, seed {:#x}",
        started.elapsed().as_secs_f64(),
        findings.programs,
        options.seed,
    );
    if steps > 10_000 && findings.mismatches.is_empty() {
        ensure!(thrown > steps / 1000, "{thrown} exceptions in {steps} steps");
    }
    Ok(findings)
}

#[derive(Default)]
struct Counts {
    steps: usize,
    runs: usize,
    thrown: usize,
    /// The runs that ended with a panic.
    traps: usize,
    /// The most segments that one coroutine had.
    segments: usize,
}

impl Counts {
    fn add(&mut self, other: &Value) -> Result<()> {
        let number = |name: &str| -> Result<usize> {
            let number = other[name].as_u64().with_context(|| format!("no number `{name}`"))?;
            Ok(number as usize)
        };
        self.steps += number("steps")?;
        self.runs += number("runs")?;
        self.thrown += number("thrown")?;
        self.traps += number("traps")?;
        self.segments = self.segments.max(number("segments")?);
        Ok(())
    }
}

/// Makes one module, and runs its programs. Returns what `throwing.mjs` prints.
fn run(seed: u64, numbers: &[usize], folder: &Path, node: &Path) -> Result<Value> {
    make(seed, numbers, folder)?;
    let mut command = Command::new(node);
    command.arg(folder.join(SCRIPT)).arg(folder).arg(seed.to_string());
    command.args(numbers.iter().map(ToString::to_string));
    serde_json::from_slice(&process::must_succeed(&mut command)?).context(SCRIPT)
}

/// Writes a module into this folder: as it is, and instrumented in each way.
fn make(seed: u64, numbers: &[usize], folder: &Path) -> Result<()> {
    let module = wasm::throwing_module(seed, numbers)?;
    let write = |name: &str, wasm: &[u8]| fs::write(folder.join(name).with_extension("wasm"), wasm);
    write("plain", &module.wasm)?;
    fs::write(folder.join("plain.wat"), &module.text)?;
    let mut random = Random::new(!seed);
    let recipe = Recipe { compact: *random.pick(&FORMS), verify: true, ..Recipe::default() };
    let one_by_one = Resumption::OneByOne;
    let ways = [
        ("at_once", Resumption::AllAtOnce, recipe.opt_level),
        ("one_by_one", one_by_one, recipe.opt_level),
        ("inlined", one_by_one, OptLevel::O2),
    ];
    for (name, resumption, opt_level) in ways {
        let made =
            asyncify(&module.wasm, &Recipe { resumption, opt_level, ..recipe.clone() }, None)?;
        write(name, &exported::with_frame_size(&made)?)?;
    }
    Ok(())
}
