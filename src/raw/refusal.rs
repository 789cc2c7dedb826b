//! The reasons why code cannot wait in a place: the error of `embed` when no coroutine is current.
//!
//! One reason is that no coroutine is running. But there are also places in which code must not wait although it
//! is called in a coroutine. The linker ensures that no coroutine is current there
//! (`crates/wasm-asyncify/src/guard`):
//!
//! - the functions that every panic goes through, including the panic hook: a panic does not return;
//! - the initialiser of a `thread_local!`: if two coroutines waited in it, the second would replace a value that
//!   the first may have a reference to;
//! - a destructor that runs because a panic unwinds: the exception in progress cannot be saved.
//!
//! In a module that `bysyncify-ld` has not made, a coroutine is current there all the same. The first and the last
//! place are then detected by [`std::thread::panicking`], if there is `std`.

#![forbid(unsafe_code)]

use core::fmt;

use super::panics;
use super::switch::{ActiveSwitch, Switch};
use crate::abi;

/// Why no coroutine is current.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No coroutine is running, or the host has called back.
    Outside,
    InPanic,
    InInitialiser,
    InCleanup,
}

impl Refusal {
    /// Returns the reason for the calling code.
    pub(crate) fn here() -> Self {
        match ActiveSwitch::why_outside() {
            abi::OUTSIDE_IN_PANIC => Self::InPanic,
            abi::OUTSIDE_IN_INITIALISER => Self::InInitialiser,
            abi::OUTSIDE_IN_CLEANUP => Self::InCleanup,
            _ if ActiveSwitch::current().is_null() || !panics::is_panicking() => Self::Outside,
            // It may also be the panic hook: without `bysyncify-ld` the two cannot be distinguished.
            _ if cfg!(panic = "unwind") => Self::InCleanup,
            _ => Self::InPanic,
        }
    }

    /// Panics with this reason.
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

/// On a panic in a panic hook, std ends the program at once, and shows the message only where there is a standard
/// error. So the function's name is the message: the WebAssembly engine shows it in the stack trace.
#[cold]
#[inline(never)]
#[track_caller]
fn cannot_wait_in_a_panic_hook() -> ! {
    panic!("{}", Refusal::InPanic)
}
