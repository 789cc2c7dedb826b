//! The steps that transform a linked module that can suspend.
//!
//! ```text
//!   linked ─► guarded and instrumented (the crate `wasm-asyncify`) ─► optimised ─► validated
//!         └─► guarded ─► instrumented and optimised by wasm-opt ─────┘
//! ```
//!
//! For engines that switch stacks the first path is taken, and no function is instrumented.
//!
//! Optimisation comes last, because inlining would put the functions that start and stop an unwind into code that
//! must be instrumented.

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;
use wasm_asyncify::analysis::{Choice, Imports, NoSuspend, Precision};
use wasm_asyncify::module::{self, AsyncifyInfo};
use wasm_asyncify::{Compact, Guarded, Lowering, Output, Prepared, Producer, Resumption};

use crate::events::{Counts, Phase};
use crate::naming;
use crate::optimizer::{OptLevel, Optimizer, Options};
use crate::store;
use crate::wording::Worded as _;

/// How a module is made pausable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipe {
    /// The functions that never suspend, according to the user.
    pub no_suspend: NoSuspend,
    /// The imports that the host answers later, as `module.name`: the host suspends their callers, through Asyncify's
    /// exports.
    pub suspends: Vec<String>,
    /// Which functions an indirect call is assumed to call.
    pub precision: Precision,
    /// Whether Binaryen's Asyncify does the work, and chooses what to instrument.
    pub everything: bool,
    /// What pauses coroutines.
    pub lowering: Lowering,
    /// Whether the module checks itself at run time, as debug builds do.
    pub checks: bool,
    /// Which functions are instrumented in compact form (small), instead of the fast form (fast when it suspends).
    pub compact: Compact,
    /// Whether the overflow of a coroutine's stack is ignored, instead of reported.
    pub no_stack_checks: bool,
    /// How suspended functions are resumed.
    pub resumption: Resumption,
    /// Whether the checker proves that each instrumented function does what it did before.
    pub verify: bool,
    /// Whether DWARF is kept.
    pub debug_info: bool,
    /// Whether backtraces of suspended code have names, files and lines.
    pub symbols: bool,
    /// The folder that these files are shown relative to.
    pub symbols_folder: Option<String>,
    /// How hard `wasm-opt` optimises the result, if `wasm-opt` is available.
    pub opt_level: OptLevel,
}

/// How suspended functions are resumed in a module with checks, or without. The callers of a function that was resumed
/// alone are not on the stack, so a stack trace would not show them.
pub(crate) fn resumption(checks: bool) -> Resumption {
    match checks {
        true => Resumption::AllAtOnce,
        false => Resumption::Automatic,
    }
}

impl Recipe {
    /// Which imports suspend.
    pub(crate) fn choice(&self) -> Choice {
        Choice { imports: Imports::Matching(self.suspends.clone()), ..Choice::default() }
    }

    /// The options for the transform.
    pub(crate) fn transform(&self) -> wasm_asyncify::Options {
        wasm_asyncify::Options {
            producer: Producer::Rust,
            no_suspend: self.no_suspend.clone(),
            choice: self.choice(),
            precision: self.precision,
            lowering: self.lowering,
            checks: self.checks,
            compact: self.compact,
            no_stack_checks: self.no_stack_checks,
            resumption: self.resumption,
            verify: self.verify,
            debug_info: self.debug_info,
            symbols: self.symbols,
            symbols_folder: self.symbols_folder.clone(),
            inline: self.opt_level.inlines(),
            ..wasm_asyncify::Options::default()
        }
    }
}

/// Refuses imports that the user declares as suspending, but that do not exist.
///
/// # Errors
///
/// If there are any.
pub(crate) fn check_unmatched(unmatched: &[String]) -> Result<()> {
    match unmatched.first() {
        None => Ok(()),
        Some(name) => bail!(
            "the program imports no function `{name}`, which is said to suspend: take it out of \
             `--bysyncify-suspends`, which wants MODULE.NAME"
        ),
    }
}

/// A transformed module.
#[derive(Debug)]
pub(crate) struct Asyncified {
    /// The module.
    pub(crate) module: Vec<u8>,
    /// How much of it is instrumented, if our own analysis decided that.
    pub(crate) counts: Option<Counts>,
    /// Warnings for the user.
    pub(crate) warnings: Vec<String>,
}

/// Makes a module pausable, and keeps its names.
///
/// `optimizer` is required if Binaryen is to do everything; otherwise it optimises, if it is given. `tell` is called
/// at the beginning of each phase.
///
/// # Errors
///
/// If it cannot be done, or the result is not valid.
pub(crate) fn asyncify(
    linked: &[u8],
    recipe: &Recipe,
    optimizer: Option<&dyn Optimizer>,
    mut tell: impl FnMut(Phase),
) -> Result<Asyncified> {
    tell(Phase::Analyse);
    let options = options(linked, recipe)?;
    let asyncified = if recipe.everything {
        let Guarded { module: guarded, unmatched, .. } =
            wasm_asyncify::guarded_for_binaryen(linked, &recipe.transform()).worded()?;
        check_unmatched(&unmatched)?;
        tell(Phase::Asyncify);
        let optimizer = optimizer.context("only wasm-opt can instrument everything")?;
        let asyncify = |before: &Path, after: &Path| optimizer.asyncify(before, after, &options);
        let module = through_files(&guarded, asyncify)?;
        Asyncified { module, counts: None, warnings: Vec::new() }
    } else {
        let prepared = Prepared::new(linked, &recipe.transform()).worded()?;
        tell(Phase::Asyncify);
        let made = prepared.instrument().worded()?;
        let lost_debug_info = made.lost_debug_info.map(|why| format!("{why}: it is left out"));
        let warnings = made.start_can_suspend.into_iter().chain(lost_debug_info).collect();
        let Output { module, functions, instrumented, unmatched, .. } = made;
        check_unmatched(&unmatched)?;
        let module = optimised(module, optimizer, &options)?;
        let counts = Some(Counts { functions, instrumented });
        Asyncified { module, counts, warnings }
    };
    tell(Phase::Verify);
    module::check_asyncified(&asyncified.module)?;
    Ok(asyncified)
}

/// Optimises the module at the level it should have, if there is an optimizer.
fn optimised(
    module: Vec<u8>,
    optimizer: Option<&dyn Optimizer>,
    options: &Options,
) -> Result<Vec<u8>> {
    match optimizer {
        Some(optimizer) if options.opt_level != OptLevel::O0 => {
            through_files(&module, |before, after| optimizer.optimise(before, after, options))
        }
        _ => Ok(module),
    }
}

/// Makes the same module without Asyncify, for comparison.
///
/// # Errors
///
/// If the optimizer fails.
pub(crate) fn plain(
    linked: &[u8],
    recipe: &Recipe,
    optimizer: Option<&dyn Optimizer>,
) -> Result<Vec<u8>> {
    optimised(wasm_asyncify::bare(linked)?, optimizer, &options(linked, recipe)?)
}

fn options(linked: &[u8], recipe: &Recipe) -> Result<Options> {
    let AsyncifyInfo { mut features, for_wasm_bindgen, .. } = AsyncifyInfo::read(linked)?;
    features.extend(recipe.lowering.features().iter().map(|&feature| feature.to_owned()));
    let suspends = recipe.suspends.clone();
    Ok(Options { opt_level: recipe.opt_level, features, for_wasm_bindgen, suspends })
}

/// Has the module transformed by `run` (from one file to the other), with numbers as function names.
fn through_files(module: &[u8], run: impl FnOnce(&Path, &Path) -> Result<()>) -> Result<Vec<u8>> {
    let (numbered, names) = naming::with_numbers(module)?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let (before, after) = (folder.path().join("before.wasm"), folder.path().join("after.wasm"));
    fs::write(&before, numbered).with_context(|| format!("cannot write `{}`", before.display()))?;
    run(&before, &after)
        .map_err(|error| anyhow::anyhow!("{}", names.in_text(&format!("{error:#}"))))?;
    naming::with_names(&store::read(&after)?, &names)
}
