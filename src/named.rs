//! Names and spans of coroutines.

use alloc::borrow::Cow;
use core::ptr::NonNull;

use crate::coroutine::Coroutine;
use crate::raw::control_block::RawCore;
use crate::raw_coroutine::RawCoroutine;

impl<U, T> Coroutine<U, T> {
    /// Gives the coroutine a name, which replaces an earlier one. [`dump`](crate::dump()) lists named coroutines, and
    /// messages that end the program have the name in them.
    ///
    /// On wasm32, a name takes 40 bytes of the heap, and those of a `String`. Coroutines without a name take no memory for
    /// it. In a module with threads, names need the feature `std`: without it no coroutine gets one.
    ///
    /// With the feature `tracing`, the coroutine runs in a span of its own, which has the name as a field: see
    /// [`in_span`](Self::in_span).
    ///
    /// ```no_run
    /// # use bysyncify::Coroutine;
    /// # fn serve(_: u32) {}
    /// # let number = 7;
    /// let coroutine = Coroutine::with_default_stack(move |_| serve(number));
    /// let coroutine = coroutine.named(format!("connection {number}"));
    /// ```
    pub fn named(self, name: impl Into<Cow<'static, str>>) -> Self {
        give_name(self.core(), name.into());
        self
    }
}

impl<U, T> RawCoroutine<U, T> {
    /// Gives the coroutine a name: see [`Coroutine::named`].
    pub fn named(self, name: impl Into<Cow<'static, str>>) -> Self {
        give_name(self.core(), name.into());
        self
    }
}

/// Gives a name to a core. Only for the cores of `Coroutine` and `RawCoroutine`.
fn give_name(core: &RawCore, name: Cow<'static, str>) {
    // SAFETY: the core lies in the coroutine's memory, which stays until the coroutine has ended: the caller of its
    // constructor has promised it.
    unsafe { RawCore::give_name(NonNull::from(core), name) };
}

#[cfg(feature = "tracing")]
impl<U, T> Coroutine<U, T> {
    /// Makes the coroutine run in this span, in place of the one that [`named`](Self::named) made. The span is entered
    /// when the coroutine is polled, and left when it waits or ends. So log entries of other code in between are not in
    /// it. A coroutine without a name gets that of the span.
    ///
    /// Spans that the coroutine itself has entered, and not left when it waits, are left for it, too. They are entered
    /// again before it continues. So a guard of `Span::enter` may be alive across a wait in a coroutine that has a
    /// span. (In a coroutine without one it may not: other code that runs meanwhile would be in its spans.)
    ///
    /// ```no_run
    /// # use bysyncify::Coroutine;
    /// # fn serve(_: u32) {}
    /// # let number = 7;
    /// let span = tracing::info_span!("connection", number);
    /// let coroutine = Coroutine::with_default_stack(move |_| serve(number)).in_span(span);
    /// ```
    pub fn in_span(self, span: tracing::Span) -> Self {
        set_span(self.core(), span);
        self
    }
}

#[cfg(feature = "tracing")]
impl<U, T> RawCoroutine<U, T> {
    /// Makes the coroutine run in this span: see [`Coroutine::in_span`].
    pub fn in_span(self, span: tracing::Span) -> Self {
        set_span(self.core(), span);
        self
    }
}

#[cfg(feature = "tracing")]
fn set_span(core: &RawCore, span: tracing::Span) {
    if core.name().is_none() {
        give_name(core, Cow::Borrowed(span.metadata().map_or("", |it| it.name())));
    }
    core.set_span(span);
}
