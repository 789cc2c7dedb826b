//! Calls that do not cause their caller to be instrumented.
//!
//! For Asyncify, a function that can panic can be suspended, because a panic makes indirect calls. The same is
//! true of a function that clones a waker. So the functions that resume and wait would be instrumented, and slowed
//! down, for something that they never do. Such calls are made through the switch instead. Asyncify never
//! instruments the switch, and does not follow its calls.
//!
//! In such a call no coroutine is current, so code that tries to wait gets an error. The call also ends an unwind
//! that has gone wrong: during an unwind, instrumented code does nothing, not even panic.

use core::convert::Infallible;
use core::hint::spin_loop;
use core::mem::ManuallyDrop;

use super::control_block::AbiTag;
use super::panics::{self, Payload};
use super::switch::{ActiveSwitch, Switch};

/// Calls `function` outside of any coroutine. A panic leaves this as it leaves the function, but does not pass
/// through the switch.
#[cold]
#[inline(never)]
pub(crate) fn call_uninstrumented<F: FnOnce()>(function: F) {
    let mut call = Call { function: ManuallyDrop::new(function), panicked: None };
    // SAFETY: `run` takes a pointer to such a call, and this is the only time.
    unsafe { ActiveSwitch::call_uninstrumented(run::<F>, (&raw mut call).cast()) };
    if let Some(payload) = call.panicked {
        payload.resume()
    }
}

/// A function to call, and the payload of its panic.
struct Call<F> {
    function: ManuallyDrop<F>,
    panicked: Option<Payload>,
}

/// Calls a function that does not return.
#[cold]
#[inline(never)]
pub(crate) fn diverge_uninstrumented<F: FnOnce() -> Infallible>(function: F) -> ! {
    call_uninstrumented(|| match function() {});
    // Not `unreachable!`, nor `unreachable_unchecked`, which panics in unoptimised builds: then this function
    // would be instrumented, and do nothing during an unwind that has gone wrong.
    loop {
        spin_loop();
    }
}

/// # Safety
///
/// - `call` points to a `Call<F>` that has not been made.
unsafe extern "C-unwind" fn run<F: FnOnce()>(call: *mut (), _: AbiTag) {
    // SAFETY: our caller's promise.
    let call = unsafe { &mut *call.cast::<Call<F>>() };
    // SAFETY: likewise.
    let function = unsafe { ManuallyDrop::take(&mut call.function) };
    call.panicked = panics::catch(function).err();
}
