//! The code that runs on a coroutine's stack.

use crate::handle::CoreHandle;

/// A coroutine's closure, or a type of this crate that holds one together with other data.
pub(crate) trait Body<T> {
    /// Runs the closure until it returns.
    fn run(self, handle: CoreHandle<'_>) -> T;
}

impl<U, T> Body<T> for U
where
    U: FnOnce(CoreHandle<'_>) -> T,
{
    #[inline(always)]
    fn run(self, handle: CoreHandle<'_>) -> T {
        self(handle)
    }
}
