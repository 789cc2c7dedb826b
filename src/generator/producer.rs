//! The common part of both kinds of generators: a coroutine that yields values.

use alloc::borrow::Cow;
use core::fmt;
use core::marker::PhantomData;
use core::task::{Context, Poll, Waker};

use futures_core::FusedFuture;

use crate::body::Body;
use crate::coroutine::Coroutine;
use crate::generator::slot;
use crate::generator::yielder::Yielder;
use crate::handle::CoreHandle;
use crate::stack::Stack;

/// How a generator's closure is called.
pub(crate) trait Produce<Y> {
    fn produce(self, handle: CoreHandle<'_>, yielder: Yielder<'_, Y>);
}

/// The code that runs on a generator's stack.
pub(crate) struct Start<P, Y> {
    closure: P,
    marker: PhantomData<fn(Y)>,
}

impl<P: Produce<Y>, Y> Body<()> for Start<P, Y> {
    #[inline(always)]
    fn run(self, handle: CoreHandle<'_>) {
        // SAFETY: `Producer::step` takes such values, and no other code gets a yielder.
        let yielder = unsafe { Yielder::new(handle.core()) };
        self.closure.produce(handle, yielder);
    }
}

/// A coroutine that yields.
pub(crate) struct Producer<P, Y> {
    coroutine: Coroutine<Start<P, Y>, ()>,
}

impl<P: Produce<Y>, Y> Producer<P, Y> {
    /// Makes a producer with a stack of `size` bytes.
    ///
    /// # Safety
    ///
    /// - As for [`Coroutine::new_unchecked`], of what `P` and `Y` borrow.
    #[track_caller]
    pub(crate) unsafe fn new(size: usize, closure: P) -> Self {
        // SAFETY: our caller makes the same promise.
        Self { coroutine: unsafe { Coroutine::with_body(size, Start::new(closure)) } }
    }

    /// Makes a producer on an existing stack.
    ///
    /// # Safety
    ///
    /// - As for [`Producer::new`].
    #[track_caller]
    pub(crate) unsafe fn with_stack(stack: Stack, closure: P) -> Self {
        // SAFETY: our caller makes the same promise.
        Self { coroutine: unsafe { Coroutine::with_body_on(stack, Start::new(closure)) } }
    }
}

impl<P, Y> Start<P, Y> {
    fn new(closure: P) -> Self {
        Self { closure, marker: PhantomData }
    }
}

impl<P, Y> Producer<P, Y> {
    /// Runs the closure until it yields, waits for a future that is pending, or returns. After it has returned,
    /// there are no more values.
    #[inline]
    pub(crate) fn step(&mut self, cx: &mut Context<'_>) -> Poll<Option<Y>> {
        // SAFETY: there is a waker.
        unsafe { self.step_with(Some(cx.waker())) }
    }

    /// Like [`Producer::step`], with the same waker each time.
    ///
    /// # Safety
    ///
    /// - All values are taken by this function, with this waker.
    #[inline]
    pub(crate) unsafe fn step_with_one(&mut self, waker: &'static Waker) -> Poll<Option<Y>> {
        // A suspended coroutine has this waker already: without one, no comparison is needed.
        let waker = if self.coroutine.core().is_suspended() { None } else { Some(waker) };
        // SAFETY: a suspended coroutine was polled with this waker, which is valid forever.
        unsafe { self.step_with(waker) }
    }

    /// # Safety
    ///
    /// - Without a waker: as for [`RawCore::resume_with`](crate::raw::control_block::RawCore::resume_with).
    #[inline]
    unsafe fn step_with(&mut self, waker: Option<&Waker>) -> Poll<Option<Y>> {
        if self.has_ended() {
            return Poll::Ready(None);
        }
        // SAFETY: our caller's promise.
        match unsafe { self.coroutine.poll_with(waker) } {
            Poll::Ready(()) => Poll::Ready(None),
            // SAFETY: it was just suspended, and its value is taken once. `Start` gives such values.
            Poll::Pending => match unsafe { slot::take(self.coroutine.core()) } {
                Some(value) => Poll::Ready(Some(value)),
                None => Poll::Pending,
            },
        }
    }

    /// Resumes a suspended closure once, with cancellation. What it tries to yield is dropped.
    pub(crate) fn cancel(&mut self) {
        let _ = self.coroutine.cancel();
    }

    /// Whether there are no more values: the closure has returned, or was cancelled.
    #[inline]
    pub(crate) fn has_ended(&self) -> bool {
        self.coroutine.is_terminated()
    }

    /// The bounds of the number of values to come.
    pub(crate) fn size_hint(&self) -> (usize, Option<usize>) {
        (0, if self.has_ended() { Some(0) } else { None })
    }

    pub(crate) fn named(self, name: Cow<'static, str>) -> Self {
        Self { coroutine: self.coroutine.named(name) }
    }

    #[cfg(feature = "tracing")]
    pub(crate) fn in_span(self, span: tracing::Span) -> Self {
        Self { coroutine: self.coroutine.in_span(span) }
    }

    /// The coroutine, for queries about its stack.
    pub(crate) fn coroutine(&self) -> &Coroutine<impl Sized, ()> {
        &self.coroutine
    }

    /// Takes the memory of a producer that has ended.
    pub(crate) fn into_stack(self) -> Result<Stack, Self> {
        self.coroutine.into_stack().map_err(|coroutine| Self { coroutine })
    }
}

impl<P, Y> fmt::Debug for Producer<P, Y> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.coroutine.fmt(f)
    }
}
