//! The way to `names.rs` from code that every program has.
//!
//! What ends a coroutine and what ends the program would have all of that file in the program, though most give no
//! names. So it is called by an address, which is there from the first name on. And through the switch, so that
//! Asyncify does not take it for a call that could be suspended (`call_uninstrumented.rs`).

use core::mem;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use super::control_block::{RawCore, UninstrumentedFn};
use super::fatal::Fatal;
use super::switch::{ActiveSwitch, Switch};

/// What is to be done with names.
pub(super) enum Ask<'a> {
    /// The coroutine has ended.
    Forget(&'a RawCore),
    /// The program ends because of this one, of which nothing may be looked at: it may have been overwritten. Returns if
    /// it has no name.
    EndBecauseOf(*const RawCore, &'a Fatal),
    /// The program ends because of the one that runs. This one is current.
    EndHere(*const RawCore, &'a Fatal),
}

/// An [`UninstrumentedFn`], or null.
static HOOK: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// From now on this is called.
///
/// # Safety
///
/// - It may be called with an [`Ask`], and lets no panic out.
pub(super) unsafe fn install(hook: UninstrumentedFn) {
    HOOK.store(hook as *mut (), Ordering::Relaxed);
}

/// Asks, if there are names.
pub(super) fn ask(ask: Ask<'_>) {
    let hook = HOOK.load(Ordering::Relaxed);
    if hook.is_null() {
        return;
    }
    // SAFETY: `install` has put it there.
    let hook = unsafe { mem::transmute::<*mut (), UninstrumentedFn>(hook) };
    // SAFETY: who has installed it has promised that it may be called so.
    unsafe { ActiveSwitch::call_uninstrumented(hook, (&raw const ask).cast_mut().cast()) };
}
