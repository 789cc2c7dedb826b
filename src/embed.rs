//! Waiting for a future from synchronous code.

use core::fmt;
use core::mem::MaybeUninit;
use core::pin::pin;
use core::ptr::{self, NonNull};
use core::task::{Context, Poll};

use crate::abi;
use crate::raw::call_uninstrumented::call_uninstrumented;
use crate::raw::control_block::{FutureWait, RawCore};
use crate::raw::panics;
use crate::raw::phase::State;
use crate::raw::refusal::Refusal;
use crate::raw::switch::{ActiveSwitch, Switch};

/// Why [`try_embed`] has no value to return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EmbedError {
    /// The coroutine was cancelled or dropped. Return from it: a coroutine that waits once
    /// more, with [`embed`], is never resumed, and its memory is leaked.
    Cancelled,
    /// No coroutine is running here, or not the one whose handle was used. Or no coroutine can wait in this place,
    /// such as a panic hook or the initialiser of a `thread_local!`. The future was dropped without having been
    /// polled.
    NotRunning,
}

impl fmt::Display for EmbedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cancelled => "the coroutine was cancelled",
            Self::NotRunning => return Refusal::Outside.fmt(f),
        })
    }
}

impl core::error::Error for EmbedError {}

/// Waits for `future` in the innermost running coroutine, from any depth of synchronous calls.
///
/// Polls the future with the waker of the coroutine's own poll. While the future is pending, the coroutine's whole
/// stack is suspended, and its poll returns [`Pending`](core::task::Poll::Pending). The future may borrow from the
/// stack that it is called on, and need not be `Send`.
///
/// If the coroutine is cancelled or dropped in the meantime, this never returns: the future is dropped. Where
/// panics unwind, and with the feature `std`, the coroutine's stack is unwound as by a panic, but without a panic
/// hook. Otherwise the stack stays as it is, and its memory is leaked. [`try_embed`] returns an error instead.
///
/// # Panics
///
/// Panics outside a coroutine. [`can_embed`] tells whether it would.
///
/// ```no_run
/// # use bysyncify::embed;
/// fn read_line() -> String {
///     embed(async { String::from("any future") })
/// }
/// ```
#[doc(alias = "await", alias = "block_on")]
#[inline]
#[track_caller]
pub fn embed<F: IntoFuture>(future: F) -> F::Output {
    value_or_diverge(try_embed(future))
}

/// Like [`embed`], but returns an error where that panics or never returns.
///
/// # Errors
///
/// - [`EmbedError::Cancelled`] if the coroutine was cancelled or dropped, before or while it
///   waited. The future has been dropped.
/// - [`EmbedError::NotRunning`] outside a coroutine.
#[inline]
pub fn try_embed<F: IntoFuture>(future: F) -> Result<F::Output, EmbedError> {
    let mut future = pin!(future.into_future());
    let mut place = MaybeUninit::uninit();
    let Some(waiting) = Waiting::begin(&mut place) else { return Err(refusal()) };
    waiting.wait.note_future::<F>();
    loop {
        // SAFETY: every wait that has begun inside has ended, so this wait is the innermost.
        let waker = unsafe { waiting.wait.waker() };
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(waker)) {
            return Ok(output);
        }
        // SAFETY: as in `Waiting::begin`.
        let core = unsafe { waiting.wait.core.as_ref() };
        // SAFETY: every coroutine that ran inside has suspended or ended, so this coroutine is the innermost
        // again. `bysyncify_resume` is at the bottom of its stack to end the unwind.
        let outcome = unsafe { ActiveSwitch::suspend(core, waiting.wait.as_ptr()) };
        if outcome != abi::SUSPEND_RESUMED && catch_up(waiting.wait, outcome) {
            return Err(EmbedError::Cancelled);
        }
    }
}

/// Returns whether [`embed`] would wait here: in a coroutine that was not cancelled.
///
/// False in a function that the host calls back while a coroutine runs: nothing can be suspended across a frame of
/// JavaScript's. (Only a module linked by `bysyncify-ld` knows. In a module that it has not made this cannot know
/// of such a frame.)
pub fn can_embed() -> bool {
    // SAFETY: as in `try_embed`.
    current().is_some_and(|core| unsafe { core.as_ref() }.can_wait())
}

/// Returns Asyncify's state, from this crate's own record: a module cannot ask for Asyncify's.
///
/// Code that runs always sees [`State::Normal`]. Any other state means that the calling function was not
/// instrumented.
pub fn get_state() -> State {
    // SAFETY: as in `try_embed`.
    current().map_or(State::Normal, |core| unsafe { core.as_ref() }.phase().into())
}

/// The innermost running coroutine.
#[inline]
fn current() -> Option<NonNull<RawCore>> {
    NonNull::new(ActiveSwitch::current().cast_mut())
}

/// Returns why there is no coroutine to wait in.
#[cold]
#[inline(never)]
fn refusal() -> EmbedError {
    // SAFETY: as in `Waiting::begin`.
    match current().map(|core| unsafe { core.as_ref() }) {
        Some(core) if !core.is_panicking() => EmbedError::Cancelled,
        _ => EmbedError::NotRunning,
    }
}

/// One call of `embed`.
///
/// It is split into functions because of Asyncify. `embed` is instrumented, because it waits: at every suspend all
/// of its locals are saved and restored. The functions that are not inlined are not instrumented. They work on
/// memory of which `embed` holds only the address.
struct Waiting<'a> {
    wait: &'a FutureWait,
}

impl<'a> Waiting<'a> {
    /// Begins to wait in the innermost coroutine. None if there is none, or if it was cancelled or panics.
    #[cfg_attr(bysyncify_native, inline)]
    #[cfg_attr(not(bysyncify_native), inline(never))]
    fn begin(place: &'a mut MaybeUninit<FutureWait>) -> Option<Self> {
        let current = current()?;
        // SAFETY: the innermost running coroutine is the one whose stack we stand on, and its
        // core outlives its stack.
        let core = unsafe { current.as_ref() };
        // Check for an overflow as early as possible: after one, the other fields are not reliable.
        core.assert_room();
        if core.is_cancelled() || core.is_panicking() {
            return None;
        }
        // SAFETY: the code that runs is the coroutine's.
        Some(Self { wait: unsafe { core.waker.begin(current, place) } })
    }
}

/// Handles an error of the switch, or a new epoch. Returns whether the coroutine was cancelled.
///
/// After an error, an unwind may still be in progress, because the caller was not instrumented. Until the unwind
/// is ended, instrumented functions do nothing. Binaryen instruments every function that can panic, which is
/// nearly all in an unoptimised build. So all of this is called through the switch, which ends the unwind first.
#[cold]
#[inline(never)]
fn catch_up(wait: &FutureWait, outcome: u32) -> bool {
    let mut is_cancelled = false;
    call_uninstrumented(|| {
        // SAFETY: as in `Waiting::begin`.
        let core = unsafe { wait.core.as_ref() };
        if outcome != abi::SUSPEND_NEW_EPOCH {
            core.unsound_suspend(outcome);
        }
        // SAFETY: the code that runs is the coroutine's, and the future has been polled.
        unsafe { core.waker.catch_up(wait) };
        is_cancelled = core.is_cancelled();
    });
    is_cancelled
}

/// Ends a wait.
#[cfg_attr(bysyncify_native, inline)]
#[cfg_attr(not(bysyncify_native), inline(never))]
fn finish(wait: &FutureWait) {
    // SAFETY: as in `Waiting::begin`.
    let core = unsafe { wait.core.as_ref() };
    // SAFETY: the code that runs is the coroutine's, every wait that has begun inside has ended, and the caller
    // does not use this wait any more.
    unsafe { core.waker.finish(wait) };
}

impl Drop for Waiting<'_> {
    #[inline]
    fn drop(&mut self) {
        finish(self.wait);
    }
}

/// Turns the result of `try_embed` into that of `embed`.
#[inline]
#[track_caller]
pub(crate) fn value_or_diverge<T>(result: Result<T, EmbedError>) -> T {
    match result {
        Ok(output) => output,
        Err(error) => diverge_without_value(error),
    }
}

/// Panics, or unwinds a cancelled coroutine, or suspends it for good.
//
// The guest `misbuilt` leaves it uninstrumented by its name.
#[cold]
#[inline(never)]
#[track_caller]
fn diverge_without_value(error: EmbedError) -> ! {
    if error == EmbedError::NotRunning {
        Refusal::here().refuse();
    }
    let mut place = MaybeUninit::uninit();
    loop {
        if let Some(current) = current() {
            // SAFETY: as in `Waiting::begin`.
            let core = unsafe { current.as_ref() };
            if core.may_be_unwound() {
                // This returns where panics do not unwind.
                panics::unwind_cancelled();
            }
            // SAFETY: the code that runs is the coroutine's.
            let wait = unsafe { core.waker.begin(current, &mut place) };
            // SAFETY: as in `try_embed`.
            let outcome = unsafe { ActiveSwitch::suspend(core, wait.as_ptr()) };
            if outcome != abi::SUSPEND_RESUMED {
                catch_up(wait, outcome);
            }
            finish(wait);
        }
    }
}

impl RawCore {
    /// Waits for `future` in the innermost running coroutine: this one, or one that runs in it.
    ///
    /// Like the free function [`embed`]. It panics also while this coroutine is not running.
    #[inline]
    #[track_caller]
    pub fn embed<F: IntoFuture>(&self, future: F) -> F::Output {
        value_or_diverge(self.try_embed(future))
    }

    /// Like [`RawCore::embed`], but returns an error where that panics or never returns.
    ///
    /// # Errors
    ///
    /// Errors of the free function [`try_embed`]; and [`EmbedError::NotRunning`] also while this coroutine is not
    /// running.
    #[inline]
    pub fn try_embed<F: IntoFuture>(&self, future: F) -> Result<F::Output, EmbedError> {
        if !self.is_running() {
            // Its core may have been overwritten: then this reports the overflow.
            self.assert_room_if_current();
            return Err(EmbedError::NotRunning);
        }
        try_embed(future)
    }

    fn assert_room_if_current(&self) {
        if self.is_innermost() {
            self.assert_room();
        }
    }

    #[inline]
    pub(crate) fn is_innermost(&self) -> bool {
        ActiveSwitch::current() == ptr::from_ref(self)
    }

    fn can_wait(&self) -> bool {
        self.is_running() && !self.is_cancelled() && !self.is_panicking()
    }
}
