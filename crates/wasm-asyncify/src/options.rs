//! How a module is to be made pausable.

use crate::analysis::{Analysis, Choice, NoSuspend, Precision, Program, SuspendPlan};
use crate::module::FunctionIndex;
use crate::resumption::Resumption;

/// How a module is made pausable.
///
/// Later versions may have more of these: end with `..Options::default()`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whose module it is.
    pub producer: Producer,
    /// What never suspends, by the user's word.
    pub no_suspend: NoSuspend,
    /// Which imports suspend who has called them, by Asyncify's exports; and which functions are to
    /// be instrumented or not, whatever is found.
    pub choice: Choice,
    /// Whether the host changes no table, and passes no references to functions, so that an indirect call is
    /// always of a function of the module's own. It can do so wherever a table is imported or exported.
    pub closed_world: bool,
    /// Whether Asyncify's exports are there even if no import suspends.
    pub driven_by_host: bool,
    /// Whether a function that is not instrumented traps if something is suspended through it.
    pub asserts: bool,
    /// What an indirect call is taken to be of.
    pub precision: Precision,
    /// Whether the module checks itself while it runs, as debug builds do.
    pub checks: bool,
    /// What pauses its coroutines.
    pub lowering: Lowering,
    /// Which functions are instrumented in the form that is small, and not in the one that is fast
    /// when it suspends.
    pub compact: Compact,
    /// How what was suspended is resumed.
    pub resumption: Resumption,
    /// Whether functions that are resumed one by one are put where they are called, if that is in one place: no
    /// optimiser can do that later. Not if there is DWARF to be kept, or to make symbols of.
    pub inline: bool,
    /// The memory that frames are saved to.
    pub memory: FrameMemory,
    /// Who has the globals that say whether something is suspended.
    pub globals: StateGlobals,
    /// Whether it does nothing when a coroutine's stack overflows, instead of saying so.
    pub no_stack_checks: bool,
    /// Whether it is proved of each instrumented function that it does what it did before.
    pub verify: bool,
    /// Whether DWARF is kept, and corrected: the sections `.debug_*`. Without it they are dropped.
    pub debug_info: bool,
    /// Whether a program that asks for backtraces of what is suspended is told names of functions, and by
    /// DWARF, if there is any, files and lines. Without it it is told numbers.
    pub symbols: bool,
    /// The folder that such files are shown relative to.
    pub symbols_folder: Option<String>,
}

impl Lowering {
    /// What a module uses then, whatever it used before: as a section `target_features` has it.
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
    /// The same without anybody's word for what is suspended in a program, but for its imports.
    pub(crate) fn assuming_nothing(&self) -> Self {
        Self {
            no_suspend: NoSuspend::default(),
            choice: Choice { imports: self.choice.imports.clone(), ..Choice::default() },
            precision: Precision::Types,
            ..self.clone()
        }
    }
}

/// Who has made a module, and so what the names of its functions say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Producer {
    /// rustc: a function that has the name of one of Rust's panic machinery is that, and is never
    /// suspended. There must be names.
    #[default]
    Rust,
    /// Nobody knows: names say nothing, unless `bysyncify_resume` is one. A module with that is
    /// rustc's.
    Any,
}

/// What pauses a module's coroutines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lowering {
    /// Their functions, which are instrumented: in any engine.
    #[default]
    Instrumentation,
    /// The engine, by the [stack switching] proposal: no function is changed but those of the switch of the library
    /// `bysyncify`, whose coroutines only can be paused. What else this struct says of how functions are
    /// instrumented, and of backtraces, means nothing then.
    ///
    /// [stack switching]: https://github.com/WebAssembly/stack-switching
    StackSwitching,
}

/// Which functions get the compact form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compact {
    /// Those that only the types of indirect calls make suspects: they hardly ever suspend.
    #[default]
    ByTypeOnly,
    /// None. For the benchmark: it shows what the compact form is worth.
    None,
    /// All that are instrumented. For tests.
    All,
    /// Every other one, with this number the odd or the even ones. For tests.
    EveryOther(u32),
}

impl Compact {
    /// What an analysis says, with these functions in compact form.
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

/// The memory that frames are saved to. What `data` points to is in it, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FrameMemory {
    /// The only one. If there is none, one is added, and exported as `asyncify_memory`.
    #[default]
    Only,
    /// If there are several: the one that is exported by this name, or imported as `MODULE.NAME`. If there is one
    /// or none, as [`Only`](Self::Only).
    Named(String),
    /// One that is added beside those that there are, and exported as `asyncify_memory`.
    Secondary {
        /// How large it is at first: so many times 64 KiB.
        pages: u32,
    },
}

/// Who has the globals that say whether something is suspended, and what the last `start_*` was given.
///
/// Modules that call each other share them, so that each can be suspended in a call of another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StateGlobals {
    /// The module, for itself.
    #[default]
    Own,
    /// Others: it imports them, as `env.__asyncify_state` and `env.__asyncify_data`.
    Imported,
    /// The module, and exports them as `__asyncify_state` and `__asyncify_data`.
    Exported,
}
