//! Remedies for an [`Error`](crate::Error).

use core::fmt;

/// What to do about an [`Error`](crate::Error).
///
/// Its `Display` names the fields of [`Options`](crate::Options). A program with options of its own uses its own
/// words: [`Error::message`](crate::Error::message).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Take the modules that a component was made of.
    TakeModules,
    /// Take the module as it is, since it can be suspended already.
    TakeAsIs,
    /// Do not strip the names of functions.
    KeepNames,
    /// Link objects, and not a module that was linked and instrumented.
    LinkObjects,
    /// Do not import `asyncify.get_state`.
    KeepState,
    /// Import nothing of `asyncify` but the four functions that start and stop.
    ImportTheFour,
    /// Choose the memory that frames are saved to ([`Options::memory`](crate::Options::memory)).
    ChooseMemory,
    /// Save frames to the memory of the program: the first one.
    UseFirstMemory,
    /// Import the memory that other modules save frames to.
    ImportMemory,
    /// List a function either as one to instrument, or as one that never suspends.
    ListOnce,
    /// Do without tail calls.
    AvoidTailCalls,
    /// Do without tail calls, or without Binaryen.
    AvoidTailCallsOrBinaryen,
    /// Resume all functions at once: without
    /// [`Resumption::OneByOne`](crate::Resumption::OneByOne).
    ResumeAllAtOnce,
    /// Avoid references of types that cannot be kept while a function is suspended.
    AvoidReferences,
    /// Use a reference type that can be null.
    AllowNull,
    /// Do without the older exception instructions.
    AvoidLegacyExceptions,
    /// Use Binaryen instead, and report it: this crate lacks it.
    UseBinaryen,
    /// Report it: it is a mistake of this crate.
    Report,
    /// Make the value of a `thread_local!` elsewhere.
    MakeValueBefore,
    /// Correct the paths in [`Options::no_suspend`](crate::Options::no_suspend).
    CorrectNoSuspend,
    /// Assume nothing ([`Options::precision`](crate::Options::precision)), or let no import suspend.
    AssumeNothingOrNoImports,
    /// Assume nothing, or update the library `bysyncify`.
    AssumeNothingOrUpdate,
    /// Assume nothing, or do without tail calls.
    AssumeNothingOrAvoidTailCalls,
    /// Have functions instrumented: without
    /// [`Lowering::StackSwitching`](crate::Lowering::StackSwitching).
    Instrument,
    /// Update the library, or do without checks of any kind.
    UpdateOrNoChecks,
    /// Update the library, or do without the checks of stacks.
    UpdateOrNoStackChecks,
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TakeModules => "take the modules that it was made of",
            Self::TakeAsIs => "take it as it is, or start from the one that it was made of",
            Self::KeepNames => "leave out what strips (`wasm-strip`, `wasm-opt` without `-g`)",
            Self::LinkObjects => {
                "link the objects of a program and not a finished module, and run Asyncify once"
            }
            Self::KeepState => {
                "keep the state in the program, as bysyncify does from 0.3 on (is an older one in \
                 `cargo tree -i bysyncify`?)"
            }
            Self::ImportTheFour => "it has start_unwind, stop_unwind, start_rewind, stop_rewind",
            Self::ChooseMemory => {
                "say in `Options::memory` which is for frames, or let one be added \
                 (`FrameMemory::Secondary`)"
            }
            Self::UseFirstMemory => "leave out `Options::memory`, or name the first one",
            Self::ImportMemory => "import the memory of the modules that it shares the state with",
            Self::ListOnce => "take it out of `Choice::add` or out of `Choice::remove`",
            Self::AvoidTailCalls => "build without the target feature `tail-call`",
            Self::AvoidTailCallsOrBinaryen => {
                "build without the target feature `tail-call`, or use `transform`, which supports \
                 them"
            }
            Self::ResumeAllAtOnce => "do without `Resumption::OneByOne`",
            Self::AvoidReferences => {
                "pass it on in a function that does not wait, or keep it in a table or global"
            }
            Self::AllowNull => "use a type there that can be null",
            Self::AvoidLegacyExceptions => {
                "compile for the standard exception instructions (`try_table`), or have Binaryen \
                 translate it to them before (`wasm-opt --translate-to-exnref`, version 125 or \
                 later)"
            }
            Self::UseBinaryen => "have Binaryen do it (`wasm-opt --asyncify`), and tell us",
            Self::Report => {
                "the program is not to blame: please report it, with these lines. Until it is \
                 mended, have Binaryen do it (`wasm-opt --asyncify`)"
            }
            Self::MakeValueBefore => {
                "make the value before, and put it into a `OnceCell` there; or build at another \
                 `opt-level` than \"z\", or without `lto`, at which std's function is not inlined"
            }
            Self::CorrectNoSuspend => "take it out of `Options::no_suspend`",
            Self::AssumeNothingOrNoImports => {
                "choose `Precision::Types`, or let no import suspend (`Choice::imports`)"
            }
            Self::AssumeNothingOrUpdate => "choose `Precision::Types`, or update `bysyncify`",
            Self::AssumeNothingOrAvoidTailCalls => {
                "choose `Precision::Types` and leave `Options::no_suspend` empty, or build without the \
                 target feature `tail-call`"
            }
            Self::Instrument => "do without `Lowering::StackSwitching`",
            Self::UpdateOrNoChecks => {
                "update it, or set `Options::no_stack_checks` and not `Options::checks`"
            }
            Self::UpdateOrNoStackChecks => "update it, or set `Options::no_stack_checks`",
        })
    }
}
