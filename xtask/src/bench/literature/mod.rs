//! `cargo xtask bench literature`: the workloads of the literature on stack switching (bench/literature), in C
//! and in Rust.

use anyhow::{Context, Result, ensure};

use super::Figures;
use super::runtime::Runtime;
use super::statistics::Sorted;
use crate::workspace::Workspace;

mod builds;
mod table;
mod worker;

use builds::{BASELINE, Runs};
use table::{Measured, Report};
use worker::Worker;

/// A workload with its size.
struct Workload {
    name: &'static str,
    size: u32,
    rounds: usize,
    /// The target: the highest ratio of the Rust build's time to the baseline's.
    target: f64,
    /// Whether one run takes less than a second in every build.
    is_short: bool,
}

const fn short(name: &'static str, size: u32) -> Workload {
    Workload { name, size, rounds: 15, target: 1.0, is_short: true }
}

const WORKLOADS: [Workload; 9] = [
    short("itersum", 1_000_000),
    short("treesum", 16),
    Workload { name: "treesum", size: 25, rounds: 3, target: 0.25, is_short: false },
    short("sieve", 500),
    short("skynet", 5),
    short("scheduler", 100_000),
    short("pi", 100_000),
    short("state", 300_000),
    short("c10m", 200_000),
];

/// Measures all workloads.
pub(super) fn measure(workspace: &Workspace, runtime: &Runtime) -> Result<impl Figures + use<>> {
    eprintln!("building …");
    let (builds, binaryen) = builds::all(workspace)?;
    eprintln!("measuring …");
    let mut workers = Vec::new();
    for build in &builds {
        workers.push((build, Worker::start(build.command(runtime))?));
    }
    let mut rows = Vec::new();
    for workload in &WORKLOADS {
        let times = workers.iter_mut().map(|(build, worker)| {
            let wanted = workload.is_short || build.runs != Runs::PausedByHost;
            (build.name, wanted.then_some(worker))
        });
        let times = by_turns(workload, times.collect())?;
        rows.push(Measured {
            name: format!("{} {}", workload.name, workload.size),
            target: workload.target,
            times,
        });
    }
    let columns = builds.iter().map(|build| build.name).collect();
    Ok(Report { engine: runtime.name()?, binaryen, columns, rows })
}

/// Runs a workload in all builds, in turn, and returns the nanoseconds of each round. `None` for a build that cannot
/// run it.
fn by_turns(
    workload: &Workload,
    mut workers: Vec<(&str, Option<&mut Worker>)>,
) -> Result<Vec<Option<Vec<f64>>>> {
    let mut times: Vec<_> = workers.iter().map(|_| Some(Vec::new())).collect();
    let mut expected = None;
    let count = workers.len();
    // In the first round engines compile the hot code, so it does not count.
    for round in 0..=workload.rounds {
        for turn in 0..count {
            // Each build leaves other data in the caches for the next one, so the order changes as well.
            let index = (round + turn) % count;
            let (name, worker) = &mut workers[index];
            let run = match worker {
                Some(worker) => worker.run(workload.name, workload.size),
                None => Ok(None),
            };
            let Some(run) = run.with_context(|| format!("while measuring `{name}`"))? else {
                times[index] = None;
                continue;
            };
            let (expected, by) = *expected.get_or_insert((run.result, *name));
            ensure!(
                run.result == expected,
                "{} {} is {} in `{name}`, and {expected} in `{by}`",
                workload.name,
                workload.size,
                run.result
            );
            if round > 0 {
                times[index]
                    .as_mut()
                    .context("it could not run this before")?
                    .push(run.nanoseconds);
            }
        }
    }
    Ok(times)
}

/// The median ratio of one build's time to the baseline's time in the same round.
fn ratio(times: &[Option<Vec<f64>>], index: usize) -> Option<f64> {
    let (ours, other) = (times[index].as_ref()?, times[BASELINE].as_ref()?);
    Some(Sorted::new(ours.iter().zip(other).map(|(ours, other)| ours / other).collect()).median())
}
