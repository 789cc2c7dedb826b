//! Waiting for a future from synchronous code.

use core::fmt;
use core::pin::pin;
use core::ptr::NonNull;
use core::task::Poll;

use crate::phase::State;
use crate::raw::RawCore;
use crate::sys;

/// Why [`try_embed`] has no value to return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EmbedError {
    /// The coroutine was cancelled or dropped. Return from it: a coroutine that waits once
    /// more, with [`embed`], is never resumed, and its memory is leaked.
    Cancelled,
    /// No coroutine is running here, or not the one whose handle was used. The future was
    /// dropped without having been polled.
    NotRunning,
}

impl fmt::Display for EmbedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cancelled => "the coroutine was cancelled",
            Self::NotRunning => "cannot embed outside a running coroutine",
        })
    }
}

impl core::error::Error for EmbedError {}

/// Waits for `future` in the innermost running coroutine, from any depth of synchronous calls.
///
/// Polls the future with the waker of the coroutine's own poll. While it is pending the
/// coroutine's whole stack is paused and its poll returns [`Pending`](core::task::Poll::Pending).
/// The future may borrow from the stack that it is called on, and need not be `Send`.
///
/// If the coroutine is cancelled or dropped in the meantime, this never returns: the stack
/// stays as it is, and its memory is leaked. [`try_embed`] returns an error instead.
///
/// # Panics
///
/// Panics outside a coroutine. [`can_embed`] asks.
///
/// ```no_run
/// # use bysyncify::embed;
/// fn read_line() -> String {
///     embed(async { String::from("any future") })
/// }
/// ```
#[track_caller]
pub fn embed<F: IntoFuture>(future: F) -> F::Output {
    settle(try_embed(future))
}

/// Like [`embed`], but returns an error where that panics or never returns.
///
/// # Errors
///
/// - [`EmbedError::Cancelled`] if the coroutine was cancelled or dropped, before or while it
///   waited. The future has been dropped.
/// - [`EmbedError::NotRunning`] outside a coroutine.
pub fn try_embed<F: IntoFuture>(future: F) -> Result<F::Output, EmbedError> {
    let core = current().ok_or(EmbedError::NotRunning)?;
    // SAFETY: the innermost running coroutine is the one whose stack we stand on; its core
    // outlives its stack.
    let core = unsafe { core.as_ref() };
    let mut future = pin!(future.into_future());
    loop {
        if core.is_cancelled() {
            return Err(EmbedError::Cancelled);
        }
        // SAFETY: the code that runs is the innermost coroutine's.
        if let Poll::Ready(output) = unsafe { core.poll(future.as_mut()) } {
            return Ok(output);
        }
        // SAFETY: likewise; whatever ran inside has given way to us again.
        unsafe { core.suspend() };
    }
}

/// Whether [`embed`] would wait here: in a coroutine that was not cancelled.
///
/// It cannot know of a JavaScript frame between the coroutine and here, across which nothing
/// can be suspended.
pub fn can_embed() -> bool {
    // SAFETY: as in `try_embed`.
    current().is_some_and(|core| unsafe { core.as_ref() }.is_running_uncancelled())
}

/// Asyncify's state, from our own record: a module cannot ask for Asyncify's.
///
/// Code that runs always sees [`State::Normal`]. Anything else means that the function which
/// asks was not instrumented.
pub fn get_state() -> State {
    // SAFETY: as in `try_embed`.
    current().map_or(State::Normal, |core| unsafe { core.as_ref() }.phase().into())
}

/// The innermost running coroutine.
fn current() -> Option<NonNull<RawCore>> {
    NonNull::new(sys::bysyncify_current().cast_mut())
}

/// What `embed` makes of what `try_embed` returned.
#[track_caller]
pub(crate) fn settle<T>(result: Result<T, EmbedError>) -> T {
    match result {
        Ok(output) => output,
        Err(EmbedError::Cancelled) => park(),
        Err(error @ EmbedError::NotRunning) => panic!("{error}"),
    }
}

/// Suspends a cancelled coroutine for good.
#[cold]
fn park() -> ! {
    loop {
        if let Some(core) = current() {
            // SAFETY: as in `try_embed`.
            let core = unsafe { core.as_ref() };
            // SAFETY: as in `try_embed`.
            unsafe { core.suspend() };
        }
    }
}

impl RawCore {
    /// Waits for `future` in the innermost running coroutine: this one, or one that runs in it.
    ///
    /// Like the free function [`embed`], and panics also while this coroutine is not running.
    #[track_caller]
    pub fn embed<F: IntoFuture>(&self, future: F) -> F::Output {
        settle(self.try_embed(future))
    }

    /// Like [`RawCore::embed`], but returns an error where that panics or never returns.
    ///
    /// # Errors
    ///
    /// Those of the free function [`try_embed`]; [`EmbedError::NotRunning`] also while this
    /// coroutine is not running.
    pub fn try_embed<F: IntoFuture>(&self, future: F) -> Result<F::Output, EmbedError> {
        if !self.is_running() {
            return Err(EmbedError::NotRunning);
        }
        try_embed(future)
    }

    fn is_running_uncancelled(&self) -> bool {
        self.is_running() && !self.is_cancelled()
    }
}
