//! Random wasm modules, asyncified with our list of functions and with Binaryen's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result};
use cargo_bysyncify::{Engine, OptLevel, Options as EngineOptions, Recipe, WasmOpt, setup};

use super::random::{self, Random};
use super::run::{Outcome, Runner};
use super::{Findings, Options, wasm};
use crate::workspace::Workspace;

/// After so many mismatches nobody needs more.
const ENOUGH: usize = 5;

/// One module in so many is optimised, which takes ten times as long.
const OPTIMISED: usize = 7;

/// Makes modules, runs their programs, and compares.
pub(super) fn find(workspace: &Workspace, options: &Options) -> Result<Findings> {
    let folder = workspace.target.join("fuzz");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    let wasm_opt = setup::wasm_opt()?;
    println!("fuzz: {} programs, seed {:#x}, {wasm_opt}", options.programs, options.seed);
    let started = Instant::now();
    let fuzzer = Fuzzer { options, folder, wasm_opt, counts: Counts::default() };
    let mismatches = fuzzer.all()?;
    let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    let Counts { programs, suspends, panics, functions, instrumented } = &fuzzer.counts;
    println!(
        "fuzz: {} programs in {:.0} s, {} suspends, {} panics, {} of {} functions instrumented",
        count(programs),
        started.elapsed().as_secs_f64(),
        count(suspends),
        count(panics),
        count(instrumented),
        count(functions),
    );
    Ok(Findings { programs: count(programs), mismatches })
}

#[derive(Default)]
struct Counts {
    programs: AtomicUsize,
    suspends: AtomicUsize,
    panics: AtomicUsize,
    functions: AtomicUsize,
    instrumented: AtomicUsize,
}

struct Fuzzer<'a> {
    options: &'a Options,
    /// Where programs are written.
    folder: PathBuf,
    wasm_opt: WasmOpt,
    counts: Counts,
}

impl Fuzzer<'_> {
    /// Runs all modules, several at once.
    fn all(&self) -> Result<Vec<String>> {
        let next = AtomicUsize::new(0);
        let found = Mutex::new(Vec::new());
        let failed = Mutex::new(None);
        let threads = thread::available_parallelism().map_or(1, |count| count.get());
        thread::scope(|scope| {
            for worker in 0..threads {
                let (next, found, failed) = (&next, &found, &failed);
                scope.spawn(move || {
                    let scratch = self.folder.join(format!("worker{worker}.wasm"));
                    let mut shown = Instant::now();
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let numbers = self.numbers(index);
                        let enough = lock(found).len() >= ENOUGH || lock(failed).is_some();
                        if numbers.is_empty() || enough {
                            return;
                        }
                        match self.module(index, &numbers, &scratch) {
                            Ok(mismatch) => lock(found).extend(mismatch),
                            Err(error) => *lock(failed) = Some(error),
                        }
                        if worker == 0 && shown.elapsed().as_secs() >= 5 {
                            shown = Instant::now();
                            let done = self.counts.programs.load(Ordering::Relaxed);
                            println!("fuzz: {done} of {} programs", self.options.programs);
                        }
                    }
                });
            }
        });
        match lock(&failed).take() {
            Some(error) => Err(error),
            None => Ok(std::mem::take(&mut *lock(&found))),
        }
    }

    /// Which programs the module of this index has.
    fn numbers(&self, index: usize) -> Vec<usize> {
        match self.options.only {
            Some(only) if index == 0 => vec![only],
            Some(_) => Vec::new(),
            None => {
                let before = index * wasm::PROGRAMS;
                (0..self.options.programs.saturating_sub(before).min(wasm::PROGRAMS)).collect()
            }
        }
    }

    /// Compares the programs of one module; what is wrong, if anything is.
    fn module(&self, index: usize, numbers: &[usize], scratch: &Path) -> Result<Option<String>> {
        let seed = random::part(self.options.seed, index as u64);
        let compared = self.compare(seed, numbers, scratch);
        let compared = compared.with_context(|| format!("in the module of seed {seed:#x}"))?;
        let Some(mismatch) = compared else { return Ok(None) };
        // Is it the same without the other programs?
        let alone = self.compare(seed, &[mismatch.number], scratch)?;
        let (mismatch, numbers, which) = match alone {
            Some(alone) => {
                let which = format!("--program {}", alone.number);
                (alone, vec![mismatch.number], which)
            }
            None => (mismatch, numbers.to_vec(), format!("--programs {}", numbers.len())),
        };
        let module = wasm::module(seed, &numbers)?;
        let file = self.folder.join(format!("{seed:x}-{}.wasm", mismatch.number));
        fs::write(&file, &module.wasm)?;
        fs::write(file.with_extension("wat"), &module.text)?;
        Ok(Some(format!(
            "mismatch in program {} of the module of seed {seed:#x}\n  {}\n  module: {} (and .wat)\n  \
             again: cargo xtask fuzz --seed {seed:#x} {which}",
            mismatch.number,
            mismatch.what,
            file.display(),
        )))
    }

    /// Asyncifies a module in both ways, and runs its programs.
    fn compare(&self, seed: u64, numbers: &[usize], scratch: &Path) -> Result<Option<Mismatch>> {
        let module = wasm::module(seed, numbers)?;
        let mut random = Random::new(!seed);
        let levels = [OptLevel::O1, OptLevel::O2, OptLevel::O3, OptLevel::Os];
        let engine = Counting { engine: &self.wasm_opt, instrumented: AtomicUsize::new(0) };
        let mut build = |everything: bool| {
            let level = match random.below(OPTIMISED) {
                0 => *random.pick(&levels),
                _ => OptLevel::O0,
            };
            let recipe = Recipe { everything, opt_level: level, ..Recipe::default() };
            let wasm = cargo_bysyncify::asyncify(&module.wasm, &recipe, &engine, scratch)?;
            Runner::new(&wasm)
        };
        let (ours, reference) = (build(false)?, build(true)?);
        let counts = &self.counts;
        let add = |counter: &AtomicUsize, more| counter.fetch_add(more, Ordering::Relaxed);
        add(&counts.functions, module.functions as usize);
        add(&counts.instrumented, engine.instrumented.load(Ordering::Relaxed));
        for number in numbers {
            let (ours, expected) = (ours.run(*number)?, reference.run(*number)?);
            add(&counts.programs, 1);
            add(&counts.panics, usize::from(expected.trap.is_some()));
            add(&counts.suspends, expected.trace.iter().filter(|at| **at == SUSPENDED).count());
            if ours != expected {
                let what = difference(&ours, &expected);
                return Ok(Some(Mismatch { number: *number, what }));
            }
        }
        Ok(None)
    }
}

/// What `$poll` shows of a coroutine that was suspended.
const SUSPENDED: i32 = 3;

struct Mismatch {
    number: usize,
    what: String,
}

fn difference(ours: &Outcome, expected: &Outcome) -> String {
    let same = ours.trace.iter().zip(&expected.trace).take_while(|(one, other)| one == other);
    let same = same.count();
    let shown = |outcome: &Outcome| match (outcome.trace.get(same), &outcome.trap) {
        (Some(value), _) => format!("{value:#x}"),
        (None, Some(trap)) => format!("the trap {trap}"),
        (None, None) => "its end".to_owned(),
    };
    format!(
        "after {same} values that are the same comes {} with our list, and {} with Binaryen's",
        shown(ours),
        shown(expected)
    )
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An engine that also counts the functions that it is told to instrument.
struct Counting<'a> {
    engine: &'a WasmOpt,
    instrumented: AtomicUsize,
}

impl Engine for Counting<'_> {
    fn asyncify(&self, input: &Path, output: &Path, options: &EngineOptions) -> Result<()> {
        let count = options.only.as_ref().map_or(0, Vec::len);
        self.instrumented.fetch_add(count, Ordering::Relaxed);
        self.engine.asyncify(input, output, options)
    }
    fn optimise(&self, input: &Path, output: &Path, options: &EngineOptions) -> Result<()> {
        self.engine.optimise(input, output, options)
    }
}
