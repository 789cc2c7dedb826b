//! The options for making a module pausable.

use crate::analysis::{Analysis, Choice, NoSuspend, Precision, Program, SuspendPlan};
use crate::module::FunctionIndex;
use crate::resumption::Resumption;

/// How a module is made pausable.
///
/// Later versions may have more fields: end with `..Options::default()`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The producer of the module.
    pub producer: Producer,
    /// Functions that never suspend, according to the user.
    pub no_suspend: NoSuspend,
    /// Which imports suspend their callers, by Asyncify's exports; and which functions must be instrumented or must
    /// not be, whatever the analysis finds.
    pub choice: Choice,
    /// Whether the host changes no table, and passes no references to functions, so that an indirect call always
    /// calls a function of the module. A host can do both wherever a table is imported or exported.
    pub closed_world: bool,
    /// Whether Asyncify's exports are added even if no import suspends.
    pub driven_by_host: bool,
    /// Whether a function that is not instrumented traps if something is suspended through it.
    pub asserts: bool,
    /// Which functions an indirect call is assumed to call.
    pub precision: Precision,
    /// Whether the module checks itself at run time, as debug builds do.
    pub checks: bool,
    /// What pauses the coroutines.
    pub lowering: Lowering,
    /// Which functions are instrumented in compact form, which is small, and not in fast form, which suspends
    /// quickly.
    pub compact: Compact,
    /// How suspended functions are resumed.
    pub resumption: Resumption,
    /// Whether functions that are resumed one by one are inlined if they are called in one place: no optimiser can do
    /// that later. They are not if DWARF is to be kept, or is needed for symbols.
    pub inline: bool,
    /// The memory in which frames are saved.
    pub memory: FrameMemory,
    /// Which module has the globals that say whether something is suspended.
    pub globals: StateGlobals,
    /// Whether the module does nothing when a coroutine's stack overflows, instead of reporting it.
    pub no_stack_checks: bool,
    /// Whether each instrumented function is proved to do what it did before.
    pub verify: bool,
    /// Whether DWARF (the sections `.debug_*`) is kept and corrected. Otherwise it is dropped.
    pub debug_info: bool,
    /// Whether a program that asks for backtraces of suspended code gets names of functions, and files and lines if
    /// there is DWARF. Otherwise it gets numbers.
    pub symbols: bool,
    /// The folder to which the paths of these files are relative.
    pub symbols_folder: Option<String>,
}

impl Lowering {
    /// The features that a module uses then, whatever it used before, as a section `target_features` has them.
    pub fn features(self) -> &'static [&'static str] {
        match self {
            Self::Instrumentation => &[],
            Self::StackSwitching => {
                &["exception-handling", "gc", "multivalue", "reference-types", "stack-switching"]
            }
        }
    }
}

impl Options {
    /// The same options, without assumptions about what is suspended in a program, but with the choice of its
    /// imports.
    pub(crate) fn assuming_nothing(&self) -> Self {
        Self {
            no_suspend: NoSuspend::default(),
            choice: Choice { imports: self.choice.imports.clone(), ..Choice::default() },
            precision: Precision::Types,
            ..self.clone()
        }
    }
}

/// The producer of a module. It determines what the names of functions mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Producer {
    /// rustc. A function with the name of a function of Rust's panic machinery is that function, and is never
    /// suspended. There must be names.
    #[default]
    Rust,
    /// Unknown. Names mean nothing, unless one is `bysyncify_resume`: a module with that name is rustc's.
    Any,
}

/// What pauses a module's coroutines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lowering {
    /// Instrumented functions, in any engine.
    #[default]
    Instrumentation,
    /// The engine, by the [stack switching] proposal. No function is changed but those of the switch of the library
    /// `bysyncify`, and only its coroutines can be paused. Other fields of [`Options`] about instrumentation and
    /// backtraces have no effect then.
    ///
    /// [stack switching]: https://github.com/WebAssembly/stack-switching
    StackSwitching,
}

/// Which functions get the compact form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compact {
    /// Functions that are suspects only because of the types of indirect calls: they hardly ever suspend.
    #[default]
    ByTypeOnly,
    /// No functions. For the benchmark: it shows what the compact form is worth.
    None,
    /// All instrumented functions. For tests.
    All,
    /// Every other function: this number selects the odd or the even ones. For tests.
    EveryOther(u32),
}

impl Compact {
    /// The plan from an analysis, with these functions in compact form.
    pub(crate) fn plan(self, program: &Program, analysis: &Analysis) -> SuspendPlan {
        let mut plan = SuspendPlan::new(program, analysis);
        let chosen = |is_chosen: &dyn Fn(&FunctionIndex) -> bool| {
            plan.functions.iter().copied().filter(is_chosen).collect()
        };
        match self {
            Self::ByTypeOnly => {}
            Self::None => plan.by_type_only.clear(),
            Self::All => plan.by_type_only = chosen(&|_| true),
            Self::EveryOther(number) => plan.by_type_only = chosen(&|it| (it.0 ^ number) & 1 == 0),
        }
        plan
    }
}

/// The memory in which frames are saved. What `data` points to is in it, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FrameMemory {
    /// The only memory. If there is none, one is added, and exported as `asyncify_memory`.
    #[default]
    Only,
    /// If there are several memories: the one that is exported by this name, or imported as `MODULE.NAME`. If there
    /// is one or none, as [`Only`](Self::Only).
    Named(String),
    /// A memory that is added to the others, and exported as `asyncify_memory`.
    Secondary {
        /// Its initial size, in units of 64 KiB.
        pages: u32,
    },
}

/// Which module has the globals with the state (whether something is suspended) and the argument of the last
/// `start_*`.
///
/// Modules that call each other share them, so that each can be suspended in a call of another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StateGlobals {
    /// The module has globals of its own.
    #[default]
    Own,
    /// The module imports them, as `env.__asyncify_state` and `env.__asyncify_data`.
    Imported,
    /// The module has globals of its own, and exports them as `__asyncify_state` and `__asyncify_data`.
    Exported,
}
