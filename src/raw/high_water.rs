//! How much of its stack a coroutine has used, for `Stack::painted`.

use super::control_block::{PAINTED, RawCore};
use super::layout::StackUsage;

#[cfg(not(bysyncify_native))]
use super::paint;

impl RawCore {
    /// Requests that the use of the stack is measured.
    ///
    /// # Safety
    ///
    /// - The coroutine has not started.
    #[cold]
    pub(crate) unsafe fn paint(&self) {
        self.add(PAINTED);
        // A native stack is painted when the coroutine gets it.
        #[cfg(not(bysyncify_native))]
        // SAFETY: nothing uses it: our caller's promise.
        unsafe {
            paint::paint(&self.stack_range())
        };
    }

    /// How much of the stack was used, if that was measured.
    ///
    /// # Safety
    ///
    /// - The coroutine has finished.
    #[inline]
    pub(crate) unsafe fn high_water(&self) -> Option<StackUsage> {
        if !self.has(PAINTED) {
            return None;
        }
        // SAFETY: our caller's promise.
        Some(unsafe { self.measured() })
    }

    /// # Safety
    ///
    /// - It was painted, and the coroutine has finished.
    #[cold]
    unsafe fn measured(&self) -> StackUsage {
        #[cfg(bysyncify_native)]
        return self.fiber.high_water();
        #[cfg(not(bysyncify_native))]
        // SAFETY: our caller's promise.
        unsafe {
            paint::measure(&self.stack_range())
        }
    }
}
