//! Waiting for a future from synchronous code.

use core::fmt;
use core::mem::{ManuallyDrop, MaybeUninit};
use core::pin::pin;
use core::ptr::NonNull;
use core::task::{Context, Poll, Waker};

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
#[inline]
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
#[inline]
pub fn try_embed<F: IntoFuture>(future: F) -> Result<F::Output, EmbedError> {
    let mut future = pin!(future.into_future());
    let mut place = MaybeUninit::uninit();
    let Some(mut wait) = Wait::begin(&mut place) else { return Err(refusal()) };
    loop {
        let waker = &wait.state.waker;
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(waker)) {
            return Ok(output);
        }
        if !wait.has_news() {
            wait.suspend();
        }
        if wait.has_news() && wait.catch_up() {
            return Err(EmbedError::Cancelled);
        }
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

/// Why there was nothing to wait in.
#[cold]
#[inline(never)]
fn refusal() -> EmbedError {
    if current().is_some() { EmbedError::Cancelled } else { EmbedError::NotRunning }
}

/// One call of `embed`.
///
/// How this is cut into functions is because of Asyncify. `embed` is instrumented, since it
/// waits: at every suspend all of its locals are saved and restored. What is out of line here
/// is not instrumented, and works on memory that `embed` only knows the address of.
struct Wait<'a> {
    state: &'a mut WaitState,
}

struct WaitState {
    core: NonNull<RawCore>,
    /// A clone of our own: see `src/waker.rs`. Given back by `Wait::drop`, and by nothing else.
    waker: ManuallyDrop<Waker>,
    news: u32,
}

impl<'a> Wait<'a> {
    /// Begins to wait in the innermost coroutine, unless there is none or it was cancelled.
    #[inline(never)]
    fn begin(place: &'a mut MaybeUninit<WaitState>) -> Option<Self> {
        let core = current()?;
        // SAFETY: the innermost running coroutine is the one whose stack we stand on, and its
        // core outlives its stack.
        let core_ref = unsafe { core.as_ref() };
        // The earlier an overflow is noticed the better; after one, the rest is not for use.
        core_ref.assert_intact();
        if core_ref.is_cancelled() {
            return None;
        }
        let news = core_ref.waker.news();
        // SAFETY: the code that runs is the coroutine's.
        let waker = ManuallyDrop::new(unsafe { core_ref.waker.take() });
        Some(Self { state: place.write(WaitState { core, waker, news }) })
    }

    #[inline]
    fn core(&self) -> &RawCore {
        // SAFETY: as in `begin`.
        unsafe { self.state.core.as_ref() }
    }

    /// Whether the future has not seen the latest waker, or the coroutine was cancelled.
    #[inline]
    fn has_news(&self) -> bool {
        self.core().waker.news() != self.state.news
    }

    /// Returns whether the coroutine was cancelled.
    #[cold]
    #[inline(never)]
    fn catch_up(&mut self) -> bool {
        // SAFETY: as in `begin`.
        let core = unsafe { self.state.core.as_ref() };
        self.state.news = core.waker.news();
        // SAFETY: the code that runs is the coroutine's.
        unsafe { core.waker.renew(&mut self.state.waker) };
        core.is_cancelled()
    }

    /// Pauses the coroutine.
    #[inline]
    fn suspend(&self) {
        self.core().waker.wait_with(&self.state.waker);
        // SAFETY: whatever ran inside has given way to us, so this is the innermost again.
        unsafe { self.core().suspend() };
    }
}

impl Drop for Wait<'_> {
    #[inline(never)]
    fn drop(&mut self) {
        // SAFETY: the state is not used after this.
        let waker = unsafe { ManuallyDrop::take(&mut self.state.waker) };
        self.core().waker.put(Some(waker));
    }
}

/// What `embed` makes of what `try_embed` returned.
#[inline]
#[track_caller]
pub(crate) fn settle<T>(result: Result<T, EmbedError>) -> T {
    match result {
        Ok(output) => output,
        Err(error) => no_output(error),
    }
}

/// Panics, or suspends a cancelled coroutine for good.
#[cold]
#[inline(never)]
#[track_caller]
fn no_output(error: EmbedError) -> ! {
    if error == EmbedError::NotRunning {
        panic!("{error}");
    }
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
    #[inline]
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
    #[inline]
    pub fn try_embed<F: IntoFuture>(&self, future: F) -> Result<F::Output, EmbedError> {
        if !self.is_running() {
            self.assert_intact();
            return Err(EmbedError::NotRunning);
        }
        try_embed(future)
    }

    fn is_running_uncancelled(&self) -> bool {
        self.is_running() && !self.is_cancelled()
    }
}
