//! The span of a coroutine that has a name: entered while the coroutine runs, and left while it does not.
//!
//! ```text
//!   the spans that a thread is in, from poll to poll
//!
//!   outer                                outer                      the poller
//!   outer │ coroutine a                  outer │ coroutine b        another runs
//!   outer │ coroutine a │ request 7      outer                      a has entered one, and keeps the guard …
//!   outer  ◄── it waits: both are left                              … across a wait
//!   outer │ coroutine a │ request 7  ◄── it continues: both are entered
//! ```
//!
//! A guard of `Span::enter` that is alive while its coroutine waits would leave the thread in that span: log entries of
//! other code would seem to come from it. `async fn` has the same problem, but there the compiler complains, because
//! the guards are not `Send`. Here it does not. So when a coroutine stops running, all spans that it has entered and
//! not left are left for it, the innermost first. They are entered again before it continues. Its guards do not notice.
//!
//! For a subscriber that does not report the current span (`Subscriber::current_span`), only the coroutine's own span
//! is entered and left.

use alloc::vec::Vec;
use core::cell::Cell;

use tracing::{Id, Span};

/// More spans than a coroutine is in. The limit ends the loop if a subscriber reports the same span forever, whatever
/// is left.
const MOST: usize = 1 << 10;

/// The spans that a coroutine has entered.
pub(super) struct Spans {
    own: Span,
    /// The spans that were left for it when it stopped running, the outermost first.
    inside: Cell<Vec<Span>>,
}

/// The state that is needed to leave the spans again.
pub(super) struct Entered {
    /// The span that the thread was in.
    outer: Option<Id>,
    /// Whether the coroutine's own span was entered, because the thread was not in it.
    has_entered: bool,
}

impl Spans {
    pub(super) fn new(own: Span) -> Self {
        Self { own, inside: Cell::new(Vec::new()) }
    }

    /// The span that a coroutine of this name gets.
    pub(super) fn named(name: &str) -> Self {
        Self::new(tracing::info_span!("coroutine", name))
    }

    /// The same spans inside another own span.
    pub(super) fn with_own(&self, own: Span) -> Self {
        Self { own, inside: Cell::new(self.inside.take()) }
    }

    /// Enters the spans, before the coroutine runs.
    pub(super) fn enter(&self) -> Entered {
        let outer = Span::current().id();
        let has_entered = outer.is_none() || outer != self.own.id();
        if has_entered {
            enter(&self.own);
        }
        self.inside.take().iter().for_each(enter);
        Entered { outer, has_entered }
    }

    /// Leaves the spans, after the coroutine has run.
    pub(super) fn leave(&self, Entered { outer, has_entered }: Entered) {
        let mut inside = Vec::new();
        let own = self.own.id();
        let mut leave_while = |is_inside: &dyn Fn(&Id) -> bool| {
            while inside.len() < MOST {
                let current = Span::current();
                if !current.id().is_some_and(|id| is_inside(&id)) {
                    break;
                }
                leave(&current);
                inside.push(current);
            }
        };
        leave_while(&|id| Some(id) != outer.as_ref() && Some(id) != own.as_ref());
        if has_entered {
            leave(&self.own);
            // The coroutine may have entered its own span once more.
            leave_while(&|id| Some(id) == own.as_ref());
        }
        inside.reverse();
        self.inside.set(inside);
    }
}

fn enter(span: &Span) {
    span.with_subscriber(|(id, dispatch)| dispatch.enter(id));
}

fn leave(span: &Span) {
    span.with_subscriber(|(id, dispatch)| dispatch.exit(id));
}
