//! Calls `names.rs` from code that every program has.
//!
//! Code that ends a coroutine or the program would bring all of that file into each program, though most give no names.
//! So it calls that file through a pointer, which is set with the first name. It does so through the switch, so that
//! Asyncify does not treat it as a call that can suspend (`call_uninstrumented.rs`).

use core::mem;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use super::call_uninstrumented::call_uninstrumented;
use super::control_block::RawCore;
use super::fatal::Fatal;

/// A request to `names.rs`.
pub(super) enum Ask<'a> {
    /// The coroutine has ended.
    Forget(&'a RawCore),
    /// The program ends because of this coroutine. Its core may have been overwritten, so it must not be read. Returns
    /// if the coroutine has no name.
    EndBecauseOf(*const RawCore, &'a Fatal),
    /// The program ends because of the running coroutine. This is the current core.
    EndHere(*const RawCore, &'a Fatal),
}

/// The function that handles requests. It may panic: a subscriber of `tracing` is called when a span is closed.
pub(super) type Hook = fn(&Ask<'_>);

/// A [`Hook`], or null.
static HOOK: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// Sets the hook.
pub(super) fn install(hook: Hook) {
    HOOK.store(hook as *mut (), Ordering::Relaxed);
}

/// Makes a request, if a name was ever given.
pub(super) fn ask(ask: &Ask<'_>) {
    let hook = HOOK.load(Ordering::Relaxed);
    if hook.is_null() {
        return;
    }
    // SAFETY: only `install` sets it, to such a function.
    let hook = unsafe { mem::transmute::<*mut (), Hook>(hook) };
    call_uninstrumented(|| hook(ask));
}
