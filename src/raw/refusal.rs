//! Why code cannot wait where it is: what `embed` says when no coroutine is current.
//!
//! That none is running is only one reason. There are places in which code must not wait although it
//! is called in a coroutine, and the linker sees to it that none is current there
//! (`crates/wasm-asyncify/src/guard`):
//!
//! - what every panic goes through, the panic hook among it: a panic does not end;
//! - the initialiser of a `thread_local!`: if two coroutines waited in it, the second would replace
//!   a value that the first may have a reference to;
//! - a destructor that runs because a panic unwinds: the exception that the panic is cannot be saved.
//!
//! In a module that our linker has not made a coroutine is current there all the same. The first and the
//! last are known by [`std::thread::panicking`] then, if there is `std`.

#![forbid(unsafe_code)]

use core::fmt;

use super::panics;
use super::switch::{ActiveSwitch, Switch};
use crate::abi;

/// Why no coroutine is current.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// None is running, or the host has called back.
    Outside,
    InPanic,
    InInitialiser,
    InCleanup,
}

impl Refusal {
    /// Where we are.
    pub(crate) fn here() -> Self {
        match ActiveSwitch::why_outside() {
            abi::OUTSIDE_IN_PANIC => Self::InPanic,
            abi::OUTSIDE_IN_INITIALISER => Self::InInitialiser,
            abi::OUTSIDE_IN_CLEANUP => Self::InCleanup,
            _ if ActiveSwitch::current().is_null() || !panics::is_panicking() => Self::Outside,
            // It may also be the hook: without our linker the two cannot be told apart.
            _ if cfg!(panic = "unwind") => Self::InCleanup,
            _ => Self::InPanic,
        }
    }

    /// Panics, and says that one cannot wait here.
    #[cold]
    #[track_caller]
    pub(crate) fn refuse(self) -> ! {
        match self {
            Self::InPanic => cannot_wait_in_a_panic_hook(),
            _ => panic!("{self}"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Outside => "cannot embed outside a running coroutine",
            Self::InPanic => "cannot embed in a panic hook",
            Self::InCleanup => {
                "cannot embed in a destructor that runs because of a panic: wait there with \
                 `try_embed`, and go on without"
            }
            Self::InInitialiser => {
                "cannot embed in the initialiser of a `thread_local!`: make the value before, and \
                 put it into a `OnceCell` there"
            }
        })
    }
}

/// A panic in a panic hook is shown only where there is a standard error: std ends the program at once.
/// So the function has the message for a name: the engine shows that in the stack trace.
#[cold]
#[inline(never)]
#[track_caller]
fn cannot_wait_in_a_panic_hook() -> ! {
    panic!("{}", Refusal::InPanic)
}
