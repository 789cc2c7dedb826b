//! Giving coroutines names, and spans.

use alloc::borrow::Cow;
use core::ptr::NonNull;

use crate::coroutine::Coroutine;
use crate::raw::control_block::RawCore;
use crate::raw_coroutine::RawCoroutine;

impl<U, T> Coroutine<U, T> {
    /// Gives the coroutine a name, in place of what it has had. [`dump`](crate::dump()) lists it then, and messages that
    /// end the program say it.
    ///
    /// A coroutine that has one takes 40 bytes of the heap for it on wasm32, and those of a `String`. The others pay
    /// nothing for it. In a module with threads names take the feature `std`: without it no coroutine gets one.
    ///
    /// With the feature `tracing` it runs in a span of its own, which has the name as a field: see
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

/// Only for a core of a coroutine of those two types.
fn give_name(core: &RawCore, name: Cow<'static, str>) {
    // SAFETY: the core lies in the coroutine's memory, which stays until that has ended: whoever made the coroutine
    // has promised it.
    unsafe { RawCore::give_name(NonNull::from(core), name) };
}

#[cfg(feature = "tracing")]
impl<U, T> Coroutine<U, T> {
    /// Has the coroutine run in this span, in place of the one that [`named`](Self::named) made: it is entered when the coroutine
    /// is polled, and left when it waits or ends. So what others log meanwhile is not in it. If the coroutine has no name
    /// it gets that of the span.
    ///
    /// What the coroutine has entered itself, and not left when it waits, is left for it, too, and entered again
    /// before it goes on. So a guard of `Span::enter` may be alive across a wait in a coroutine that has a span. (In one that has
    /// none it may not: the spans of whoever runs meanwhile would be in it.)
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
    /// Has the coroutine run in this span: see [`Coroutine::in_span`].
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
