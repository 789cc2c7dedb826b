//! The handle that a coroutine's closure gets, to wait with.

use core::ptr::NonNull;

use crate::embed::EmbedError;
use crate::raw::control_block::RawCore;

/// A coroutine, as seen from inside: waits for futures.
///
/// Handles are small, `Copy`, and can be passed down to any code that waits. They cannot leave the closure that
/// they were given to. Code that does not get a handle uses the free function [`embed`](crate::embed()).
///
/// A future that waits is always waited for on the stack it was called on, so in the innermost coroutine. The
/// outer coroutines see the [`Pending`](core::task::Poll::Pending) of the inner one.
#[derive(Clone, Copy, Debug)]
pub struct CoreHandle<'a> {
    core: &'a RawCore,
}

impl<'a> CoreHandle<'a> {
    pub(crate) fn new(core: &'a RawCore) -> Self {
        Self { core }
    }

    #[cfg(feature = "alloc")]
    pub(crate) fn core(self) -> &'a RawCore {
        self.core
    }

    /// Waits for `future`, which may be any [`IntoFuture`], pinned or not.
    ///
    /// If the coroutine is cancelled or dropped meanwhile, this never returns: see
    /// [`embed`](crate::embed()), and [`CoreHandle::try_embed`].
    ///
    /// # Panics
    ///
    /// Panics if the handle's coroutine is not running.
    #[doc(alias = "await", alias = "block_on")]
    #[inline]
    #[track_caller]
    pub fn embed<F: IntoFuture>(&self, future: F) -> F::Output {
        self.core.embed(future)
    }

    /// Waits for `future`, and returns an error if the coroutine is cancelled or dropped.
    ///
    /// # Errors
    ///
    /// - [`EmbedError::Cancelled`]: return from the coroutine.
    /// - [`EmbedError::NotRunning`] if the handle's coroutine is not running.
    #[inline]
    pub fn try_embed<F: IntoFuture>(&self, future: F) -> Result<F::Output, EmbedError> {
        self.core.try_embed(future)
    }

    /// The same handle, without the lifetime.
    pub fn raw(&self) -> RawCoreHandle {
        RawCoreHandle { core: NonNull::from(self.core) }
    }
}

/// A [`CoreHandle`] without a lifetime, for data structures that cannot have one.
#[derive(Clone, Copy, Debug)]
pub struct RawCoreHandle {
    core: NonNull<RawCore>,
}

impl RawCoreHandle {
    /// Gives the handle a lifetime.
    ///
    /// # Safety
    ///
    /// - The coroutine's memory is not freed or reused during `'a`.
    pub unsafe fn to_handle<'a>(&self) -> CoreHandle<'a> {
        // SAFETY: the core lies in the coroutine's memory.
        CoreHandle::new(unsafe { self.core.as_ref() })
    }

    /// Waits for `future`: see [`CoreHandle::embed`].
    ///
    /// # Safety
    ///
    /// - The coroutine's memory has not been freed or reused.
    ///
    /// # Panics
    ///
    /// Panics if the handle's coroutine is not running.
    #[track_caller]
    pub unsafe fn embed<F: IntoFuture>(&self, future: F) -> F::Output {
        // SAFETY: our caller promises the same for now; from then on the coroutine is running,
        // and its memory stays while it is.
        unsafe { self.to_handle() }.embed(future)
    }

    /// Waits for `future`: see [`CoreHandle::try_embed`].
    ///
    /// # Safety
    ///
    /// - The coroutine's memory has not been freed or reused.
    ///
    /// # Errors
    ///
    /// Errors of [`CoreHandle::try_embed`].
    pub unsafe fn try_embed<F: IntoFuture>(&self, future: F) -> Result<F::Output, EmbedError> {
        // SAFETY: as in `embed`.
        unsafe { self.to_handle() }.try_embed(future)
    }
}
