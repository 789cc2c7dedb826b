//! Tests whether the checker finds errors: instrumented modules are changed at random.
//!
//! If the checker accepts a change, the module must behave the same when it is suspended at random. A refused module
//! is not run: the checker may refuse a correct module that it cannot prove. These changes pass:
//!
//! - changes of values that are never used: a dead local, or one that is only used to compute others that are dead; a
//!   parameter of a rewinding function, which is restored from its frame; the result of an unwinding function; a part
//!   of a frame that no site needs;
//! - changes of code that is never reached;
//! - the order of independent operations, such as restoring two locals;
//! - repetitions of operations where the second one has no effect.

mod change;

use std::collections::BTreeMap;
use std::fs;
use std::time::Instant;

use anyhow::Result;
use wasm_asyncify::{Options as Transform, Prepared, Resumption};

use self::change::Code;
use super::random::{self, Random};
use super::run::Runner;
use super::steps::Runners;
use super::{FORMS, Findings, Options, wasm};
use crate::workspace::Workspace;

/// The number of mutants of each module.
const EACH: usize = 50;

/// How often a mutant runs that the checker has accepted.
const RUNS: u64 = 24;

#[derive(Default)]
struct Found {
    /// For each kind of change: how many mutants the checker has refused, and how many it has accepted.
    counts: BTreeMap<&'static str, [usize; 2]>,
    /// The mutants that it has accepted.
    passed: Vec<String>,
}

/// Changes modules, until the requested number of changes is reached.
pub(super) fn find(workspace: &Workspace, options: &Options) -> Result<Findings> {
    let mut findings = Findings::default();
    if options.mutants == 0 {
        return Ok(findings);
    }
    println!("fuzz: {} mutants, seed {:#x}", options.mutants, options.seed);
    let (started, mut shown) = (Instant::now(), Instant::now());
    let mut found = Found::default();
    let (mut done, mut index) = (0, 0);
    while done < options.mutants && findings.mismatches.len() < 5 {
        let seed = random::part(options.seed, index);
        findings.mismatches.extend(module(seed, (options.mutants - done).min(EACH), &mut found)?);
        done += EACH;
        index += 1;
        if shown.elapsed().as_secs() >= 30 {
            shown = Instant::now();
            println!("fuzz: {done} of {} mutants", options.mutants);
        }
    }
    let file = workspace.target.join("fuzz/passed.txt");
    fs::create_dir_all(workspace.target.join("fuzz"))?;
    fs::write(&file, found.passed.join("\n"))?;
    let [refused, passed] =
        found.counts.values().fold([0; 2], |sum, of| [sum[0] + of[0], sum[1] + of[1]]);
    println!(
        "fuzz: {} mutants of {index} modules in {:.0} s: {refused} are refused by the checker; {passed} \
         pass, and do the same when they are suspended ({})",
        refused + passed,
        started.elapsed().as_secs_f64(),
        file.display(),
    );
    for (kind, [refused, passed]) in &found.counts {
        println!("fuzz:   {refused:6} refused, {passed:5} pass: {kind}");
    }
    findings.programs = refused + passed;
    Ok(findings)
}

/// Changes one module. Returns the first mismatch, if any.
fn module(seed: u64, mutants: usize, found: &mut Found) -> Result<Option<String>> {
    let mut random = Random::new(!seed);
    let numbers = [random.below(wasm::PROGRAMS)];
    let plain = wasm::module(seed, &numbers)?.wasm;
    let compact = *random.pick(&FORMS);
    let resumption = *random.pick(&[Resumption::AllAtOnce, Resumption::OneByOne]);
    let options = Transform { compact, resumption, ..Transform::default() };
    let made = Prepared::new(&plain, &options)?.instrument()?.module;
    let prepared = Prepared::new(&plain, &options)?;
    prepared.check(&made)?;
    let (before, now) = (Code::read(prepared.before())?, Code::read(&made)?);
    let changed = now.others(&before);
    let runner = Runner::new(&plain)?;
    for _ in 0..mutants {
        let Some(mutant) = now.mutant(&changed, &mut random)? else { break };
        let count = found.counts.entry(mutant.kind).or_default();
        if prepared.check(&mutant.wasm).is_err() {
            count[0] += 1;
            continue;
        }
        let runners = Runners { ours: &Runner::new(&mutant.wasm)?, plain: &runner };
        if let Some(what) = runners.compare(seed, &numbers, RUNS, &mut Default::default())? {
            return Ok(Some(format!(
                "a mutant of the module of seed {seed:#x} passes the checker, and is wrong ({}, in \
                 function {}): {what}\n{}  \
                 again: cargo xtask fuzz --programs 0 --crates 0 --steps 0 --throws 0 --mutants {EACH} --seed {seed:#x}",
                mutant.kind, mutant.function, mutant.around,
            )));
        }
        count[1] += 1;
        found.passed.push(format!(
            "{} in function {} of the module of seed {seed:#x}\n{}",
            mutant.kind, mutant.function, mutant.around
        ));
    }
    Ok(None)
}
