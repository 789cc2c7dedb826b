//! Random wasm modules that are suspended at random, compared with the same modules without suspends.
//!
//! Only the transform and the checker run here, without `wasm-opt` and Binaryen's Asyncify, which take nearly all of
//! the time elsewhere. So a program can be suspended millions of times. It is compared with the original module,
//! which is not instrumented at all. To make both behave the same, a coroutine just waits in place: its poller polls
//! it until it has finished.
//!
//! This is done with functions resumed all at once, with functions resumed one by one, and with functions inlined
//! before the transform. Then the first two are compared where coroutines take turns, poll each other, and are
//! abandoned. At each suspend, the saved data is compared as well ([`saved`](super::saved)).
//!
//! A *step* is one executed suspend: the stack of a coroutine was unwound and later rewound to the same place.

use std::time::Instant;

use anyhow::Result;
use cargo_bysyncify::{NoSuspend, OptLevel, Precision, Recipe, Resumption, asyncify};

use super::random::{self, Random};
use super::run::{Runner, Schedule, never};
use super::{FORMS, Findings, Options, difference, to_forget, wasm};
use crate::workspace::Workspace;

/// How often each program of a module runs, each time with other suspends.
const RUNS: u64 = 48;

/// With one module in this many it also tests whether a missing function would be noticed.
const FORGETTING: usize = 4;

/// How often it suspends at a suspend point, in percent. Sometimes rarely, so that it is suspended late in its run;
/// mostly more than once at each point.
const PERCENTS: [usize; 4] = [3, 50, 70, 85];

/// Makes and runs modules until the requested number of steps is reached.
pub(super) fn find(workspace: &Workspace, options: &Options) -> Result<Findings> {
    let mut findings = Findings::default();
    if options.steps == 0 {
        return Ok(findings);
    }
    println!("fuzz: {} steps, seed {:#x}, no wasm-opt", options.steps, options.seed);
    let (started, mut shown) = (Instant::now(), Instant::now());
    let mut done = Counts::default();
    let mut modules = 0;
    while done.steps < options.steps && findings.mismatches.is_empty() {
        let seed = random::part(options.seed, modules);
        let numbers = match options.only {
            Some(only) => vec![only],
            None => (0..wasm::PROGRAMS).collect(),
        };
        let mismatch = module(workspace, seed, &numbers, &mut done)?;
        findings.mismatches.extend(mismatch);
        modules += 1;
        if shown.elapsed().as_secs() >= 30 {
            shown = Instant::now();
            println!("fuzz: {} of {} steps", done.steps, options.steps);
        }
        if options.only.is_some() {
            break;
        }
    }
    findings.programs = done.programs;
    println!(
        "fuzz: {} steps (suspends that were executed and resumed) in {:.0} s: {modules} modules, {} \
         programs, {} runs, {} panics, {} of {} functions instrumented, all proved by the checker",
        done.steps,
        started.elapsed().as_secs_f64(),
        done.programs,
        done.runs,
        done.panics,
        done.instrumented,
        done.functions,
    );
    println!(
        "fuzz: where coroutines take turns, {} bytes of frames one by one and {} all at once, in up to {} \
         segments",
        done.bytes[0], done.bytes[1], done.segments
    );
    println!("fuzz: {} tables that look like vtables, seed {:#x}", done.lookalikes, options.seed);
    println!(
        "fuzz: {} times one of these was left out on purpose, {} were noticed",
        done.forgotten, done.noticed
    );
    if done.forgotten > 10 && done.noticed == 0 {
        findings.mismatches.push("nobody notices if a function is not instrumented".to_owned());
    }
    Ok(findings)
}

#[derive(Default)]
pub(super) struct Counts {
    steps: usize,
    programs: usize,
    runs: usize,
    panics: usize,
    functions: usize,
    instrumented: usize,
    /// The number of tables that look like vtables.
    lookalikes: usize,
    /// How often a function was left out on purpose, and how often that was noticed.
    forgotten: usize,
    noticed: usize,
    /// How many bytes were saved with functions resumed one by one, and with all at once.
    bytes: [usize; 2],
    /// The most segments that one coroutine had.
    segments: usize,
}

/// Runs one module. Returns the first mismatch, if any, and how to reproduce it.
fn module(
    workspace: &Workspace,
    seed: u64,
    numbers: &[usize],
    done: &mut Counts,
) -> Result<Option<String>> {
    let mut compare = |numbers: &[usize]| {
        compare(seed, numbers, done).unwrap_or_else(|error| Some(format!("{error:#}")))
    };
    let Some(what) = compare(numbers) else { return Ok(None) };
    // Does it still fail without the other programs?
    let alone = numbers.iter().find_map(|number| Some((*number, compare(&[*number])?)));
    let (numbers, what, which) = match alone {
        Some((number, what)) => (vec![number], what, format!(" --program {number}")),
        None => (numbers.to_vec(), what, String::new()),
    };
    let file = wasm::write(&workspace.target.join("fuzz"), seed, &numbers)?;
    Ok(Some(format!(
        "in the module of seed {seed:#x}: {what}\n  module: {} (and .wat)\n  \
         again: cargo xtask fuzz --programs 0 --crates 0 --steps 1 --throws 0 --mutants 0 --seed {seed:#x}{which}",
        file.display(),
    )))
}

/// Runs the programs of one module. Returns the first difference, if any.
fn compare(seed: u64, numbers: &[usize], done: &mut Counts) -> Result<Option<String>> {
    let module = wasm::module(seed, numbers)?;
    let mut random = Random::new(!seed);
    let compact = *random.pick(&FORMS);
    let checks = random.percent(25);
    let recipe = Recipe { compact, checks, verify: true, ..Recipe::default() };
    let made = |resumption| asyncify(&module.wasm, &Recipe { resumption, ..recipe.clone() }, None);
    let instrumented =
        cargo_bysyncify::instrumented(&module.wasm, &NoSuspend::default(), Precision::default())?;
    done.programs += numbers.len();
    done.functions += module.functions as usize;
    done.instrumented += instrumented.len();
    done.lookalikes += module.lookalikes;
    let plain = Runner::new(&module.wasm)?;
    let at_once = Runner::new(&made(Resumption::AllAtOnce)?)?;
    let one_by_one = Runner::new(&made(Resumption::OneByOne)?)?;
    let inlines =
        Recipe { resumption: Resumption::OneByOne, opt_level: OptLevel::O2, ..recipe.clone() };
    let inlined = Runner::new(&asyncify(&module.wasm, &inlines, None)?)?;
    for ours in [&at_once, &one_by_one, &inlined] {
        let mismatch = Runners { ours, plain: &plain }.compare(seed, numbers, RUNS / 3, done)?;
        if mismatch.is_some() {
            return Ok(mismatch);
        }
    }
    let mismatch = mixed(&one_by_one, &at_once, seed, numbers, done)?;
    if mismatch.is_none()
        && random.below(FORGETTING) == 0
        && let Some(no_suspend) = to_forget(instrumented, &mut random)
    {
        let resumption = *random.pick(&[Resumption::AllAtOnce, Resumption::OneByOne]);
        let recipe = Recipe { no_suspend, resumption, verify: false, checks: false, ..recipe };
        let wrong = Runner::new(&asyncify(&module.wasm, &recipe, None)?)?;
        let runners = Runners { ours: &wrong, plain: &plain };
        let found = runners.compare(seed, numbers, RUNS / 4, &mut Counts::default())?;
        done.forgotten += 1;
        done.noticed += usize::from(found.is_some());
    }
    Ok(mismatch)
}

/// Runs programs whose coroutines take turns, are resumed in each other, and are abandoned, with functions resumed
/// one by one and all at once. Returns the first difference, if any, or where more is saved than allowed.
fn mixed(
    one_by_one: &Runner,
    at_once: &Runner,
    seed: u64,
    numbers: &[usize],
    done: &mut Counts,
) -> Result<Option<String>> {
    let (mut ours, mut others) = (one_by_one.session()?, at_once.session()?);
    for run in 0..RUNS / 2 {
        for number in numbers {
            let part = random::part(!seed, run << 8 | *number as u64);
            let ways = Random::new(part).next() as i32;
            let percent = PERCENTS[part as usize % PERCENTS.len()];
            let schedule = || Schedule::Mixed(Random::new(part), percent);
            let (found, is_usable) = ours.run(*number, ways, schedule())?;
            let (expected, _) = others.run(*number, ways, schedule())?;
            done.runs += 1;
            done.panics += usize::from(expected.end.is_some());
            let saved = ours.saved.iter().zip(&others.saved);
            let wrong = saved.clone().find_map(|(one, other)| one.check(other).err());
            let what = match wrong {
                Some(wrong) => Some(format!("{wrong:#}")),
                None if found != expected => Some(difference(&found, &expected)),
                None => None,
            };
            if let Some(what) = what {
                return Ok(Some(format!("program {number}, mixed run {run}: {what}")));
            }
            for (one, other) in saved {
                done.bytes[0] += one.bytes;
                done.bytes[1] += other.bytes;
                done.segments = done.segments.max(one.segments);
            }
            if !is_usable {
                done.steps += std::mem::replace(&mut ours, one_by_one.session()?).suspends;
                others = at_once.session()?;
            }
        }
    }
    done.steps += ours.suspends;
    Ok(None)
}

/// An instrumented module, and the same module without instrumentation.
pub(super) struct Runners<'a> {
    pub(super) ours: &'a Runner,
    pub(super) plain: &'a Runner,
}

impl Runners<'_> {
    /// Runs programs in both. Returns the first difference, if any.
    pub(super) fn compare(
        &self,
        seed: u64,
        numbers: &[usize],
        runs: u64,
        done: &mut Counts,
    ) -> Result<Option<String>> {
        let (mut ours, mut plain) = (self.ours.session()?, self.plain.session()?);
        for run in 0..runs {
            for number in numbers {
                let mut random = Random::new(random::part(seed, run << 8 | *number as u64));
                let ways = random.next() as i32;
                let percent = *random.pick(&PERCENTS);
                let schedule = Schedule::InPlace(random, percent);
                let (found, is_usable) = ours.run(*number, ways, schedule)?;
                let (expected, _) = plain.run(*number, ways, never())?;
                done.runs += 1;
                done.panics += usize::from(expected.end.is_some());
                if found != expected {
                    return Ok(Some(format!(
                        "program {number}, run {run}: {}",
                        difference(&found, &expected)
                    )));
                }
                if !is_usable {
                    done.steps += std::mem::replace(&mut ours, self.ours.session()?).suspends;
                    plain = self.plain.session()?;
                }
            }
        }
        done.steps += ours.suspends;
        Ok(None)
    }
}
