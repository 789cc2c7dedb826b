//! Transforms a module that can suspend.
//!
//! ```text
//!   linked ─► analysis ─► guards ─► inlining ─► instrumentation ─► checker
//!                  └► refusals ◄───────────────────┘
//! ```
//!
//! Guards come first, because they add calls, which are then instrumented like all others. If the engine switches
//! stacks, only `continuations` comes after them.

use std::collections::BTreeMap;

use wasmparser::Parser;

use crate::analysis::{Analysis, Precision, Program, SuspendPlan};
use crate::assumptions;
use crate::bare::bare;
use crate::check;
use crate::continuations;
use crate::debug::{Debug, Trail};
use crate::error::{Context, Error, Failure, Result};
use crate::exceptions::{self, Cleanups};
use crate::guard::{self, Guards};
use crate::initialisers;
use crate::inline;
use crate::instrument::{self, FrameMap};
use crate::module::{self, AsyncifyInfo, MemoryIndex, ModuleInfo, build_id};
use crate::options::{Lowering, Options, Producer};
use crate::output::{Frames, Guarded, Output};
use crate::parameters;
use crate::provide;
use crate::refusal;
use crate::remedy::Remedy;
use crate::resumption::{self, Resumption};
use crate::symbols::{self, Told};
use crate::uninstrumented;
use crate::warnings;

/// The name of a function that only rustc's modules with the library `bysyncify` have.
const SWITCH: &str = "bysyncify_resume";

/// A linked module that was analysed and has its guards, and is still to be instrumented.
#[derive(Debug)]
pub struct Prepared {
    program: Program,
    analysis: Analysis,
    plan: SuspendPlan,
    guarded: Vec<u8>,
    /// Where the guards have moved the code.
    trail: Trail,
    debug: Option<Debug>,
    symbols: Symbols,
    instrumenter: Instrumenter,
    verify: bool,
    /// Whether functions are resumed all at once if they cannot be resumed one by one.
    may_be_eager: bool,
}

/// What a program can learn about its frames, and whether its DWARF is kept as well.
#[derive(Debug)]
struct Symbols {
    are_told: bool,
    folder: Option<String>,
    keeps_dwarf: bool,
}

/// What instruments a module after it was prepared, and chooses the functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Instrumenter {
    Own,
    Binaryen,
    /// Nothing: the engine switches stacks itself.
    Nobody,
}

impl Prepared {
    /// Analyses a module, and adds guards if it is rustc's.
    ///
    /// # Errors
    ///
    /// If it cannot be read, has been through Asyncify already, or lacks what an option names.
    pub fn new(linked: &[u8], options: &Options) -> Result<Self, Error> {
        match options.lowering {
            Lowering::Instrumentation => prepare(linked, options, Instrumenter::Own),
            // Only instrumented functions could detect a wrong assumption.
            Lowering::StackSwitching => {
                prepare(linked, &options.assuming_nothing(), Instrumenter::Nobody)
            }
        }
    }

    /// The functions that will be instrumented: the name of each, and its call that can suspend, in words.
    pub fn functions(&self) -> impl Iterator<Item = (String, String)> {
        let are_any = self.instrumenter != Instrumenter::Nobody;
        self.analysis.instrumented().filter(move |_| are_any).map(|index| {
            let why = self.analysis.next_call(&self.program, index);
            (self.program.readable(index), why.unwrap_or_else(|| "is listed".to_owned()))
        })
    }

    /// Entries of the [choice](Options::choice) that match nothing in the module.
    pub fn unmatched(&self) -> &[String] {
        self.analysis.unmatched()
    }

    /// The module before it is instrumented.
    pub fn before(&self) -> &[u8] {
        &self.guarded
    }

    /// Proves that a module is what [`instrument`](Self::instrument) may make of this one: it does the
    /// same, however often it is suspended.
    ///
    /// # Errors
    ///
    /// If the proof fails; the error says where.
    pub fn check(&self, instrumented: &[u8]) -> Result<(), Error> {
        if self.instrumenter == Instrumenter::Nobody {
            // There is only one correct result.
            return match continuations::lower(&self.guarded, &mut Trail::default())? {
                only if only == instrumented => Ok(()),
                _ => Err(Error::Wrong { function: None, what: "it is another".to_owned() }),
            };
        }
        let simplified = simplified(&self.guarded, &self.plan, &mut Trail::default())?;
        let check = |plan| check::check(&simplified, instrumented, plan);
        let checked = match check(&self.plan) {
            Err(_) if self.may_be_eager && self.plan.flat => check(&self.plan.eager()),
            other => other,
        };
        checked.map_err(|it| it.explained(|it| refusal::of_checker(&it, &self.program)))
    }

    /// Instruments the module.
    ///
    /// # Errors
    ///
    /// If a function that must be instrumented cannot be, or the checker finds one that was instrumented wrongly.
    pub fn instrument(mut self) -> Result<Output, Error> {
        if self.instrumenter == Instrumenter::Nobody {
            return self.lower();
        }
        let simplified = simplified(&self.guarded, &self.plan, &mut self.trail)?;
        let (mut module, maps) = self.write(&simplified)?;
        let Self { program, analysis, plan, trail, debug, symbols, .. } = self;
        if self.verify {
            check::check(&simplified, &module, &plan)
                .map_err(|it| it.explained(|it| refusal::of_checker(&it, &program)))?;
        }
        let mut with_dwarf = None;
        let lost_debug_info = debug.and_then(|debug| {
            let mut beside = (!symbols.keeps_dwarf).then(|| module.clone());
            let added = debug.add_to(beside.as_mut().unwrap_or(&mut module), &trail);
            with_dwarf = beside;
            added.err().map(|error| error.to_string())
        });
        let told = Told {
            names: symbols.are_told,
            folder: symbols.folder.as_deref(),
            with_dwarf: with_dwarf.as_deref(),
        };
        symbols::fill(&mut module, &maps, plan.flat, told).context("cannot tell of its frames")?;
        build_id::renew(&mut module)?;
        Ok(Output {
            module,
            functions: program.own_functions(),
            instrumented: analysis.instrumented().count() as u64,
            unmatched: analysis.unmatched().to_owned(),
            lost_debug_info,
            start_can_suspend: warnings::of_start(&program, &analysis),
        })
    }

    /// The frames of its functions, as [`instrument`](Self::instrument) would make them.
    pub(crate) fn frames(mut self) -> Result<Frames> {
        let mut sizes = BTreeMap::new();
        if self.instrumenter != Instrumenter::Nobody {
            let simplified = simplified(&self.guarded, &self.plan, &mut self.trail)?;
            let (_, maps) = self.write(&simplified)?;
            sizes.extend(maps.iter().filter_map(|map| Some((map.before, map.size?))));
        }
        let Self { program, analysis, plan, .. } = self;
        Ok(Frames { program, analysis, sizes, are_kept: plan.flat })
    }

    /// Writes the instrumented functions; so that they are resumed all at once, if they cannot be one by one.
    fn write(&mut self, simplified: &[u8]) -> Result<(Vec<u8>, Vec<FrameMap>)> {
        let mut written = instrument::with_frame_maps(simplified, &self.plan, &mut self.trail);
        if let Err(Failure::Own(unsupported)) = &written
            && unsupported.reason.is_of_flat()
            && self.may_be_eager
        {
            self.plan = self.plan.eager();
            written = instrument::with_frame_maps(simplified, &self.plan, &mut self.trail);
        }
        let explain = |it| refusal::of_function(it, &self.program, &self.analysis);
        written.map_err(|it| it.explained(explain))
    }

    /// Has the engine switch stacks.
    fn lower(mut self) -> Result<Output> {
        let mut module = continuations::lower(&self.guarded, &mut self.trail)?;
        let lost = self.debug.and_then(|debug| debug.add_to(&mut module, &self.trail).err());
        build_id::renew(&mut module)?;
        Ok(Output {
            module,
            functions: self.program.own_functions(),
            instrumented: 0,
            unmatched: self.analysis.unmatched().to_owned(),
            lost_debug_info: lost.map(|error| error.to_string()),
            start_can_suspend: None,
        })
    }
}

/// Makes a linked module pausable.
///
/// # Errors
///
/// As [`Prepared::new`] and [`Prepared::instrument`].
pub fn transform(linked: &[u8], options: &Options) -> Result<Output, Error> {
    Prepared::new(linked, options)?.instrument()
}

/// The linked module with its guards and nothing else, for Binaryen's Asyncify, which chooses itself
/// what it instruments.
///
/// # Errors
///
/// If the module cannot be read, or has what Binaryen's Asyncify does not support.
pub fn guarded_for_binaryen(linked: &[u8], options: &Options) -> Result<Guarded, Error> {
    let prepared = prepare(linked, options, Instrumenter::Binaryen)?;
    refusal::check_for_binaryen(&prepared.program)?;
    let Prepared { guarded: mut module, analysis, .. } = prepared;
    build_id::renew(&mut module)?;
    Ok(Guarded { module, unmatched: analysis.unmatched().to_owned() })
}

/// Refuses a module that cannot be made pausable; otherwise analyses it.
pub(crate) fn examine<'a>(
    linked: &'a [u8],
    options: &Options,
) -> Result<(ModuleInfo<'a>, Program, Analysis)> {
    if Parser::is_component(linked) {
        return Err(Error::of_module("it is a component", Remedy::TakeModules));
    }
    module::validate(linked)?;
    if AsyncifyInfo::read(linked)?.is_asyncified {
        return Err(Error::of_module(
            "the module has been through Asyncify already: it exports `asyncify_start_unwind`",
            Remedy::TakeAsIs,
        ));
    }
    let read = ModuleInfo::read(linked).context("cannot analyse it")?;
    if module::has_runtime(&read).context("cannot analyse it")? {
        return Err(Error::of_module(
            "the module has been through Asyncify already: it has the functions that start and stop an \
             unwind",
            Remedy::TakeAsIs,
        ));
    }
    let program = Program::parse(&read, options.closed_world).context("cannot analyse it")?;
    let is_rust = options.producer == Producer::Rust || program.named(SWITCH).is_some();
    let analysis = if is_rust {
        refusal::check_names(&program)?;
        Analysis::new(&program, &options.no_suspend, options.precision)?
    } else {
        Analysis::without_barriers(&program, options.precision)
    };
    if let Some((function, add, remove)) = options.choice.contradiction(&program) {
        return Err(Error::Unsupported {
            function: Some(function),
            reason: format!(
                "is listed as to be instrumented (`{add}`), and as never to suspend (`{remove}`)"
            ),
            remedy: Remedy::ListOnce,
        });
    }
    let analysis = analysis.with_choice(&program, &options.choice);
    Ok((read, program, analysis))
}

fn prepare(
    linked: &[u8],
    options: &Options,
    instrumenter: Instrumenter,
) -> Result<Prepared, Error> {
    let (read, program, analysis) = examine(linked, options)?;
    if instrumenter == Instrumenter::Nobody {
        continuations::check(&program, &analysis, options)?;
    }
    let panics: Vec<_> = analysis.panics().collect();
    let running_initialisers: Vec<_> = analysis.initialisers().collect();
    let checks = options.checks;
    let mut plan = options.compact.plan(&program, &analysis);
    plan.for_host |= options.driven_by_host;
    plan.flat = match options.resumption {
        Resumption::AllAtOnce => false,
        Resumption::OneByOne => true,
        Resumption::Automatic => {
            let has_limit = instrumenter == Instrumenter::Own && !options.no_stack_checks;
            let are_few = plan.functions.len() <= resumption::MOST_FUNCTIONS;
            has_limit && are_few && !plan.for_host && resumption::only_our_switch(&program)
        }
    };
    let may_be_eager = options.resumption == Resumption::Automatic;
    if options.asserts {
        plan.assert_uninstrumented(&program, &analysis);
    }
    // Where a coroutine can be, without assumptions.
    let sound = analysis.with_precision(&program, Precision::Types);
    let chosen = instrumenter == Instrumenter::Own;
    let uninstrumented = if checks && chosen {
        uninstrumented::find(&program, &analysis, &sound)
    } else {
        Vec::new()
    };
    let assumed = match chosen {
        true => assumptions::to_check(&program, &analysis, &plan, checks)?,
        false => None,
    };
    let ruled_out = (checks && chosen).then(|| plan.ruled_out(&program));
    let suspends: Vec<_> = analysis.hosts().collect();
    let on_stack = (!options.no_stack_checks).then(|| sound.on_stack(&program));
    let parks = warnings::parks(linked, &program)?;
    let rewrites = initialisers::find(&read, &plan)
        .map_err(|it| it.explained(|it| refusal::of_initialiser(it, &program)))?;
    let bare = bare(linked)?;
    let bare = ModuleInfo::read(&bare)?;
    let cleanups = Cleanups::find(&bare, &program, &plan)?;
    let guards = Guards {
        panics: &panics,
        initialisers: &running_initialisers,
        rewrites: Some(&rewrites),
        suspends: &suspends,
        on_stack: on_stack.as_ref(),
        // Binaryen has its own way.
        cleanups: (instrumenter != Instrumenter::Binaryen).then_some(&cleanups),
        checks,
        symbols: chosen,
        parks: &parks,
        uninstrumented: &uninstrumented,
        assumed: assumed.as_ref(),
        ruled_out: ruled_out.as_ref(),
    };
    let wants_dwarf = options.debug_info || options.symbols && chosen;
    let debug = if wants_dwarf { Debug::read(linked)? } else { None };
    let mut trail = Trail::new(debug.is_some());
    let guarded = guard::guard(&bare, &guards, &mut trail)?;
    cleanups.leave_out(&bare, &mut plan)?;
    let guarded = match chosen {
        true => provide::provide(guarded, &options.memory, options.globals, &mut plan, &mut trail)?,
        false => guarded,
    };
    if plan.memory != MemoryIndex(0) && program.named(SWITCH).is_some() {
        return Err(Error::of_module(
            "its coroutines keep their frames in the first memory of the program",
            Remedy::UseFirstMemory,
        ));
    }
    let guarded = match options.inline && chosen && plan.flat && debug.is_none() {
        true => inline::inline(guarded, &program, &mut plan)?,
        false => guarded,
    };
    let verify = options.verify;
    let symbols = Symbols {
        are_told: options.symbols,
        folder: options.symbols_folder.clone(),
        keeps_dwarf: options.debug_info,
    };
    Ok(Prepared {
        program,
        analysis,
        plan,
        guarded,
        trail,
        debug,
        symbols,
        instrumenter,
        verify,
        may_be_eager,
    })
}

/// The module with parameters in locals and handlers hoisted, where a rewind could not enter their blocks.
fn simplified(guarded: &[u8], plan: &SuspendPlan, trail: &mut Trail) -> Result<Vec<u8>> {
    let without = parameters::in_locals(&ModuleInfo::read(guarded)?, &plan.functions, trail)?;
    exceptions::hoist(&ModuleInfo::read(&without)?, &plan.functions, trail)
}
