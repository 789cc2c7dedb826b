//! What a generator's closure is given to yield with.

use core::cell::Cell;
use core::fmt;
use core::future::poll_fn;
use core::task::Poll;

use crate::embed::{EmbedError, try_embed, value_or_diverge};
use crate::handle::CoreHandle;

/// Where a value lies on its way out: from when its generator is suspended until whoever has polled
/// that takes it, which is at once.
pub(crate) struct Slot<Y>(Cell<Option<Y>>);

impl<Y> Slot<Y> {
    pub(crate) fn new() -> Self {
        Self(Cell::new(None))
    }

    pub(crate) fn take(&self) -> Option<Y> {
        self.0.take()
    }

    fn is_free(&self) -> bool {
        let value = self.0.take();
        let is_free = value.is_none();
        self.0.set(value);
        is_free
    }
}

/// A generator, as seen from inside: gives out values.
///
/// Yielders are small, `Copy`, and can be passed down to whatever has a value to give. They
/// cannot leave the closure that they were given to.
///
/// Unlike a future, which any coroutine can wait for, a value is yielded only by the generator
/// itself: a coroutine that runs inside of it cannot.
pub struct Yielder<'a, Y> {
    handle: CoreHandle<'a>,
    slot: &'a Slot<Y>,
}

impl<'a, Y> Yielder<'a, Y> {
    pub(crate) fn new(handle: CoreHandle<'a>, slot: &'a Slot<Y>) -> Self {
        Self { handle, slot }
    }

    /// Gives `value` to whoever has asked for the next one, and goes on when that is asked for.
    ///
    /// If the generator is dropped before its end, this never returns: see
    /// [`embed`](crate::embed()), and [`Yielder::try_yield`].
    ///
    /// # Panics
    ///
    /// Panics if what runs is not the generator itself.
    #[inline]
    #[track_caller]
    pub fn yield_(&self, value: Y) {
        value_or_diverge(self.try_yield(value));
    }

    /// Like [`Yielder::yield_`], but returns an error if the generator is dropped instead of
    /// being asked for another value.
    ///
    /// # Errors
    ///
    /// - [`EmbedError::Cancelled`]: return from the closure. If the generator had been dropped
    ///   before this was called, so is the value.
    /// - [`EmbedError::NotRunning`] if what runs is not the generator itself. The value is dropped.
    #[inline]
    pub fn try_yield(&self, value: Y) -> Result<(), EmbedError> {
        // Elsewhere than on its own stack it would be another coroutine that is suspended, and who
        // knows who polls that, and when.
        if !self.handle.is_innermost() {
            return Err(EmbedError::NotRunning);
        }
        let mut value = Some(value);
        // Nobody needs to be woken: the value is ready, and who takes it asks for the next.
        try_embed(poll_fn(|_| {
            if value.is_some() {
                self.slot.0.set(value.take());
                return Poll::Pending;
            }
            // A future may be polled at any time: only when the value was taken is the next wanted.
            if self.slot.is_free() { Poll::Ready(()) } else { Poll::Pending }
        }))
    }
}

impl<Y> Clone for Yielder<'_, Y> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Y> Copy for Yielder<'_, Y> {}

impl<Y> fmt::Debug for Yielder<'_, Y> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Yielder").field(&self.handle).finish()
    }
}
