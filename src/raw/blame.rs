//! Ends the program because of a coroutine, and says its name if it has one.

use super::control_block::RawCore;
use super::fatal::{Fatal, fatal};
#[cfg(feature = "alloc")]
use super::names_hook::{Ask, ask};
#[cfg(feature = "alloc")]
use super::switch::{ActiveSwitch, Switch};

/// Ends the program because of the coroutine with this core. The core is not read, because it may have been
/// overwritten.
#[cold]
pub(super) fn fatal_of(core: *const RawCore, cause: &Fatal) -> ! {
    #[cfg(feature = "alloc")]
    ask(&Ask::EndBecauseOf(core, cause));
    #[cfg(not(feature = "alloc"))]
    let _ = core;
    fatal(cause)
}

/// Ends the program because of the coroutine on whose stack this is called.
#[cold]
pub(super) fn fatal_here(cause: &Fatal) -> ! {
    #[cfg(feature = "alloc")]
    ask(&Ask::EndHere(ActiveSwitch::current(), cause));
    fatal(cause)
}
