//! Guests whose panics unwind: built with a standard library that was compiled for it, made pausable by
//! our linker, and run on an engine that knows the exceptions they are made of.
//!
//! Apart from the other guests: two more standard libraries are built for them, which takes minutes
//! the first time, and neither our interpreter nor every Binaryen knows exceptions.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use cargo_bysyncify::Recipe;
use cargo_bysyncify::setup::{self, Exceptions, WasmTarget};

use crate::engine::{self, Engine};
use crate::guests;
use crate::matrix::Build;
use crate::module::{Checks, GuestModule};
use crate::options::RunOptions;
use crate::process;
use crate::report::Report;
use crate::workspace::{Package, Workspace};

/// Nothing optimised, with checks; and everything, which inlines closures into entry functions.
const BUILDS: [Build; 2] =
    [Build { opt_level: '0', fat_lto: false }, Build { opt_level: '3', fat_lto: true }];

/// The script beside a guest that calls the same instance again after a panic.
const SCRIPT: &str = "twice.mjs";

/// Runs the tests of all these guests, in each build and with both kinds of exceptions.
pub(crate) fn run(workspace: &Workspace, options: &RunOptions, report: &mut Report) -> Result<()> {
    for (exceptions, engine) in
        [(Exceptions::Legacy, engine::node()?), (Exceptions::Standard, engine::new_node()?)]
    {
        let engines = [engine];
        let target = setup::unwinding_target(exceptions)?;
        for guest in workspace.unwinding_guests() {
            for build in BUILDS {
                let title = format!("{build}-{}", exceptions.name());
                println!("{} {title} …", guest.name);
                let folder = workspace.target.join("guests-unwind").join(exceptions.name());
                let made = make(workspace, &target, guest, build, &folder).and_then(|module| {
                    run_module(guest, &title, &module, &engines, options, report)
                });
                if let Err(error) = made {
                    println!("FAILED  {} {title}: {error:#}", guest.name);
                    report.fail(guests::MODULES, &format!("{} {title}: see above", guest.name));
                }
            }
        }
    }
    Ok(())
}

/// Builds a guest, and makes it pausable.
fn make(
    workspace: &Workspace,
    target: &WasmTarget,
    guest: &Package,
    build: Build,
    folder: &Path,
) -> Result<GuestModule> {
    let linked = guests::compile(workspace, target, guest, build, folder)?;
    let checks = build.opt_level == '0';
    let path = folder.join(format!("{}-{build}.wasm", guest.name));
    let bytes = fs::read(&linked).with_context(|| format!("cannot read `{}`", linked.display()))?;
    let recipe = Recipe { checks, verify: true, ..Recipe::default() };
    let asyncified = cargo_bysyncify::asyncify(&bytes, &recipe, None, &path)?;
    fs::write(&path, asyncified).with_context(|| format!("cannot write `{}`", path.display()))?;
    GuestModule::open_with_exceptions(&path, Checks { all: checks, stack: true })
}

fn run_module(
    guest: &Package,
    title: &str,
    module: &GuestModule,
    engines: &[Box<dyn Engine>],
    options: &RunOptions,
    report: &mut Report,
) -> Result<()> {
    let results = guests::run_tests(module, engines, options)?;
    let show = |text: &str| println!("{text}");
    let mut outcome = guests::count(&guest.name, title, &results, engines, options, report, show);
    let script = guest.folder.join(SCRIPT);
    if options.filter.is_none() && script.exists() {
        process::must_succeed(&mut scripted(engines, &script, &module.path)?)?;
        report.count(engines[0].name(), 1, 0);
        outcome.push_str(", and the script");
    }
    println!("{:<16} {title:<18} {outcome}", guest.name);
    Ok(())
}

/// The engine's own program with a script of the guest's.
fn scripted(engines: &[Box<dyn Engine>], script: &Path, module: &PathBuf) -> Result<Command> {
    let runner = engines.first().context("there is an engine")?.runner();
    let mut command = Command::new(runner.get_program());
    command.arg(script).arg(module);
    Ok(command)
}
