//! Random wasm modules, made pausable by us and by Binaryen with its defaults.

use std::fs;
use std::path::PathBuf;
use std::slice;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result};
use cargo_bysyncify::{NoSuspend, OptLevel, Precision, Recipe, WasmOpt, asyncify};

use super::random::{self, Random};
use super::run::{Outcome, Runner};
use super::{FORMS, Findings, Options, difference, to_forget, wasm};
use crate::tools;
use crate::workspace::Workspace;

/// It stops after this many mismatches.
const ENOUGH: usize = 5;

/// One module in this many is optimised, because that takes ten times as long.
const OPTIMISED: usize = 7;

/// How often each program runs, each time with another seed.
const RUNS: i32 = 8;

/// With one module in this many it also tests whether a missing function would be noticed.
const FORGETTING: usize = 4;

/// Makes modules, runs their programs, and compares.
pub(super) fn find(workspace: &Workspace, options: &Options) -> Result<Findings> {
    if options.programs == 0 {
        return Ok(Findings::default());
    }
    let folder = workspace.target.join("fuzz");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    let wasm_opt = tools::native_wasm_opt()?;
    println!("fuzz: {} programs, seed {:#x}, {wasm_opt}", options.programs, options.seed);
    let started = Instant::now();
    let fuzzer = Fuzzer { options, folder, wasm_opt, counts: Counts::default() };
    let mut mismatches = fuzzer.all()?;
    let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    let Counts { programs, suspends, panics, functions, instrumented, .. } = &fuzzer.counts;
    println!(
        "fuzz: {} programs in {:.0} s, {} suspends, {} panics, {} of {} functions instrumented",
        count(programs),
        started.elapsed().as_secs_f64(),
        count(suspends),
        count(panics),
        count(instrumented),
        count(functions),
    );
    let (forgotten, noticed) = (count(&fuzzer.counts.forgotten), count(&fuzzer.counts.noticed));
    println!(
        "fuzz: {forgotten} times one of these was left out on purpose, {noticed} were noticed"
    );
    if forgotten > 10 && noticed == 0 {
        mismatches.push("nobody notices if a function is not instrumented".to_owned());
    }
    Ok(Findings { programs: count(programs), mismatches })
}

#[derive(Default)]
struct Counts {
    programs: AtomicUsize,
    suspends: AtomicUsize,
    panics: AtomicUsize,
    functions: AtomicUsize,
    instrumented: AtomicUsize,
    /// How often a function was left out, and how often that was noticed.
    forgotten: AtomicUsize,
    noticed: AtomicUsize,
}

fn add(counter: &AtomicUsize, more: usize) {
    counter.fetch_add(more, Ordering::Relaxed);
}

struct Fuzzer<'a> {
    options: &'a Options,
    /// The folder for programs.
    folder: PathBuf,
    wasm_opt: WasmOpt,
    counts: Counts,
}

impl Fuzzer<'_> {
    /// Runs all modules, several in parallel.
    fn all(&self) -> Result<Vec<String>> {
        let next = AtomicUsize::new(0);
        let found = Mutex::new(Vec::new());
        let failed = Mutex::new(None);
        let threads = thread::available_parallelism().map_or(1, |count| count.get());
        thread::scope(|scope| {
            for worker in 0..threads {
                let (next, found, failed) = (&next, &found, &failed);
                scope.spawn(move || {
                    let mut shown = Instant::now();
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let numbers = self.numbers(index);
                        let enough = lock(found).len() >= ENOUGH || lock(failed).is_some();
                        if numbers.is_empty() || enough {
                            return;
                        }
                        match self.module(index, &numbers) {
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

    /// The numbers of the programs in the module with this index.
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

    /// Compares the programs of one module. Returns the first mismatch, if any, and how to reproduce it.
    fn module(&self, index: usize, numbers: &[usize]) -> Result<Option<String>> {
        let seed = random::part(self.options.seed, index as u64);
        let compare = |numbers: &[usize]| {
            self.compare(seed, numbers)
                .unwrap_or_else(|error| Some(Mismatch { number: None, what: format!("{error:#}") }))
        };
        let Some(mismatch) = compare(numbers) else { return Ok(None) };
        // Does it still fail without the other programs?
        let suspects = match &mismatch.number {
            Some(number) => slice::from_ref(number),
            None => numbers,
        };
        let alone = suspects.iter().find_map(|number| Some((*number, compare(&[*number])?.what)));
        let (what, numbers, which) = match alone {
            Some((number, what)) => (what, vec![number], format!("--program {number}")),
            None => (mismatch.what, numbers.to_vec(), format!("--programs {}", numbers.len())),
        };
        let file = wasm::write(&self.folder, seed, &numbers)?;
        Ok(Some(format!(
            "in the module of seed {seed:#x}: {what}\n  module: {} (and .wat)\n  \
             again: cargo xtask fuzz --crates 0 --steps 0 --throws 0 --mutants 0 --seed {seed:#x} {which}",
            file.display(),
        )))
    }

    /// Makes a module pausable with both tools, and runs its programs.
    fn compare(&self, seed: u64, numbers: &[usize]) -> Result<Option<Mismatch>> {
        let module = wasm::module(seed, numbers)?;
        let mut random = Random::new(!seed);
        let mut level = || match random.below(OPTIMISED) {
            0 => *random.pick(&[OptLevel::O1, OptLevel::O2, OptLevel::O3, OptLevel::Os]),
            _ => OptLevel::O0,
        };
        let mut ours = Recipe { opt_level: level(), verify: true, ..Recipe::default() };
        let binaryens = Recipe { opt_level: level(), everything: true, ..Recipe::default() };
        ours.compact = *random.pick(&FORMS);
        let make = |recipe: &Recipe| asyncify(&module.wasm, recipe, Some(&self.wasm_opt));
        let (ours, reference) = (Runner::new(&make(&ours)?)?, Runner::new(&make(&binaryens)?)?);
        let instrumented = cargo_bysyncify::instrumented(
            &module.wasm,
            &NoSuspend::default(),
            Precision::default(),
        )?;
        let counts = &self.counts;
        add(&counts.functions, module.functions as usize);
        add(&counts.instrumented, instrumented.len());
        let mut all_expected = Vec::new();
        for number in numbers {
            add(&counts.programs, 1);
            for seed in 0..RUNS {
                let (ours, expected) = (ours.run(*number, seed)?, reference.run(*number, seed)?);
                add(&counts.panics, usize::from(expected.end.is_some()));
                add(&counts.suspends, expected.trace.iter().filter(|at| **at == SUSPENDED).count());
                if ours != expected {
                    let what = difference(&ours, &expected);
                    let what = format!("program {number}: {what}");
                    return Ok(Some(Mismatch { number: Some(*number), what }));
                }
                all_expected.push((*number, seed, expected));
            }
        }
        if random.below(FORGETTING) == 0
            && let Some(no_suspend) = to_forget(instrumented, &mut random)
        {
            let wrong = make(&Recipe { no_suspend, ..Recipe::default() })?;
            add(&counts.forgotten, 1);
            add(&counts.noticed, usize::from(differs(&wrong, &all_expected)?));
        }
        Ok(None)
    }
}

/// Whether any of these runs differs from the expected outcome.
fn differs(wasm: &[u8], expected: &[(usize, i32, Outcome)]) -> Result<bool> {
    let runner = Runner::new(wasm)?;
    for (number, seed, expected) in expected {
        if runner.run(*number, *seed)? != *expected {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The value that `$poll` traces for a coroutine that was suspended.
const SUSPENDED: i32 = 3;

struct Mismatch {
    /// The number of the program, if it is known.
    number: Option<usize>,
    what: String,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
