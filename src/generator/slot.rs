//! The slot for a value that a generator yields: on the generator's own stack.
//!
//! ```text
//!   the poller's stack                     the generator's stack
//!   ──────────────────                     ─────────────────────
//!   step                                   try_yield
//!    └ resume ═════════════════════════►    ├ writes the value into a `Slot`
//!    Pending ◄═════════════════════════════ └ suspends with that
//!    │ the core knows what it waits with,          ▲
//!    └ and whether that is a slot ─────────────────┘ takes the value
//! ```
//!
//! In WebAssembly a slot begins with a `Wait`, which says that it is one. Natively that is not written: the core's pointer
//! to the slot has a bit instead.
//!
//! The poller takes the value at once, before the generator can be resumed. So this needs no allocation, no waker
//! and no poll.
//!
//! Unlike the wait of [`embed`](crate::embed()), that of a slot has no waker: no future would see it.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::ptr;

use crate::abi;
use crate::embed::EmbedError;
use crate::raw::call_uninstrumented::call_uninstrumented;
use crate::raw::control_block::{RawCore, Wait};
use crate::raw::panics;
use crate::raw::switch::{ActiveSwitch, Switch};

/// A value, and the wait until it is taken.
#[repr(C)]
struct Slot<Y> {
    /// The first field: the core's pointer to it is also a pointer to the slot. Natively nothing is written here. It
    /// makes the slot have an address on the stack, and one that is even, also if the value has no size: the core's
    /// pointer needs its lowest bit.
    wait: MaybeUninit<Wait>,
    /// Initialised from before its generator is suspended until [`take`] is called, once.
    value: UnsafeCell<MaybeUninit<Y>>,
}

/// Passes `value` to the poller of the generator with this core, and returns when the generator is resumed.
///
/// # Errors
///
/// Errors of [`Yielder::try_yield`](super::Yielder::try_yield).
///
/// # Safety
///
/// - The core is that of a generator, from which values of this type are [taken](take).
#[inline]
pub(super) unsafe fn give<Y>(core: &RawCore, value: Y) -> Result<(), EmbedError> {
    // The usual case, in which nothing else is to be done: no future is being polled, and no panic is in progress.
    let is_usual = cfg!(bysyncify_native)
        && !panics::is_panicking()
        && core.is_innermost()
        && !core.is_cancelled()
        && !core.waker.is_polling();
    if is_usual {
        // SAFETY: `can_give` would be true, and no future is being polled. Our caller promises the rest.
        return unsafe { give_now::<Y, false>(core, value) };
    }
    // SAFETY: our caller's promise.
    unsafe { give_in_any_case(core, value) }
}

/// Like [`give`]. Apart from it natively; in WebAssembly one call for all cases is smaller.
///
/// # Safety
///
/// - As for [`give`].
#[cfg_attr(bysyncify_native, cold, inline(never))]
#[cfg_attr(not(bysyncify_native), inline)]
unsafe fn give_in_any_case<Y>(core: &RawCore, value: Y) -> Result<(), EmbedError> {
    if !can_give(core) {
        return Err(refusal(core));
    }
    // SAFETY: `can_give` is true. Our caller promises the rest.
    unsafe { give_now::<Y, true>(core, value) }
}

/// Like [`give`], if [`can_give`] is true. Without `MAY_POLL` the coroutine is not
/// [polling](crate::raw::control_block::CoreWaker::is_polling).
///
/// # Safety
///
/// - As for [`give`].
/// - [`can_give`] is true.
/// - Without `MAY_POLL`: the coroutine is not polling.
#[inline(always)]
unsafe fn give_now<Y, const MAY_POLL: bool>(core: &RawCore, value: Y) -> Result<(), EmbedError> {
    // SAFETY: `can_give` ensures that the code that runs is the generator's own. If it is polling, `finish` is called.
    let wait = unsafe { core.waker.wait_of_slot() };
    const { assert!(align_of::<Slot<Y>>() > 1) };
    let slot = Slot { wait, value: UnsafeCell::new(MaybeUninit::new(value)) };
    // SAFETY: it is the innermost. The slot stays where it is until this returns.
    let outcome = unsafe { ActiveSwitch::suspend_with_slot(core, ptr::from_ref(&slot).cast()) };
    if outcome == abi::SUSPEND_RESUMED && !(MAY_POLL && core.waker.is_polling()) {
        return Ok(());
    }
    finish(core, outcome)
}

/// Takes the value out of the slot that the coroutine waits with. None if it waits with something else.
///
/// # Safety
///
/// - The coroutine is suspended, and this was not called since it was resumed.
/// - Values of this type are [given](give) in it.
#[inline]
pub(super) unsafe fn take<Y>(core: &RawCore) -> Option<Y> {
    // SAFETY: our caller's promise.
    let wait = unsafe { core.waker.slot() }?;
    // SAFETY: a slot's wait is its first field, and this was made from a pointer to the slot.
    let value = unsafe { &raw const (*wait.cast::<Slot<Y>>()).value };
    // SAFETY: it lies in the slot, and the generator leaves it alone while it is suspended.
    let value = unsafe { UnsafeCell::raw_get(value).read() };
    // SAFETY: it was written before the coroutine was suspended, and is taken once.
    Some(unsafe { value.assume_init() })
}

/// Whether this is the innermost coroutine, was not cancelled and does not panic.
///
/// On another stack, another coroutine would be suspended, with an unknown poller. The switch checks for room when
/// it suspends this one, which is the next step.
#[inline]
fn can_give(core: &RawCore) -> bool {
    core.is_innermost() && !core.is_cancelled() && !core.is_panicking()
}

/// The reason why [`can_give`] is false.
#[cold]
#[inline(never)]
fn refusal(core: &RawCore) -> EmbedError {
    if core.is_innermost() && !core.is_panicking() {
        EmbedError::Cancelled
    } else {
        EmbedError::NotRunning
    }
}

/// The work after the coroutine was resumed, if there is any: handles an error of the switch, or a new epoch.
///
/// It runs through the switch: see `catch_up` in `src/embed.rs`.
#[cold]
#[inline(never)]
fn finish(core: &RawCore, outcome: u32) -> Result<(), EmbedError> {
    let mut is_cancelled = false;
    call_uninstrumented(|| {
        match outcome {
            abi::SUSPEND_RESUMED => {}
            // The epoch has changed after the suspend: nothing has happened between the start of the wait and the
            // suspend. So the value was taken.
            abi::SUSPEND_NEW_EPOCH => is_cancelled = core.is_cancelled(),
            _ => core.unsound_suspend(outcome),
        }
        // SAFETY: the code that runs is the coroutine's, and the slot's wait has ended.
        unsafe { core.waker.finish_slot() };
    });
    if is_cancelled { Err(EmbedError::Cancelled) } else { Ok(()) }
}
