//! Tests guests whose coroutines are continuations of the engine, as `--bysyncify-lowering=stack-switching` makes them.
//!
//! The metadata of these guests has `stack-switching = true`. `frames = […]` names tests that need frames in memory.
//! There are none here, so these tests are left out.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use cargo_bysyncify::setup::{self, WasmOpt, WasmTarget};
use cargo_bysyncify::{Lowering, Optimizer, Recipe};

use crate::engine;
use crate::guests;
use crate::matrix::{Build, NEWEST};
use crate::module::{Checks, GuestModule};
use crate::options::TestOptions;
use crate::report::Report;
use crate::workspace::{Package, Workspace};

/// Unoptimised, with all of our checks; and optimised, again by `wasm-opt` after the transformation.
const BUILDS: [Build; 2] =
    [Build { opt_level: '0', fat_lto: false }, Build { opt_level: '3', fat_lto: true }];

/// Runs the tests of all these guests in each build.
pub(crate) fn run(workspace: &Workspace, options: &TestOptions, report: &mut Report) -> Result<()> {
    let engines = [engine::switching(workspace, options.run.engine.as_deref())?];
    let target = setup::wasm_target(guests::TARGET)?;
    let optimizer = setup::wasm_opt_version(NEWEST)?;
    let is_wanted = |guest: &&Package| {
        guest.flag("stack-switching") && options.guest.as_ref().is_none_or(|it| *it == guest.name)
    };
    for guest in workspace.guests().filter(is_wanted) {
        for build in BUILDS {
            let title = format!("{build}-stack-switching");
            println!("{} {title} …", guest.name);
            let made = make(workspace, &target, &optimizer, guest, build).and_then(|module| {
                let results = guests::run_tests(&module, &engines, &options.run)?;
                let show = |text: &str| println!("{text}");
                let outcome = guests::count(
                    &guest.name,
                    &title,
                    &results,
                    &engines,
                    &options.run,
                    report,
                    show,
                );
                println!("{:<16} {title:<18} {outcome}", guest.name);
                Ok(())
            });
            if let Err(error) = made {
                println!("FAILED  {} {title}: {error:#}", guest.name);
                report.fail(guests::MODULES, &format!("{} {title}: see above", guest.name));
            }
        }
    }
    Ok(())
}

/// Builds a guest, and turns its coroutines into continuations.
fn make(
    workspace: &Workspace,
    target: &WasmTarget,
    optimizer: &WasmOpt,
    guest: &Package,
    build: Build,
) -> Result<GuestModule> {
    let folder = workspace.target.join("guests");
    let linked = guests::compile(workspace, target, guest, build, &folder)?;
    let is_optimised = build.opt_level != '0';
    let recipe = Recipe {
        lowering: Lowering::StackSwitching,
        checks: !is_optimised,
        symbols: !is_optimised,
        opt_level: build.opt_level.to_string().parse()?,
        verify: true,
        ..Recipe::default()
    };
    let bytes = fs::read(&linked).with_context(|| format!("cannot read `{}`", linked.display()))?;
    let optimizer = is_optimised.then_some(optimizer as &dyn Optimizer);
    let made = cargo_bysyncify::asyncify(&bytes, &recipe, optimizer)?;
    let path = path(&folder, guest, build);
    fs::write(&path, made).with_context(|| format!("cannot write `{}`", path.display()))?;
    let checks = Checks { all: !is_optimised, stack: true };
    let mut module = GuestModule::open_with_exceptions(&path, checks)?;
    for test in guest.list("frames") {
        let at = module.tests.iter().position(|other| *other == test);
        module.tests.remove(at.with_context(|| format!("there is no test `{test}`"))?);
    }
    ensure!(!module.tests.is_empty(), "no test is left");
    Ok(module)
}

fn path(folder: &Path, guest: &Package, build: Build) -> PathBuf {
    folder.join(format!("{}-{build}-stack-switching.wasm", guest.name))
}
