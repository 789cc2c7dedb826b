//! The yielder that a generator's closure gets.

use core::fmt;
use core::marker::PhantomData;

use crate::embed::{EmbedError, value_or_diverge};
use crate::generator::slot;
use crate::raw::control_block::RawCore;

/// A generator, as seen from inside: yields values.
///
/// Yielders are small, `Copy`, and can be passed down to any code that yields. They cannot leave the closure that
/// they were given to.
///
/// Unlike a future, which any coroutine can wait for, a value is yielded only by the generator
/// itself: a coroutine that runs inside of it cannot.
pub struct Yielder<'a, Y> {
    core: &'a RawCore,
    marker: PhantomData<fn(Y)>,
}

impl<'a, Y> Yielder<'a, Y> {
    /// # Safety
    ///
    /// - The core is that of a generator, from which values of this type are taken.
    pub(super) unsafe fn new(core: &'a RawCore) -> Self {
        Self { core, marker: PhantomData }
    }

    /// Passes `value` to the code that has asked for the next one, and returns when another one is asked for.
    ///
    /// If the generator is dropped before its end, this never returns: see
    /// [`embed`](crate::embed()), and [`Yielder::try_yield`].
    ///
    /// # Panics
    ///
    /// Panics if the running code is not that of the generator itself.
    #[inline]
    #[track_caller]
    pub fn yield_(&self, value: Y) {
        value_or_diverge(self.try_yield(value));
    }

    /// Like [`Yielder::yield_`], but returns an error if the generator is dropped instead of being asked for
    /// another value.
    ///
    /// # Errors
    ///
    /// - [`EmbedError::Cancelled`]: return from the closure. If the generator had been dropped before the call,
    ///   the value is dropped.
    /// - [`EmbedError::NotRunning`] if the running code is not that of the generator itself. The value is dropped.
    #[inline]
    pub fn try_yield(&self, value: Y) -> Result<(), EmbedError> {
        // SAFETY: the caller of `Yielder::new` has promised it.
        unsafe { slot::give(self.core, value) }
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
        f.debug_tuple("Yielder").field(self.core).finish()
    }
}
