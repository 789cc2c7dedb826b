//! Errors that end the program, and their messages.
//!
//! Each of these means that memory or control flow is already wrong: a stack has overwritten adjacent memory, or
//! frames were lost. Unwinding would run destructors on that, so the program cannot continue. [`fatal`] prints
//! through the panic hook or handler, and ends the program.

#![forbid(unsafe_code)]

use core::fmt;
use core::panic::RefUnwindSafe;

/// Sizes are in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fatal {
    /// Asyncify saved more than there was room for.
    FramesOverflow { needed: usize, available: usize, size: usize },
    /// The shadow stack was below the stack's low end at a suspend.
    ShadowOverflow { needed: usize, size: usize },
    /// The shadow stack would be below the stack's low end.
    StackOverflow { function: Function, needed: usize, size: usize },
    /// Natively: the stack has grown into its guard.
    #[cfg_attr(
        not(all(bysyncify_native, unix)),
        allow(dead_code, reason = "elsewhere there is no guard, or the system tells of it")
    )]
    NativeOverflow { size: usize, asked: usize },
    /// The shadow stack has been below the stack's low end.
    CanaryDead,
    /// The stack pointer was not in the coroutine's memory at a suspend.
    ForeignStack,
    /// A function saw an unwind that it does not take part in.
    Uninstrumented { function: Function },
    /// A coroutine called a function that stops the thread, and there is no other thread.
    Parked { function: Function },
    /// A coroutine has waited in the initialiser of a `thread_local!`, and meanwhile another one has completed it.
    Reinitialised { function: Function },
    /// A call was suspended that is assumed never to be. The function's name contains the callee's.
    Assumed { function: Function, callee: Option<Function> },
    /// `bysyncify_suspend` returned to a caller that should have been unwound.
    NotInstrumented,
    /// An entry function returned in the middle of an unwind or rewind.
    LostFrames,
    /// No coroutine was current at a suspend, though one was when the wait began.
    NotCurrent,
    /// An unwind arrived that this crate did not start.
    ForeignUnwind,
    /// A panic would have left a coroutine, or a call outside of one.
    #[cfg_attr(
        not(all(panic = "unwind", not(bysyncify_std))),
        allow(dead_code, reason = "elsewhere such a panic is caught, or aborts by itself")
    )]
    PanicWithoutStd,
}

/// A function, as the linker's checks report it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Function {
    /// Its name, in backquotes, with further information. Empty if the module has no names.
    pub(crate) name: &'static str,
    /// Its number in the module as it was linked.
    pub(crate) number: usize,
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, number } = *self;
        if !name.is_empty() {
            return f.write_str(name);
        }
        write!(f, "function {number} (`cargo bysyncify report --function {number}` names it)")
    }
}

impl fmt::Display for Fatal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::FramesOverflow { needed, available, size } => write!(
                f,
                "coroutine stack overflow: suspending needed {needed} bytes and {available} were \
                 left of {size}; give the coroutine a stack of at least {} bytes",
                size.saturating_add(needed - available).next_multiple_of(16)
            ),
            Self::ShadowOverflow { needed, size } => write!(
                f,
                "coroutine stack overflow: {needed} bytes are in use before anything is saved and \
                 the stack has {size}; give the coroutine a larger one"
            ),
            Self::StackOverflow { function, needed, size } => write!(
                f,
                "coroutine stack overflow: {needed} bytes are needed in {function} and the stack \
                 has {size}; give the coroutine a larger one"
            ),
            Self::NativeOverflow { size, asked } => write!(
                f,
                "coroutine stack overflow: {size} bytes of native stack are in use; give the \
                 coroutine a stack of more than {asked} bytes, since it gets four times as much \
                 natively"
            ),
            Self::CanaryDead => f.write_str(
                "coroutine stack overflow: what lies below the stack was overwritten; give the \
                 coroutine a larger one",
            ),
            Self::ForeignStack => f.write_str(
                "cannot wait on a stack that is not the coroutine's own: code between the \
                 coroutine and here has switched to another (`stacker` does)",
            ),
            Self::Uninstrumented { function } => write!(
                f,
                "{function} was on the stack at a suspend but is not instrumented by Asyncify"
            ),
            Self::Parked { function } => write!(
                f,
                "{function} would stop the only thread there is: what waits in it spins for ever; \
                 wait with `embed` instead"
            ),
            Self::Reinitialised { function } => write!(
                f,
                "{function} has waited in the initialiser of a `thread_local!`, and would replace \
                 the value that another coroutine has made there meanwhile; make the value before, \
                 and put it into a `OnceCell` there"
            ),
            Self::Assumed { function, callee } => {
                write!(f, "{function}")?;
                if let (true, Some(callee)) = (function.name.is_empty(), callee) {
                    write!(f, " in its call of {callee}")?;
                }
                f.write_str(
                    " was suspended, which is assumed not to happen; link without the option \
                     that says so (`--bysyncify-precise` or `--bysyncify-assume-no-suspend`)",
                )
            }
            Self::NotInstrumented => f.write_str(
                "a function that waits in `embed` was not instrumented by Asyncify; link with \
                 `bysyncify-ld`, or run `wasm-opt --asyncify \
                 --pass-arg=asyncify-ignore-imports` before any optimisation",
            ),
            Self::LostFrames => f.write_str(
                "a coroutine returned while it was being suspended or resumed: a function on its \
                 stack was not instrumented by Asyncify, or is JavaScript; run `wasm-opt \
                 --asyncify --pass-arg=asyncify-ignore-imports` without a remove-list, before any \
                 optimisation",
            ),
            Self::NotCurrent => f.write_str(
                "cannot suspend: a panic has left the coroutine, and was caught by the future that \
                 it waits for; link with `bysyncify-ld`, which brings the coroutine back",
            ),
            Self::PanicWithoutStd => f.write_str(
                "a panic cannot leave a coroutine without `std`: catch it inside, or enable the \
                 feature `std` of `bysyncify`, which hands it on to whoever polls",
            ),
            Self::ForeignUnwind => f.write_str(
                "an Asyncify unwind that bysyncify did not start reached a coroutine: the host \
                 suspended code that runs inside one; await there with `embed` instead",
            ),
        }
    }
}

/// Prints `cause`, which may have the name of a coroutine before it (`names.rs`), and ends the program.
///
/// `extern "C"`: a panic does not leave such a function. If panics unwind, and cannot be caught for lack of `std`,
/// it aborts, after a second message.
#[cold]
#[inline(never)]
pub(crate) extern "C" fn fatal<T: fmt::Display + RefUnwindSafe>(cause: &T) -> ! {
    #[cfg(all(bysyncify_std, panic = "unwind"))]
    {
        let _ = std::panic::catch_unwind(|| panic!("{cause}"));
        std::process::abort()
    }
    #[cfg(not(all(bysyncify_std, panic = "unwind")))]
    panic!("{cause}")
}
