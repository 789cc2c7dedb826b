//! Calls that Asyncify need not care about.
//!
//! A function that can panic can be suspended, as far as Asyncify can see: panicking makes
//! indirect calls. So can one that clones a waker. Functions that resume and wait would be
//! instrumented, and slowed down, for the sake of what they never do. Such calls are made
//! through the switch instead, which Asyncify never instruments and never looks behind.
//!
//! In there no coroutine is running, so that whoever tries to wait is told that he cannot. It
//! also ends an unwind that has gone wrong: in the middle of one, instrumented code does
//! nothing, not even panic.

use core::convert::Infallible;
use core::hint::spin_loop;
use core::mem::ManuallyDrop;

use crate::sys::{self, Mark};

/// Calls `function` outside of any coroutine.
#[cold]
#[inline(never)]
pub(crate) fn outside<F: FnOnce()>(function: F) {
    let mut function = ManuallyDrop::new(function);
    // SAFETY: `run` takes such a function, and this is the only call.
    unsafe { sys::bysyncify_outside(run::<F>, (&raw mut function).cast()) };
}

/// Calls a function that does not return.
#[cold]
#[inline(never)]
pub(crate) fn outside_for_good<F: FnOnce() -> Infallible>(function: F) -> ! {
    outside(|| match function() {});
    // Not `unreachable!`, nor its unchecked sibling, which panics in unoptimised builds: then
    // this function would be instrumented, and do nothing during an unwind that has gone wrong.
    loop {
        spin_loop();
    }
}

/// # Safety
///
/// - `function` points to a `ManuallyDrop<F>` that has not been called.
unsafe extern "C" fn run<F: FnOnce()>(function: *mut (), _: Mark) {
    // SAFETY: our caller's promise.
    let function = unsafe { &mut *function.cast::<ManuallyDrop<F>>() };
    // SAFETY: likewise.
    let function = unsafe { ManuallyDrop::take(function) };
    function();
}
