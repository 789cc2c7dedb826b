//! Native stacks on Windows: `corosensei`'s own. The system grows one by its guard pages, and says so
//! if it overflows.

use corosensei::stack::{DefaultStack, Stack, StackPointer, StackTebFields};

/// A stack, and for how many bytes it was made.
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

    /// Does nothing: the system would have to be told where the stack ends from now on.
    pub(super) fn release_pages(&self) {}
}

// SAFETY: that of `corosensei`, which has all that is asked for.
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
