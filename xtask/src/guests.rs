//! The guest matrix: builds each guest, asyncifies it, and runs its tests on every engine.
//!
//! One thread builds (cargo itself uses all cores). Workers, one per core, asyncify and run the modules as soon as
//! they are built. The main thread prints and counts.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Error, Result, bail};
use cargo_bysyncify::setup::WasmTarget;

use crate::asyncify::{Asyncifier, Variant, title};
use crate::engine::{Engine, runner};
use crate::matrix::{self, Build, Configuration};
use crate::module::{Checks, GuestModule};
use crate::options::{Part, RunOptions, TestOptions};
use crate::process;
use crate::progress::Progress;
use crate::record::Record;
use crate::report::{Place, Report, trace};
use crate::workspace::{Package, Workspace};

/// The only target that guests are built for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// The row of the report for modules that could not be passed to an engine.
pub(crate) const MODULES: &str = "modules";

/// A guest, and the configurations to test it in.
pub(crate) struct Plan<'a> {
    guest: &'a Package,
    pub(crate) configurations: Vec<Configuration>,
    /// If there are any, each configuration is tested in all of these instead.
    variants: Vec<Variant>,
}

impl Plan<'_> {
    /// The variants of each configuration. `None` is the usual way.
    fn variants(&self) -> Vec<Option<&Variant>> {
        if self.variants.is_empty() { vec![None] } else { self.variants.iter().map(Some).collect() }
    }
}

/// The plans, as the guests' metadata and the command line ask for.
pub(crate) fn plan<'a>(workspace: &'a Workspace, options: &TestOptions) -> Result<Vec<Plan<'a>>> {
    let mut plans = Vec::new();
    for guest in workspace.guests() {
        if options.guest.as_ref().is_some_and(|name| *name != guest.name) {
            continue;
        }
        let name = guest.setting("matrix").with_context(|| {
            let manifest = guest.folder.join("Cargo.toml");
            format!("{}: `[package.metadata.xtask]` names no `matrix`", manifest.display())
        })?;
        if options.only == Some(Part::Safe) && name != matrix::SAFE {
            continue;
        }
        let mut configurations = matrix::named(name)?;
        if options.quick {
            configurations = matrix::quick_of(name);
        }
        if let Some(part) = &options.config {
            configurations.retain(|configuration| configuration.to_string().contains(part));
        }
        let variants = guest.lists("wasm-opt").into_iter();
        let variants: Vec<_> =
            variants.map(|(name, arguments)| Variant { name, arguments }).collect();
        if !variants.is_empty() {
            // Their arguments replace everything that our linker would do.
            configurations.retain(|configuration| !configuration.ours);
        }
        plans.push(Plan { guest, configurations, variants });
    }
    if plans.iter().all(|plan| plan.configurations.is_empty()) {
        bail!("no guest package in tests/guests, or no configuration, is named so");
    }
    Ok(plans)
}

/// The tools for running the tests.
pub(crate) struct Tools<'a> {
    pub(crate) target: &'a WasmTarget,
    pub(crate) asyncifier: &'a Asyncifier,
    pub(crate) engines: &'a [Box<dyn Engine>],
}

/// A built module that waits for a worker.
struct Job<'a> {
    plan: &'a Plan<'a>,
    configuration: Configuration,
    variant: Option<&'a Variant>,
    input: PathBuf,
}

/// The records of one engine, by its index.
pub(crate) type Results = Vec<(usize, Vec<Record>)>;

/// The messages of the threads to the main thread.
enum Event<'a> {
    Building(&'a Package, Build),
    /// A build failed, for the first of these configurations. None of them is tested.
    NotBuilt {
        plan: &'a Plan<'a>,
        configurations: &'a [Configuration],
        error: Error,
    },
    /// The tests of a module have run, or it could not be run at all.
    Done {
        job: Job<'a>,
        results: Result<Results>,
        seconds: f32,
    },
}

/// Runs the tests of all plans.
pub(crate) fn run(
    workspace: &Workspace,
    plans: &[Plan<'_>],
    tools: &Tools<'_>,
    options: &RunOptions,
    report: &mut Report,
) {
    let total = plans.iter().map(|plan| plan.configurations.len() * plan.variants().len()).sum();
    let mut progress = Progress::new(total);
    let (events, inbox) = mpsc::channel();
    let (jobs, queue) = mpsc::channel::<Job<'_>>();
    let queue = Mutex::new(queue);
    let workers = thread::available_parallelism().map_or(1, Into::into);

    thread::scope(|scope| {
        for _ in 0..workers {
            let events = events.clone();
            let queue = &queue;
            scope.spawn(move || {
                let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                while let Ok(job) = next() {
                    let started = Instant::now();
                    let results = run_job(&job, tools, options);
                    let seconds = started.elapsed().as_secs_f32();
                    send(&events, Event::Done { job, results, seconds });
                }
            });
        }
        scope.spawn(move || build_all(workspace, plans, tools.target, &jobs, &events));
        for event in inbox {
            handle(event, tools, options, &mut progress, report);
        }
    });
}

/// Builds everything, package by package, and passes each module to the workers.
fn build_all<'a>(
    workspace: &Workspace,
    plans: &'a [Plan<'a>],
    target: &WasmTarget,
    jobs: &Sender<Job<'a>>,
    events: &Sender<Event<'a>>,
) {
    for plan in plans {
        let Plan { guest, configurations, .. } = plan;
        let mut rest = configurations.as_slice();
        for of_one_build in configurations.chunk_by(|a, b| a.build == b.build) {
            let build = of_one_build[0].build;
            send(events, Event::Building(guest, build));
            match compile(workspace, target, guest, build, &workspace.target.join("guests")) {
                Ok(input) => {
                    for &configuration in of_one_build {
                        for variant in plan.variants() {
                            let input = input.clone();
                            send(jobs, Job { plan, configuration, variant, input });
                        }
                    }
                }
                Err(error) => {
                    // A package that does not compile at one level does not compile at the next.
                    send(events, Event::NotBuilt { plan, configurations: rest, error });
                    break;
                }
            }
            rest = &rest[of_one_build.len()..];
        }
    }
}

/// Sends to a thread of the same scope, which receives until all its senders are gone.
fn send<T>(channel: &Sender<T>, value: T) {
    // This fails only if the other thread has panicked, and the scope passes that on.
    let _ = channel.send(value);
}

/// Builds a guest into a folder. Each package separately: built together, they would share their features.
pub(crate) fn compile(
    workspace: &Workspace,
    target: &WasmTarget,
    guest: &Package,
    build: Build,
    folder: &Path,
) -> Result<PathBuf> {
    let artefact = guest.artefact.as_ref().context("the package has no `cdylib` to build")?;
    let mut command = process::cargo();
    command
        .current_dir(&workspace.root)
        .args(["rustc", "--quiet", "--lib", "--target", TARGET, "--package", &guest.name])
        .args(["--profile", &build.profile()])
        .args(build.cargo_config(if guest.unwinds() { "unwind" } else { "abort" }))
        .args(feature_arguments(guest))
        .arg("--target-dir")
        .arg(folder)
        // For the analysis; nothing else reads these sections.
        .args(["--", "-Clink-arg=--emit-relocs"]);
    target.apply(&mut command);
    process::must_succeed(&mut command)?;
    Ok(folder.join(TARGET).join(build.profile()).join(format!("{artefact}.wasm")))
}

/// The features that a guest asks for in its `[package.metadata.xtask]`.
pub(crate) fn feature_arguments(guest: &Package) -> Vec<String> {
    let mut arguments = Vec::new();
    if guest.flag("no-default-features") {
        arguments.push("--no-default-features".into());
    }
    let features = guest.list("features");
    if !features.is_empty() {
        arguments.extend(["--features".into(), features.join(",")]);
    }
    arguments
}

fn run_job(job: &Job<'_>, tools: &Tools<'_>, options: &RunOptions) -> Result<Results> {
    let Job { plan, configuration, variant, input } = job;
    let path = tools.asyncifier.run(&plan.guest.name, *configuration, *variant, input)?;
    let mut module = GuestModule::open(&path, configuration.checks())?;
    if let Some(variant) = variant {
        let has_variant = |test: &String| plan.variants.iter().any(|v| test.starts_with(&v.name));
        if let Some(stray) = module.tests.iter().find(|test| !has_variant(test)) {
            bail!("test `{stray}` runs in no variant: its name begins like none of theirs");
        }
        module.tests.retain(|test| test.starts_with(&variant.name));
        if module.tests.is_empty() {
            bail!("no test's name begins with `{}`", variant.name);
        }
    }
    run_tests(&module, tools.engines, options)
}

/// Runs the tests of one asyncified module on every engine.
pub(crate) fn run_module(
    path: &Path,
    checked: bool,
    engines: &[Box<dyn Engine>],
    options: &RunOptions,
) -> Result<Results> {
    let checks = Checks { all: checked, stack: checked };
    run_tests(&GuestModule::open(path, checks)?, engines, options)
}

pub(crate) fn run_tests(
    module: &GuestModule,
    engines: &[Box<dyn Engine>],
    options: &RunOptions,
) -> Result<Results> {
    let tests = module.select(options.filter.as_deref());
    let run = |index: usize| {
        let engine = &engines[index];
        let records = runner::run(engine.as_ref(), module, &tests, options.seed)
            .with_context(|| format!("on {}", engine.name()))?;
        Ok((index, records))
    };
    (0..engines.len()).map(run).collect()
}

fn handle(
    event: Event<'_>,
    tools: &Tools<'_>,
    options: &RunOptions,
    progress: &mut Progress,
    report: &mut Report,
) {
    match event {
        Event::Building(guest, build) => progress.doing(&format!("build {} {build}", guest.name)),
        Event::NotBuilt { plan, configurations, error } => {
            let guest = plan.guest;
            let what = format!("{} {} could not be built", guest.name, configurations[0].build);
            progress.note(&format!("FAILED  {what}\n{error:#}\n"));
            report.fail(MODULES, &what);
            for &configuration in configurations {
                for variant in plan.variants() {
                    let title = title(configuration, variant);
                    progress.step(&format!("{:<16} {title:<18} not built", guest.name));
                }
            }
        }
        Event::Done { job, results, seconds } => {
            let configuration = title(job.configuration, job.variant);
            let guest = &job.plan.guest.name;
            let outcome = match results {
                Ok(results) => {
                    let show = |text: &str| progress.note(text);
                    count(guest, &configuration, &results, tools.engines, options, report, show)
                }
                Err(error) => {
                    progress.note(&format!("FAILED  {guest} {configuration}: {error:#}\n"));
                    report.fail(MODULES, &format!("{guest} {configuration}: {error:#}"));
                    "not run".into()
                }
            };
            progress.step(&format!("{guest:<16} {configuration:<18} {seconds:>6.1} s {outcome}"));
        }
    }
}

/// Counts the results of one module. Returns a line about all engines.
pub(crate) fn count(
    guest: &str,
    configuration: &str,
    results: &Results,
    engines: &[Box<dyn Engine>],
    options: &RunOptions,
    report: &mut Report,
    show: impl Fn(&str),
) -> String {
    let mut outcome = String::new();
    for (index, records) in results {
        let engine = engines[*index].name();
        let place = Place { guest, configuration, engine, seed: options.seed };
        let mut failed = 0;
        for record in records {
            match report.add(place, record) {
                Some(failure) => {
                    failed += 1;
                    show(&failure);
                }
                None if options.verbose => show(&format!(
                    "ok      {guest} {configuration} {engine} {:>8.1} ms `{}`\n{}",
                    record.milliseconds,
                    record.test,
                    trace(record)
                )),
                None => {}
            }
        }
        let passed = records.len() - failed;
        outcome.push_str(&format!("  {engine} {passed} ok"));
        if failed > 0 {
            outcome.push_str(&format!(", {failed} FAILED"));
        }
    }
    outcome
}
