//! `cargo xtask test`, `run` and `everywhere`: the order of the parts, and the summary.

use std::path::Path;

use anyhow::Result;
use cargo_bysyncify::setup;

use crate::asyncify::Asyncifier;
use crate::engine::{self, Engine};
use crate::guests::{self, Tools};
use crate::options::{Part, RunOptions, TestOptions};
use crate::report::Report;
use crate::workspace::Workspace;
use crate::{compilers, everywhere, examples, fuzz, host, native, stack_switching, unwind};

/// Runs all requested tests. Returns whether all of them passed.
pub(crate) fn run(options: &TestOptions) -> Result<bool> {
    let workspace = Workspace::load()?;
    let mut report = Report::default();
    // Engines come first in the summary, but host tests run first: they are the fastest to fail.
    let wants_guests = options.wants(Part::Guests) || options.wants(Part::Safe);
    let engines = match wants_guests {
        true => engine::find(options.run.engine.as_deref())?,
        false => Vec::new(),
    };
    add_rows(&engines, &mut report);
    if options.wants(Part::Host) {
        report.add_row(host::ROW, "");
        host::run(&workspace, &mut report)?;
    }
    if options.wants(Part::Native) {
        native::run(&workspace, &mut report)?;
    }
    if wants_guests {
        run_guests(&workspace, &engines, options, &mut report)?;
    }
    let narrowed = options.guest.is_some() || options.config.is_some();
    if options.wants(Part::Safe) && !narrowed && options.run.filter.is_none() {
        examples::run_safe(&workspace, &mut report);
    }
    if options.wants(Part::Examples) {
        examples::run(&workspace, options.example.as_deref(), &mut report);
    }
    if options.wants(Part::Everywhere) {
        everywhere::run(&workspace, &[], &mut report)?;
    }
    if options.wants(Part::Unwind) {
        host::run_in_new_node(&workspace, &mut report)?;
        unwind::run(&workspace, &options.run, &mut report)?;
    }
    if options.wants(Part::StackSwitching) {
        stack_switching::run(&workspace, options, &mut report)?;
    }
    if options.wants(Part::Engine) {
        compilers::run(&workspace, options.run.filter.as_deref(), &mut report)?;
    }
    if options.wants(Part::Fuzz) {
        fuzz::test(&workspace, options.run.seed, &mut report);
    }
    Ok(finish(&report))
}

fn run_guests(
    workspace: &Workspace,
    engines: &[Box<dyn Engine>],
    options: &TestOptions,
    report: &mut Report,
) -> Result<()> {
    let plans = guests::plan(workspace, options)?;
    let target = setup::wasm_target(guests::TARGET)?;
    let asyncifier = Asyncifier::new(
        workspace.target.join("guests/asyncified"),
        plans.iter().flat_map(|plan| &plan.configurations),
    )?;
    let tools = Tools { target: &target, asyncifier: &asyncifier, engines };
    guests::run(workspace, &plans, &tools, &options.run, report);
    Ok(())
}

/// Runs the tests of one module that is asyncified already. Returns whether all of them passed.
pub(crate) fn run_module(path: &Path, checked: bool, options: &RunOptions) -> Result<bool> {
    let engines = engine::find(options.engine.as_deref())?;
    let mut report = Report::default();
    add_rows(&engines, &mut report);
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    match guests::run_module(path, checked, &engines, options) {
        Ok(results) => {
            let show = |text: &str| println!("{text}");
            guests::count(&name, "as it is", &results, &engines, options, &mut report, show);
        }
        Err(error) => report.fail(guests::MODULES, &format!("{name}: {error:#}")),
    }
    Ok(finish(&report))
}

/// Builds and runs projects with other tools. Returns whether all went well.
pub(crate) fn run_everywhere(names: &[String]) -> Result<bool> {
    let mut report = Report::default();
    everywhere::run(&Workspace::load()?, names, &mut report)?;
    Ok(finish(&report))
}

fn add_rows(engines: &[Box<dyn Engine>], report: &mut Report) {
    for engine in engines {
        report.add_row(engine.name(), engine.version());
    }
}

/// Prints the summary. Returns whether there was a test, and nothing failed.
fn finish(report: &Report) -> bool {
    if report.total() == 0 {
        println!("nothing is named as the options ask for");
    }
    println!("\n{}", report.summary());
    report.is_good() && report.total() > 0
}
