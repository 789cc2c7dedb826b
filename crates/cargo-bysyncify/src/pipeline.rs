//! What becomes of a linked module that can suspend.
//!
//! ```text
//!   linked ─► analysis ─► guards ─► instrumentation ─► checker ─► optimising ─► verifying
//!                  └► refusals ◄────────┘
//! ```
//!
//! First guards, since they add calls; optimising last, since inlining would put the functions that
//! start and stop an unwind into code that must be instrumented.

use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

use crate::analysis::{Analysis, Cut, FunctionIndex, Precision, Program, Sites, Vouched};
use crate::check;
use crate::engine::{Engine, OptLevel, Options};
use crate::events::{Counts, Phase};
use crate::exceptions::{self, Cleanups};
use crate::guard::{self, Guards};
use crate::instrument;
use crate::module::{self, Summary};
use crate::naming;
use crate::precise;
use crate::refusal;
use crate::store::{self, Temporary};
use crate::warnings;

/// How a module is made pausable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipe {
    /// What never suspends, by the user's word.
    pub vouched: Vouched,
    /// The imports that the host answers later: it suspends who has called them, by Asyncify's
    /// exports. As `module.name`.
    pub suspends: Vec<String>,
    /// What an indirect call is taken to be of.
    pub precision: Precision,
    /// Whether Binaryen's Asyncify does it, and chooses what to instrument.
    pub everything: bool,
    /// Whether the module checks itself while it runs, as debug builds do.
    pub checks: bool,
    /// Which functions are instrumented in the form that is small, and not in the one that is fast
    /// when it suspends.
    pub compact: Compact,
    /// Whether it does nothing when a coroutine's stack overflows, instead of saying so.
    pub no_stack_checks: bool,
    /// Whether it is proved of each instrumented function that it does what it did before.
    pub verify: bool,
    /// How hard `wasm-opt` optimises the result, if it is there.
    pub opt_level: OptLevel,
}

/// Which functions get the compact form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compact {
    /// Those that only the types of indirect calls make suspects: they hardly ever suspend.
    #[default]
    ByTypeOnly,
    /// All that are instrumented. For tests.
    All,
    /// Every other one, with this number the odd or the even ones. For tests.
    EveryOther(u32),
}

impl Compact {
    /// What an analysis says, with these functions in compact form.
    fn sites(self, program: &Program, analysis: &Analysis) -> Sites {
        let mut sites = Sites::of(program, analysis);
        let chosen = |is_chosen: &dyn Fn(&FunctionIndex) -> bool| {
            sites.functions.iter().copied().filter(is_chosen).collect()
        };
        match self {
            Self::ByTypeOnly => {}
            Self::All => sites.by_type_only = chosen(&|_| true),
            Self::EveryOther(number) => sites.by_type_only = chosen(&|it| (it ^ number) & 1 == 0),
        }
        sites
    }
}

/// Makes a module pausable, and keeps its names.
///
/// `engine` is needed if Binaryen is to do everything, and otherwise optimises, if it is there.
/// `scratch` is a path beside which files can be written for a while. `tell` is called as each
/// phase begins. The second result is how much of the module is instrumented, if it was ours to
/// say.
///
/// # Errors
///
/// If it cannot be done, or what came of it is not right.
pub(crate) fn asyncify(
    linked: &[u8],
    recipe: &Recipe,
    engine: Option<&dyn Engine>,
    scratch: &Path,
    mut tell: impl FnMut(Phase),
) -> Result<(Vec<u8>, Option<Counts>)> {
    tell(Phase::Analyse);
    let program = Program::read(linked).context("cannot analyse it")?;
    refusal::check_names(&program)?;
    let analysis = Analysis::of(&program, &recipe.vouched, recipe.precision)?
        .with_host(&program, &recipe.suspends)?;
    let panics: Vec<_> = analysis.panics().collect();
    let initialisers: Vec<_> = analysis.initialisers().collect();
    let checks = recipe.checks;
    let mut sites = recipe.compact.sites(&program, &analysis);
    // Where a coroutine can be whatever is assumed.
    let sound = analysis.with_precision(&program, Precision::Types);
    let chosen = !recipe.everything;
    let uninstrumented =
        if checks && chosen { uninstrumented(&program, &analysis, &sound) } else { Vec::new() };
    let assumed = match chosen {
        true => precise::to_check(&program, &analysis, &sites, recipe)?,
        false => None,
    };
    let ruled_out = (checks && chosen).then(|| sites.ruled_out(&program));
    let suspends: Vec<_> = analysis.hosts().collect();
    let on_stack = (!recipe.no_stack_checks).then(|| sound.on_stack(&program));
    let parks = warnings::parks(linked, &program)?;
    let bare = bare(linked)?;
    let cleanups = Cleanups::find(&bare, &program, &sites)?;
    let guards = Guards {
        panics: &panics,
        initialisers: &initialisers,
        suspends: &suspends,
        on_stack: on_stack.as_ref(),
        // Binaryen has its own way.
        cleanups: (!recipe.everything).then_some(&cleanups),
        checks,
        parks: &parks,
        uninstrumented: &uninstrumented,
        assumed: assumed.as_ref(),
        ruled_out: ruled_out.as_ref(),
    };
    let guarded = guard::guard(&bare, &guards)?;
    tell(Phase::Asyncify);
    let options = options(linked, recipe)?;
    let (asyncified, counts) = if recipe.everything {
        refusal::check_for_binaryen(&program)?;
        let engine = engine.context("only wasm-opt can instrument everything")?;
        let asyncify = |before: &Path, after: &Path| engine.asyncify(before, after, &options);
        (transform(&guarded, scratch, asyncify)?, None)
    } else {
        cleanups.leave_out(&bare, &mut sites)?;
        let hoisted = exceptions::hoist(&guarded, &sites.functions)?;
        let instrumented = instrument::instrument(&hoisted, &sites)
            .map_err(|error| refusal::explained(error, &program, &analysis))?;
        if recipe.verify {
            check::check(&hoisted, &instrumented, &sites)
                .map_err(|error| refusal::of_checker(error, &program))?;
        }
        let functions = program.functions.iter().filter(|it| it.import.is_none()).count();
        let counts = Counts {
            functions: functions as u64,
            instrumented: analysis.instrumented().count() as u64,
        };
        (optimised(instrumented, engine, scratch, &options)?, Some(counts))
    };
    tell(Phase::Verify);
    module::check_asyncified(&asyncified)?;
    Ok((asyncified, counts))
}

/// The module as hard optimised as it should be, and can be.
fn optimised(
    module: Vec<u8>,
    engine: Option<&dyn Engine>,
    scratch: &Path,
    options: &Options,
) -> Result<Vec<u8>> {
    match engine {
        Some(engine) if options.opt_level != OptLevel::O0 => {
            transform(&module, scratch, |before, after| engine.optimise(before, after, options))
        }
        _ => Ok(module),
    }
}

/// The functions that are not instrumented but could be on a coroutine's stack when it is
/// suspended, if the analysis or the user were wrong. Each with what there is to say of that.
/// `sound` assumes nothing.
fn uninstrumented(
    program: &Program,
    analysis: &Analysis,
    sound: &Analysis,
) -> Vec<(FunctionIndex, String)> {
    let functions = (0..).zip(&program.functions).filter(|(_, function)| function.import.is_none());
    let others = functions
        .map(|(index, _)| index)
        .filter(|index| !analysis.is_instrumented(*index) && !analysis.is_switch(*index));
    let behind_vouched = sound.behind_vouched(program);
    let remarked = others.filter_map(|index| {
        let remark = match analysis.cut(index) {
            Some(Cut::Panic | Cut::Initialiser) => return None,
            Some(Cut::Vouched(path)) => format!(" (vouched for by `{path}`)"),
            None if sound.is_reached(index) => String::new(),
            None if behind_vouched.contains(&index) && sound.can_suspend(index) => {
                " (called by what is vouched for)".to_owned()
            }
            // By what was found no coroutine gets to it. If it cannot suspend either, there would
            // have to be two errors.
            None if sound.can_suspend(index) => String::new(),
            None => return None,
        };
        Some((index, remark))
    });
    remarked.collect()
}

/// Makes the same without Asyncify, to compare it with.
///
/// # Errors
///
/// If the engine fails.
pub(crate) fn plain(
    linked: &[u8],
    recipe: &Recipe,
    engine: Option<&dyn Engine>,
    scratch: &Path,
) -> Result<Vec<u8>> {
    optimised(bare(linked)?, engine, scratch, &options(linked, recipe)?)
}

fn options(linked: &[u8], recipe: &Recipe) -> Result<Options> {
    let Summary { features, for_wasm_bindgen, .. } = Summary::of(linked)?;
    let suspends = recipe.suspends.clone();
    Ok(Options { opt_level: recipe.opt_level, features, for_wasm_bindgen, suspends })
}

/// Has the module transformed by `run` (from one file to the other), under numbers for names.
fn transform(
    module: &[u8],
    scratch: &Path,
    run: impl FnOnce(&Path, &Path) -> Result<()>,
) -> Result<Vec<u8>> {
    let (numbered, names) = naming::with_numbers(module)?;
    let before = Temporary::beside(scratch, "before");
    let after = Temporary::beside(scratch, "after");
    fs::write(&before.0, numbered)
        .with_context(|| format!("cannot write `{}`", before.0.display()))?;
    run(&before.0, &after.0)
        .map_err(|error| anyhow::anyhow!("{}", names.in_text(&format!("{error:#}"))))?;
    naming::with_names(&store::read(&after.0)?, &names)
}

fn bare(linked: &[u8]) -> Result<Vec<u8>> {
    module::without_sections(linked, is_of_no_use_later)
}

/// Sections that say where things are in the module as it was.
fn is_of_no_use_later(section: &str) -> bool {
    section == "linking" || section.starts_with("reloc.") || section.starts_with(".debug_")
}
