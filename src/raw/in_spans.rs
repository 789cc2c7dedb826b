//! Enters and leaves the spans of a coroutine (`spans.rs`), which are kept with its name.

use alloc::rc::Rc;

use super::control_block::RawCore;
use super::spans::{Entered, Spans};

/// The spans of a running coroutine. They are left when this is dropped.
pub(crate) struct InSpans {
    spans: Rc<Spans>,
    /// Taken when it is dropped.
    entered: Option<Entered>,
}

impl RawCore {
    /// Enters the spans of the coroutine, if it has any, before it runs.
    pub(crate) fn enter_spans(&self) -> Option<InSpans> {
        let spans = self.kept()?.spans.borrow().clone();
        let entered = Some(spans.enter());
        Some(InSpans { spans, entered })
    }

    /// Sets the coroutine's own span, if it has a name.
    pub(crate) fn set_span(&self, span: tracing::Span) {
        if let Some(entry) = self.kept() {
            let others = entry.spans.borrow().with_own(span);
            drop(entry.spans.replace(Rc::new(others)));
        }
    }
}

impl Drop for InSpans {
    fn drop(&mut self) {
        if let Some(entered) = self.entered.take() {
            self.spans.leave(entered);
        }
    }
}
