//! What becomes of a module that can suspend.
//!
//! ```text
//!   linked ─► analysis ─► guards ─► instrumentation ─► checker
//!                  └► refusals ◄────────┘
//! ```
//!
//! First guards, since they add calls, which are then instrumented as all others are.

use anyhow::{Context, Result};

use crate::analysis::{Analysis, Cut, FunctionIndex, Precision, Program, Sites, Vouched};
use crate::check;
use crate::exceptions::{self, Cleanups};
use crate::guard::{self, Guards};
use crate::initialisers;
use crate::instrument;
use crate::module;
use crate::precise;
use crate::refusal;
use crate::warnings;

/// How a module is made pausable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// What never suspends, by the user's word.
    pub vouched: Vouched,
    /// The imports that the host answers later: it suspends who has called them, by Asyncify's
    /// exports. As `module.name`.
    pub suspends: Vec<String>,
    /// What an indirect call is taken to be of.
    pub precision: Precision,
    /// Whether the module checks itself while it runs, as debug builds do.
    pub checks: bool,
    /// Which functions are instrumented in the form that is small, and not in the one that is fast
    /// when it suspends.
    pub compact: Compact,
    /// Whether it does nothing when a coroutine's stack overflows, instead of saying so.
    pub no_stack_checks: bool,
    /// Whether it is proved of each instrumented function that it does what it did before.
    pub verify: bool,
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

/// A module that can be suspended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instrumented {
    /// The module. Its functions have their names.
    pub module: Vec<u8>,
    /// How many functions it had.
    pub functions: u64,
    /// How many of them are instrumented.
    pub instrumented: u64,
}

/// A linked module that was analysed and has its guards, and is still to be instrumented.
#[derive(Debug)]
pub struct Prepared {
    program: Program,
    analysis: Analysis,
    sites: Sites,
    guarded: Vec<u8>,
    verify: bool,
}

/// Who instruments a module after it was prepared, and chooses what.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Instrumenter {
    Own,
    Binaryen,
}

impl Prepared {
    /// Analyses a linked module, which must have names, and adds guards to it.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or an option names what it does not have.
    pub fn new(linked: &[u8], options: &Options) -> Result<Self> {
        prepare(linked, options, Instrumenter::Own)
    }

    /// Instruments it.
    ///
    /// # Errors
    ///
    /// If a function would have to be instrumented that cannot be, or the checker finds that one
    /// was instrumented wrongly.
    pub fn instrument(self) -> Result<Instrumented> {
        let Self { program, analysis, sites, guarded, verify } = self;
        let hoisted = exceptions::hoist(&guarded, &sites.functions)?;
        let module = instrument::instrument(&hoisted, &sites)
            .map_err(|error| refusal::explained(error, &program, &analysis))?;
        if verify {
            check::check(&hoisted, &module, &sites)
                .map_err(|error| refusal::of_checker(error, &program))?;
        }
        let functions = program.functions.iter().filter(|it| it.import.is_none()).count();
        Ok(Instrumented {
            module,
            functions: functions as u64,
            instrumented: analysis.instrumented().count() as u64,
        })
    }
}

/// Makes a linked module pausable.
///
/// # Errors
///
/// As [`Prepared::new`] and [`Prepared::instrument`].
pub fn transform(linked: &[u8], options: &Options) -> Result<Instrumented> {
    Prepared::new(linked, options)?.instrument()
}

/// The linked module with its guards and nothing else, for Binaryen's Asyncify, which chooses itself
/// what it instruments.
///
/// # Errors
///
/// If the module cannot be read, or has what Binaryen's Asyncify does not support.
pub fn guarded_for_binaryen(linked: &[u8], options: &Options) -> Result<Vec<u8>> {
    let prepared = prepare(linked, options, Instrumenter::Binaryen)?;
    refusal::check_for_binaryen(&prepared.program)?;
    Ok(prepared.guarded)
}

fn prepare(linked: &[u8], options: &Options, instrumenter: Instrumenter) -> Result<Prepared> {
    let program = Program::read(linked).context("cannot analyse it")?;
    refusal::check_names(&program)?;
    let analysis = Analysis::of(&program, &options.vouched, options.precision)?
        .with_host(&program, &options.suspends)?;
    let panics: Vec<_> = analysis.panics().collect();
    let running_initialisers: Vec<_> = analysis.initialisers().collect();
    let checks = options.checks;
    let mut sites = options.compact.sites(&program, &analysis);
    // Where a coroutine can be whatever is assumed.
    let sound = analysis.with_precision(&program, Precision::Types);
    let chosen = instrumenter == Instrumenter::Own;
    let uninstrumented =
        if checks && chosen { uninstrumented(&program, &analysis, &sound) } else { Vec::new() };
    let assumed = match chosen {
        true => precise::to_check(&program, &analysis, &sites, &options.suspends)?,
        false => None,
    };
    let ruled_out = (checks && chosen).then(|| sites.ruled_out(&program));
    let suspends: Vec<_> = analysis.hosts().collect();
    let on_stack = (!options.no_stack_checks).then(|| sound.on_stack(&program));
    let parks = warnings::parks(linked, &program)?;
    let rewrites = initialisers::find(linked, &sites)
        .map_err(|error| refusal::of_initialiser(error, &program))?;
    let bare = bare(linked)?;
    let cleanups = Cleanups::find(&bare, &program, &sites)?;
    let guards = Guards {
        panics: &panics,
        initialisers: &running_initialisers,
        rewrites: Some(&rewrites),
        suspends: &suspends,
        on_stack: on_stack.as_ref(),
        // Binaryen has its own way.
        cleanups: chosen.then_some(&cleanups),
        checks,
        parks: &parks,
        uninstrumented: &uninstrumented,
        assumed: assumed.as_ref(),
        ruled_out: ruled_out.as_ref(),
    };
    let guarded = guard::guard(&bare, &guards)?;
    cleanups.leave_out(&bare, &mut sites)?;
    Ok(Prepared { program, analysis, sites, guarded, verify: options.verify })
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

/// A linked module without the sections that say where things are in it, which move.
///
/// # Errors
///
/// If it cannot be read.
pub fn bare(linked: &[u8]) -> Result<Vec<u8>> {
    module::without_sections(linked, is_of_no_use_later)
}

fn is_of_no_use_later(section: &str) -> bool {
    section == "linking" || section.starts_with("reloc.") || section.starts_with(".debug_")
}
