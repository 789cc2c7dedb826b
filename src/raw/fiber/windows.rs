//! Native stacks on Windows: those of `corosensei`. The system grows a stack by its guard pages, and reports an
//! overflow.

use corosensei::stack::{DefaultStack, Stack, StackPointer, StackTebFields};

/// A stack, and its requested size in bytes.
pub(crate) struct NativeStack {
    stack: DefaultStack,
    size: usize,
}

impl NativeStack {
    pub(super) fn new(size: usize) -> Option<Self> {
        Some(Self { stack: DefaultStack::new(size).ok()?, size })
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Does nothing: the system would have to know the new end of the stack.
    pub(super) fn release_pages(&self) {}
}

// SAFETY: all methods are those of `corosensei`'s stack, which meets the requirements.
unsafe impl Stack for NativeStack {
    #[inline]
    fn base(&self) -> StackPointer {
        self.stack.base()
    }

    #[inline]
    fn limit(&self) -> StackPointer {
        self.stack.limit()
    }

    #[inline]
    fn teb_fields(&self) -> StackTebFields {
        self.stack.teb_fields()
    }

    #[inline]
    fn update_teb_fields(&mut self, stack_limit: usize, guaranteed_stack_bytes: usize) {
        self.stack.update_teb_fields(stack_limit, guaranteed_stack_bytes);
    }
}
