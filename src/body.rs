//! What runs on a coroutine's stack.

use crate::handle::CoreHandle;

/// A coroutine's closure, or what a type of ours keeps together with one.
pub(crate) trait Body<T> {
    /// Runs it to its end.
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
