//! Where a value lies on its way out of a generator: on the generator's own stack.
//!
//! ```text
//!   the poller's stack                     the generator's stack
//!   ──────────────────                     ─────────────────────
//!   step                                   try_yield
//!    └ resume ═════════════════════════►    ├ writes the value and a `Wait` into a `Slot`
//!    Pending ◄═════════════════════════════ └ suspends with that wait
//!    │ the core knows what it waits with,          ▲
//!    │ and a `Wait` knows whether a slot           │
//!    └ is around it ───────────────────────────────┘ takes the value
//! ```
//!
//! Who is polled takes the value at once, before anybody can resume the generator. So on its
//! way there is no allocation, no waker and no poll.
//!
//! A slot's wait has no waker, as that of [`embed`](crate::embed()) has: no future would see it.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::ptr;

use crate::abi;
use crate::embed::EmbedError;
use crate::raw::call_uninstrumented::call_uninstrumented;
use crate::raw::control_block::{RawCore, Wait};
use crate::raw::switch::{ActiveSwitch, Switch};

/// A value, and the wait for who takes it.
#[repr(C)]
struct Slot<Y> {
    /// First: where the core knows this to be, there is the slot.
    wait: Wait,
    /// Here from before its generator is suspended until [`take`] is called, once.
    value: UnsafeCell<MaybeUninit<Y>>,
}

/// Gives `value` to whoever polls the generator with this core, and returns when it is resumed.
///
/// # Errors
///
/// As [`Yielder::try_yield`](super::Yielder::try_yield).
///
/// # Safety
///
/// - The core is that of a generator, from which values of this type are [taken](take).
#[inline]
pub(super) unsafe fn give<Y>(core: &RawCore, value: Y) -> Result<(), EmbedError> {
    if !can_give(core) {
        return Err(refusal(core));
    }
    // SAFETY: `can_give` says that this core's coroutine is the innermost, and so its code that runs. Where that is
    // polling `finish` is called.
    let wait = unsafe { core.waker.wait_of_slot() };
    let slot = Slot { wait, value: UnsafeCell::new(MaybeUninit::new(value)) };
    // SAFETY: it is the innermost. The slot stays where it is until this returns.
    let outcome = unsafe { ActiveSwitch::suspend(ptr::from_ref(&slot).cast()) };
    if outcome == abi::SUSPEND_RESUMED && !core.waker.is_polling() {
        return Ok(());
    }
    finish(core, outcome)
}

/// Takes the value out of the slot that the coroutine waits with. None if it waits for something else.
///
/// # Safety
///
/// - The coroutine is suspended, and was not asked before since it was resumed.
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

/// Whether this is the innermost coroutine, and was not cancelled and does not panic.
///
/// Elsewhere than on its own stack it would be another coroutine that is suspended, and who knows who polls that,
/// and when. Whether there is room is looked at when it is suspended, which is what comes next.
#[inline]
fn can_give(core: &RawCore) -> bool {
    core.is_innermost() && !core.is_cancelled() && !core.is_panicking()
}

/// Why not.
#[cold]
#[inline(never)]
fn refusal(core: &RawCore) -> EmbedError {
    if core.is_innermost() && !core.is_panicking() {
        EmbedError::Cancelled
    } else {
        EmbedError::NotRunning
    }
}

/// What is left to do when the coroutine was resumed, if anything is: looks at what is wrong, or new.
///
/// Through the switch: see `catch_up` in `src/embed.rs`.
#[cold]
#[inline(never)]
fn finish(core: &RawCore, outcome: u32) -> Result<(), EmbedError> {
    let mut is_cancelled = false;
    call_uninstrumented(|| {
        match outcome {
            abi::SUSPEND_RESUMED => {}
            // Not before it was suspended: nothing has happened since the wait was made. So the value
            // was taken.
            abi::SUSPEND_NEW_EPOCH => is_cancelled = core.is_cancelled(),
            _ => core.unsound_suspend(outcome),
        }
        // SAFETY: the code that runs is the coroutine's, and the slot's wait has ended.
        unsafe { core.waker.finish_slot() };
    });
    if is_cancelled { Err(EmbedError::Cancelled) } else { Ok(()) }
}
