//! Functions that never suspend, whatever they call.

use wasmparser::ValType;

use super::names::{is_in, readable};
use super::program::{Function, Program};
use super::std_waits::is_initialiser;
use crate::error::{Error, Result};
use crate::module::FunctionMap;
use crate::remedy::Remedy;

/// The symbol of the panic handler before Rust 1.87. A C function may have this name, too.
const UNMANGLED: &str = "rust_begin_unwind";

/// The functions that every panic and every failed allocation goes through. The guards ensure that no coroutine
/// is current in them. If panics abort, they never return.
const SINKS: [&str; 17] = [
    // The panic handler: std's, or a `#[panic_handler]`.
    "__rustc::rust_begin_unwind",
    UNMANGLED,
    // `panic_any`, and what the optimiser may have left of the path to it.
    "std::panicking::begin_panic",
    "std::panicking::begin_panic_handler",
    "std::panicking::panic_handler",
    "std::panicking::panic_with_hook",
    "std::panicking::rust_panic_with_hook",
    "std::sys::backtrace::__rust_end_short_backtrace",
    // If panics unwind: `resume_unwind`, and the functions that make an exception of a panic or get it back.
    "std::panic::resume_unwind",
    "std::panicking::resume_unwind",
    "__rustc::rust_panic",
    "__rustc::__rust_start_panic",
    "__rustc::__rust_panic_cleanup",
    "std::panicking::catch_unwind::cleanup",
    // Memory is exhausted.
    "alloc::alloc::handle_alloc_error",
    "__rustc::__rust_alloc_error_handler",
    "std::alloc::rust_oom",
];

/// Why nothing is suspended through a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Barrier {
    /// Every panic or failed allocation ends in it.
    Panic,
    /// It runs the initialiser of a `thread_local!`. The guards ensure that no coroutine is current then.
    Initialiser,
    /// The user has said that nothing under this name suspends.
    NoSuspend(String),
}

/// What never suspends, as the user has said: paths such as `core::fmt`, or a crate's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoSuspend(pub Vec<String>);

/// The barriers, by function index.
pub(super) fn barriers(
    program: &Program,
    no_suspend: &NoSuspend,
) -> Result<FunctionMap<Option<Barrier>>> {
    let mut used = vec![false; no_suspend.0.len()];
    let mut barriers = FunctionMap::default();
    let is_mangled = |function: &Function| function.name.as_deref().is_some_and(is_runtime);
    let is_old = !program.functions.values().any(is_mangled);
    for function in program.functions.values() {
        let Some(symbol) = &function.name else {
            barriers.push(None);
            continue;
        };
        let name = readable(symbol);
        let is_rusts = name != UNMANGLED || (is_old && is_handler(program, function));
        let mut barrier = (is_rusts && is_sink(&name)).then_some(Barrier::Panic);
        let calls = function.calls.direct.iter();
        let calls = calls.filter_map(|called| program.functions[*called].name.as_deref());
        if is_initialiser(&name, calls.map(readable)) {
            barrier = Some(Barrier::Initialiser);
        }
        for (path, used) in no_suspend.0.iter().zip(&mut used) {
            if is_in(&name, path) {
                *used = true;
                barrier.get_or_insert_with(|| Barrier::NoSuspend(path.clone()));
            }
        }
        barriers.push(barrier);
    }
    if let Some((path, _)) = no_suspend.0.iter().zip(&used).find(|(_, used)| !**used) {
        let reason =
            format!("nothing in the program is called `{path}`, which is assumed not to suspend");
        return Err(Error::of_module(reason, Remedy::CorrectNoSuspend));
    }
    Ok(barriers)
}

/// Whether a symbol is mangled like those that std and the compiler share, since Rust 1.87.
fn is_runtime(symbol: &str) -> bool {
    symbol.starts_with("_R") && symbol.contains("7___rustc")
}

/// Whether a function has the type of a panic handler: `fn(&PanicInfo) -> !`.
fn is_handler(program: &Program, function: &Function) -> bool {
    program.types.get(function.type_id.at()).is_some_and(|ty| {
        matches!(ty.params(), [ValType::I32 | ValType::I64]) && ty.results().is_empty()
    })
}

/// Whether this is the name of such a function, or of a closure in it, with or without generic arguments.
fn is_sink(name: &str) -> bool {
    SINKS.iter().any(|sink| {
        name.strip_prefix(sink).is_some_and(|rest| {
            rest.is_empty() || ["::<", "<", "::{"].iter().any(|start| rest.starts_with(start))
        })
    })
}
