//! What both kinds of generators are made of: a coroutine, and where it leaves its values.

use alloc::rc::Rc;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};

use futures_core::FusedFuture;

use crate::body::Body;
use crate::coroutine::Coroutine;
use crate::generator::yielder::{Slot, Yielder};
use crate::handle::CoreHandle;
use crate::stack::Stack;

/// How a generator's closure is called.
pub(crate) trait Produce<Y> {
    fn produce(self, handle: CoreHandle<'_>, yielder: Yielder<'_, Y>);
}

/// What runs on a generator's stack.
pub(crate) struct Start<P, Y> {
    closure: P,
    slot: Rc<Slot<Y>>,
}

impl<P: Produce<Y>, Y> Body<()> for Start<P, Y> {
    #[inline(always)]
    fn run(self, handle: CoreHandle<'_>) {
        self.closure.produce(handle, Yielder::new(handle, &self.slot));
    }
}

/// A coroutine that yields.
pub(crate) struct Producer<P, Y> {
    coroutine: Coroutine<Start<P, Y>, ()>,
    slot: Rc<Slot<Y>>,
}

// SAFETY: the target has no threads (build.rs), so there is no other thread to send to. The
// coroutine is `Send` and `Sync` there too; the slot has to be told.
#[cfg(bysyncify_single_threaded)]
unsafe impl<P, Y> Send for Producer<P, Y> {}
// SAFETY: likewise.
#[cfg(bysyncify_single_threaded)]
unsafe impl<P, Y> Sync for Producer<P, Y> {}

impl<P: Produce<Y>, Y> Producer<P, Y> {
    /// Makes one with a stack of `size` bytes.
    ///
    /// # Safety
    ///
    /// - As for [`Coroutine::new_unchecked`], of what `P` and `Y` borrow.
    #[track_caller]
    pub(crate) unsafe fn new(size: usize, closure: P) -> Self {
        let (start, slot) = Start::new(closure);
        // SAFETY: our caller makes the same promise.
        Self { coroutine: unsafe { Coroutine::with_body(size, start) }, slot }
    }

    /// Makes one on a stack that there already is.
    ///
    /// # Safety
    ///
    /// - As for [`Producer::new`].
    #[track_caller]
    pub(crate) unsafe fn with_stack(stack: Stack, closure: P) -> Self {
        let (start, slot) = Start::new(closure);
        // SAFETY: our caller makes the same promise.
        Self { coroutine: unsafe { Coroutine::with_body_on(stack, start) }, slot }
    }
}

impl<P, Y> Start<P, Y> {
    /// What the coroutine will run, and the slot that it will use.
    fn new(closure: P) -> (Self, Rc<Slot<Y>>) {
        let slot = Rc::new(Slot::new());
        (Self { closure, slot: Rc::clone(&slot) }, slot)
    }
}

impl<P, Y> Producer<P, Y> {
    /// Runs the closure until it yields, waits for a future that is pending, or returns. From
    /// then on there is nothing more.
    pub(crate) fn step(&mut self, cx: &mut Context<'_>) -> Poll<Option<Y>> {
        if self.has_ended() {
            return Poll::Ready(None);
        }
        match Pin::new(&mut self.coroutine).poll(cx) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => match self.slot.take() {
                Some(value) => Poll::Ready(Some(value)),
                None => Poll::Pending,
            },
        }
    }

    /// Resumes a suspended closure once, with cancellation. What it tries to yield is dropped.
    pub(crate) fn cancel(&mut self) {
        let _ = self.coroutine.cancel();
    }

    /// Whether there is nothing more: the closure has returned, or was cancelled.
    pub(crate) fn has_ended(&self) -> bool {
        self.coroutine.is_terminated()
    }

    /// How many values are to come.
    pub(crate) fn size_hint(&self) -> (usize, Option<usize>) {
        (0, if self.has_ended() { Some(0) } else { None })
    }

    /// The coroutine, to be asked about its stack.
    pub(crate) fn coroutine(&self) -> &Coroutine<impl Sized, ()> {
        &self.coroutine
    }

    /// Takes the memory of one that has ended.
    pub(crate) fn into_stack(self) -> Result<Stack, Self> {
        let Self { coroutine, slot } = self;
        coroutine.into_stack().map_err(|coroutine| Self { coroutine, slot })
    }
}

impl<P, Y> fmt::Debug for Producer<P, Y> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.coroutine.fmt(f)
    }
}
