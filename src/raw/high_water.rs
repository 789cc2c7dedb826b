//! How much of its stack a coroutine has used, for `Stack::painted`.

use super::control_block::RawCore;
use super::layout::StackUsage;

#[cfg(not(bysyncify_native))]
use super::paint;

impl RawCore {
    /// Has the stack measured.
    ///
    /// # Safety
    ///
    /// - The coroutine has not started.
    pub(crate) unsafe fn paint(&self) {
        self.painted.set(true);
        // A native stack is painted when there is one.
        #[cfg(not(bysyncify_native))]
        // SAFETY: nobody uses it: our caller's promise.
        unsafe {
            paint::paint(&self.stack_range())
        };
    }

    /// What was used, if that is measured.
    ///
    /// # Safety
    ///
    /// - The coroutine has finished.
    pub(crate) unsafe fn high_water(&self) -> Option<StackUsage> {
        self.painted.get().then(|| {
            #[cfg(bysyncify_native)]
            let usage = self.fiber.high_water();
            #[cfg(not(bysyncify_native))]
            // SAFETY: painted before it started, and finished.
            let usage = unsafe { paint::measure(&self.stack_range()) };
            usage
        })
    }
}
