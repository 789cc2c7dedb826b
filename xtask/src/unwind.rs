//! Guests whose panics unwind: built with a standard library that was compiled for it, made pausable by our linker,
//! and run on an engine that supports their kind of exceptions.
//!
//! They are separate from the other guests: two more standard libraries have to be built, which takes minutes the
//! first time, and neither our interpreter nor every Binaryen supports exceptions.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use cargo_bysyncify::setup::{self, Exceptions, WasmTarget};
use cargo_bysyncify::{Recipe, Resumption};

use crate::asyncify::cached;
use crate::engine::{self, Engine};
use crate::guests;
use crate::matrix::{Build, NEWEST};
use crate::module::{Checks, GuestModule};
use crate::options::RunOptions;
use crate::process;
use crate::report::Report;
use crate::workspace::{Package, Workspace};

/// All levels of the compiler, because inlining changes where exceptions are caught. The unoptimised build has all of
/// our checks, and with LTO closures are part of entry functions.
const BUILDS: [Build; 6] = [
    Build { opt_level: '0', fat_lto: false },
    Build { opt_level: '1', fat_lto: false },
    Build { opt_level: '2', fat_lto: false },
    Build { opt_level: '3', fat_lto: true },
    Build { opt_level: 's', fat_lto: true },
    Build { opt_level: 'z', fat_lto: false },
];

/// The script beside a guest that calls the same instance again after a panic.
const SCRIPT: &str = "twice.mjs";

/// Runs the tests of all these guests, in each build and with both kinds of exceptions.
pub(crate) fn run(workspace: &Workspace, options: &RunOptions, report: &mut Report) -> Result<()> {
    for (exceptions, engine) in
        [(Exceptions::Legacy, engine::node()?), (Exceptions::Standard, engine::new_node()?)]
    {
        let engines = [engine];
        let target = setup::unwinding_target(exceptions)?;
        let (usual, other) = match exceptions {
            // Stock Binaryen's Asyncify supports this kind, but only in its newest version. Functions cannot be
            // resumed one by one with it.
            Exceptions::Legacy => (Maker::Ours(Resumption::Automatic), Maker::Stock),
            Exceptions::Standard => {
                (Maker::Ours(Resumption::OneByOne), Maker::Ours(Resumption::AllAtOnce))
            }
        };
        let all = BUILDS.map(|build| (build, usual)).into_iter().chain([(BUILDS[0], other)]);
        for guest in workspace.unwinding_guests() {
            for (build, maker) in all.clone() {
                let title = format!("{build}-{}{}", exceptions.name(), maker.title());
                println!("{} {title} …", guest.name);
                let folder = workspace.target.join("guests-unwind").join(exceptions.name());
                let made =
                    make(workspace, &target, guest, build, maker, &folder).and_then(|module| {
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

/// The tool that makes a module pausable.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Maker {
    Ours(Resumption),
    /// `wasm-opt`, with the command line in README.md.
    Stock,
}

impl Maker {
    /// The suffix in the title of a test; empty for the usual one.
    fn title(self) -> &'static str {
        match self {
            Self::Ours(Resumption::AllAtOnce) => "-all-at-once",
            Self::Ours(_) => "",
            Self::Stock => "-stock",
        }
    }
}

/// Builds a guest, and makes it pausable.
fn make(
    workspace: &Workspace,
    target: &WasmTarget,
    guest: &Package,
    build: Build,
    maker: Maker,
    folder: &Path,
) -> Result<GuestModule> {
    let linked = guests::compile(workspace, target, guest, build, folder)?;
    let Maker::Ours(resumption) = maker else {
        return make_by_binaryen(&linked, &folder.join(format!("{}-stock.wasm", guest.name)));
    };
    let checks = build.opt_level == '0';
    let path = folder.join(format!("{}-{build}{}.wasm", guest.name, maker.title()));
    let bytes = fs::read(&linked).with_context(|| format!("cannot read `{}`", linked.display()))?;
    let recipe = Recipe { checks, resumption, verify: true, ..Recipe::default() };
    let asyncified = cargo_bysyncify::asyncify(&bytes, &recipe, None)?;
    fs::write(&path, asyncified).with_context(|| format!("cannot write `{}`", path.display()))?;
    GuestModule::open_with_exceptions(&path, Checks { all: checks, stack: true })
}

fn make_by_binaryen(linked: &Path, path: &Path) -> Result<GuestModule> {
    let wasm_opt = setup::wasm_opt_version(NEWEST)?;
    let arguments =
        ["--enable-exception-handling", "--asyncify", "--pass-arg=asyncify-ignore-imports", "-g"];
    let recipe = format!("{} {}", wasm_opt.version(), arguments.join(" "));
    cached(linked, &recipe, path, |unfinished| {
        let arguments = arguments.iter().map(OsStr::new);
        wasm_opt.run(arguments.chain([linked.as_os_str(), "-o".as_ref(), unfinished.as_ref()]))
    })?;
    GuestModule::open_with_exceptions(path, Checks::default())
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
    if options.filter.is_none() && script.exists() && module.checks.stack {
        process::must_succeed(&mut scripted(engines, &script, &module.path)?)?;
        report.count(engines[0].name(), 1, 0);
        outcome.push_str(", and the script");
    }
    println!("{:<16} {title:<18} {outcome}", guest.name);
    Ok(())
}

/// The engine's own program, with a script of the guest.
fn scripted(engines: &[Box<dyn Engine>], script: &Path, module: &PathBuf) -> Result<Command> {
    let runner = engines.first().context("there is an engine")?.runner();
    let mut command = Command::new(runner.get_program());
    command.arg(script).arg(module);
    Ok(command)
}
