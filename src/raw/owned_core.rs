//! A core that owns its memory, for authors of a coroutine type.

use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr::NonNull;

use super::control_block::{AbiTag, RawCore};
use super::frame::{Frame, that_may_unwind};
use super::layout::Layout;
use super::phase::Phase;
use crate::stack::Stack;

/// A [`RawCore`] and the memory that it lies in.
///
/// Dropping a core whose coroutine is suspended leaks the memory: only [`Coroutine`](crate::Coroutine) can end its
/// closure.
#[derive(Debug)]
pub struct Core {
    core: NonNull<RawCore>,
}

// SAFETY: the target has no threads (build.rs), so there is no other thread to send to.
#[cfg(bysyncify_single_threaded)]
unsafe impl Send for Core {}
// SAFETY: likewise.
#[cfg(bysyncify_single_threaded)]
unsafe impl Sync for Core {}

impl Core {
    /// Makes a core that will run `entry(data)` on a stack of `size` bytes, rounded up to a multiple of 16 and at
    /// least [`MIN_STACK_SIZE`](crate::MIN_STACK_SIZE).
    ///
    /// `entry` returns [`RawCore::ENTRY_RETURNED`] when it has finished. Making a core does not call it;
    /// [`RawCore::resume`] does, and is `unsafe`.
    #[allow(clippy::not_unsafe_ptr_arg_deref, reason = "`data` is only kept")]
    pub fn new(
        size: usize,
        entry: unsafe extern "C" fn(data: *mut (), tag: AbiTag) -> u32,
        data: *mut (),
    ) -> Self {
        let len = Layout::needed(size, Frame::<()>::LAYOUT);
        let stack = Stack::new(len);
        let layout = Frame::<()>::divide(stack.address(), stack.size()).after(stack.offset());
        let memory = stack.into_raw(Frame::<()>::LAYOUT);
        let entry = that_may_unwind(entry);
        // SAFETY: we own `memory`, and free it only when the coroutine is not suspended.
        Self { core: unsafe { RawCore::place_in(memory, layout, entry, data) } }
    }

    /// Returns the memory of a core whose coroutine has finished, or was never started.
    ///
    /// # Errors
    ///
    /// Returns the core itself otherwise.
    pub fn into_stack(self) -> Result<Stack, Self> {
        let core = ManuallyDrop::new(self);
        // SAFETY: if this is a stack, `core` is neither used nor dropped.
        match unsafe { core.reclaim() } {
            Some(stack) => Ok(stack),
            None => Err(ManuallyDrop::into_inner(core)),
        }
    }

    /// Takes the memory, if no frame is in it.
    ///
    /// # Safety
    ///
    /// - The core is not used any more if this returns a stack.
    unsafe fn reclaim(&self) -> Option<Stack> {
        let unused = matches!(self.phase(), Phase::Ready | Phase::Finished);
        // SAFETY: it came from `Stack::into_raw`, and by its phase holds no frame.
        unused.then(|| unsafe {
            Stack::from_raw(self.memory(), Frame::<()>::LAYOUT, self.stack_size(), None)
        })
    }
}

impl Deref for Core {
    type Target = RawCore;

    fn deref(&self) -> &RawCore {
        // SAFETY: it lies in our memory.
        unsafe { self.core.as_ref() }
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        // SAFETY: we are being dropped. If this returns no stack, the memory is leaked.
        let _stack = unsafe { self.reclaim() };
    }
}
