//! Streams out: a coroutine that yields.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};

use futures_core::{FusedStream, Stream};

use crate::backtrace::Backtrace;
use crate::generator::producer::{Produce, Producer};
use crate::generator::yielder::Yielder;
use crate::handle::CoreHandle;
use crate::raw::layout::{DEFAULT_STACK_SIZE, StackUsage};
use crate::stack::Stack;

/// Synchronous code as a stream: a closure on a stack of its own, which yields values and waits for futures, both
/// from any depth of calls.
///
/// The closure gets a [`CoreHandle`] to wait with and a [`Yielder`] to yield with. The stream ends when it
/// returns. [`Generator`](crate::Generator) is the same for code that only yields, and an ordinary iterator.
///
/// ```no_run
/// use bysyncify::AsyncGenerator;
/// use futures_core::Stream;
/// # async fn fetch(page: u32) -> Vec<String> { Vec::new() }
///
/// fn titles() -> impl Stream<Item = String> {
///     AsyncGenerator::with_default_stack(|handle, yielder| {
///         for page in 0.. {
///             let Ok(titles) = handle.try_embed(fetch(page)) else { return };
///             if titles.is_empty() {
///                 return;
///             }
///             for title in titles {
///                 // No more of them are wanted: return, so that the values on the stack are dropped.
///                 if yielder.try_yield(title).is_err() {
///                     return;
///                 }
///             }
///         }
///     })
/// }
/// ```
///
/// Synchronous code, in another coroutine, iterates over it with [`iter`](crate::iter()).
///
/// # Dropping a generator
///
/// It is a [`Coroutine`](crate::Coroutine), and dropped as one. Generators are often dropped before
/// their end, by `take` for instance. Then [`Yielder::try_yield`] returns an error, so that the
/// closure can return; [`Yielder::yield_`] never returns, as [`embed`](crate::embed()) does not.
#[must_use = "a stream does nothing unless it is polled"]
pub struct AsyncGenerator<U, Y>(Producer<Awaiting<U>, Y>);

/// An [`AsyncGenerator`] of a boxed closure: a type that can be named, as
/// [`BoxCoroutine`](crate::BoxCoroutine) is.
pub type BoxAsyncGenerator<Y> = AsyncGenerator<Box<dyn FnOnce(CoreHandle<'_>, Yielder<'_, Y>)>, Y>;

/// A closure that may wait.
struct Awaiting<U>(U);

impl<U, Y> Produce<Y> for Awaiting<U>
where
    U: FnOnce(CoreHandle<'_>, Yielder<'_, Y>),
{
    #[inline(always)]
    fn produce(self, handle: CoreHandle<'_>, yielder: Yielder<'_, Y>) {
        (self.0)(handle, yielder);
    }
}

impl<U, Y> AsyncGenerator<U, Y>
where
    U: FnOnce(CoreHandle<'_>, Yielder<'_, Y>) + 'static,
    Y: 'static,
{
    /// Makes a stream of `closure`, with a stack of `size` bytes: see
    /// [`Coroutine::new`](crate::Coroutine::new).
    ///
    /// # Panics
    ///
    /// Panics as [`Coroutine::new`](crate::Coroutine::new) does.
    #[track_caller]
    pub fn new(size: usize, closure: U) -> Self {
        // SAFETY: the bounds on `U` and `Y` leave nothing that could end before the coroutine.
        unsafe { Self::new_unchecked(size, closure) }
    }

    /// Makes a stream of `closure`, with a stack of
    /// [`DEFAULT_STACK_SIZE`](crate::DEFAULT_STACK_SIZE) bytes: see
    /// [`Coroutine::with_default_stack`](crate::Coroutine::with_default_stack).
    ///
    /// # Panics
    ///
    /// Panics as [`Coroutine::with_default_stack`](crate::Coroutine::with_default_stack) does.
    #[track_caller]
    pub fn with_default_stack(closure: U) -> Self {
        Self::new(DEFAULT_STACK_SIZE, closure)
    }

    /// Makes a stream of `closure` on an existing stack: see
    /// [`Coroutine::with_stack`](crate::Coroutine::with_stack).
    ///
    /// # Panics
    ///
    /// Panics as [`Coroutine::with_stack`](crate::Coroutine::with_stack) does.
    #[track_caller]
    pub fn with_stack(stack: Stack, closure: U) -> Self {
        // SAFETY: the bounds on `U` and `Y` leave nothing that could end before the coroutine.
        unsafe { Self::with_stack_unchecked(stack, closure) }
    }
}

impl<U, Y> AsyncGenerator<U, Y>
where
    U: FnOnce(CoreHandle<'_>, Yielder<'_, Y>),
{
    /// Like [`AsyncGenerator::new`], for a closure that borrows.
    ///
    /// # Safety
    ///
    /// - As for [`Coroutine::new_unchecked`](crate::Coroutine::new_unchecked): what `U` and `Y`
    ///   borrow stays borrowed until the stream has ended, or was dropped without being abandoned.
    ///
    /// # Panics
    ///
    /// Panics as [`Coroutine::new`](crate::Coroutine::new) does.
    #[track_caller]
    pub unsafe fn new_unchecked(size: usize, closure: U) -> Self {
        // SAFETY: our caller makes the same promise.
        Self(unsafe { Producer::new(size, Awaiting(closure)) })
    }

    /// Like [`AsyncGenerator::with_stack`], for a closure that borrows.
    ///
    /// # Safety
    ///
    /// - As for [`AsyncGenerator::new_unchecked`].
    ///
    /// # Panics
    ///
    /// Panics as [`Coroutine::with_stack`](crate::Coroutine::with_stack) does.
    #[track_caller]
    pub unsafe fn with_stack_unchecked(stack: Stack, closure: U) -> Self {
        // SAFETY: our caller makes the same promise.
        Self(unsafe { Producer::with_stack(stack, Awaiting(closure)) })
    }
}

impl<U, Y> AsyncGenerator<U, Y> {
    /// Ends the stream: resumes the closure once, with cancellation, if it is suspended, as
    /// [`Coroutine::cancel`](crate::Coroutine::cancel) does. The stream has no more values.
    ///
    /// Dropping it does the same; after this [`into_stack`](Self::into_stack) may return its memory.
    pub fn cancel(&mut self) {
        self.0.cancel();
    }

    /// Returns the memory of a stream that has ended, to be used for another one.
    ///
    /// # Errors
    ///
    /// Returns the stream itself if it has not ended.
    pub fn into_stack(self) -> Result<Stack, Self> {
        self.0.into_stack().map_err(Self)
    }

    /// Gives it a name: see [`Coroutine::named`](crate::Coroutine::named).
    pub fn named(self, name: impl Into<Cow<'static, str>>) -> Self {
        Self(self.0.named(name.into()))
    }

    /// Has it run in this span: see [`Coroutine::in_span`](crate::Coroutine::in_span).
    #[cfg(feature = "tracing")]
    pub fn in_span(self, span: tracing::Span) -> Self {
        Self(self.0.in_span(span))
    }

    /// The size of its stack in bytes: see [`Coroutine::stack_size`](crate::Coroutine::stack_size).
    pub fn stack_size(&self) -> usize {
        self.0.coroutine().stack_size()
    }

    /// How much of the stack is in use while it is suspended: see
    /// [`Coroutine::stack_usage`](crate::Coroutine::stack_usage).
    pub fn stack_usage(&self) -> StackUsage {
        self.0.coroutine().stack_usage()
    }

    /// The functions on the stack while the generator is suspended: see
    /// [`Coroutine::backtrace`](crate::Coroutine::backtrace).
    pub fn backtrace(&self) -> Backtrace {
        self.0.coroutine().backtrace()
    }
}

impl<U, Y> Stream for AsyncGenerator<U, Y> {
    type Item = Y;

    /// Runs the closure until it yields, waits for a future that is pending, or returns. May be
    /// called again after the end.
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Y>> {
        self.0.step(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<U, Y> FusedStream for AsyncGenerator<U, Y> {
    fn is_terminated(&self) -> bool {
        self.0.has_ended()
    }
}

impl<U, Y> fmt::Debug for AsyncGenerator<U, Y> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AsyncGenerator").field(&self.0).finish()
    }
}
