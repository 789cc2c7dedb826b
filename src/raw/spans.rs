//! The span of a coroutine that has a name: entered while the coroutine runs, and left while it does not.
//!
//! ```text
//!   the spans that a thread is in, from poll to poll
//!
//!   outer                                outer                      who polls
//!   outer │ coroutine a                  outer │ coroutine b        another runs
//!   outer │ coroutine a │ request 7      outer                      a has entered one, and keeps the guard …
//!   outer  ◄── it waits: both are left                              … across a wait
//!   outer │ coroutine a │ request 7  ◄── it goes on: both are entered
//! ```
//!
//! A guard of `Span::enter` that is alive while its coroutine waits would leave the thread in that span: what others say
//! meanwhile would seem to come from there. `async fn` has the same pitfall, and its guards are not `Send` so that
//! compilers complain. Here nobody complains. So when a coroutine stops running, whatever spans it has entered and
//! not left are left for it, the innermost first; and they are entered again before it goes on. Its guards know nothing of that.
//!
//! Subscribers that do not tell which span is the current one (`Subscriber::current_span`) have the coroutine's own
//! span only entered and left.

use alloc::vec::Vec;
use core::cell::Cell;

use tracing::{Id, Span};

/// More than a coroutine is in: a subscriber that tells of the same span for ever, whatever is left, is not asked for ever.
const MOST: usize = 1 << 10;

/// What a coroutine has entered.
pub(super) struct Spans {
    own: Span,
    /// What was left for it when it stopped running, the outermost first.
    inside: Cell<Vec<Span>>,
}

/// What has to be known to leave them again.
pub(super) struct Entered {
    /// The span that the thread was in.
    outer: Option<Id>,
    /// Whether that is another one than the coroutine's own.
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

    /// The same in another span.
    pub(super) fn with_own(&self, own: Span) -> Self {
        Self { own, inside: Cell::new(self.inside.take()) }
    }

    /// Before the coroutine runs.
    pub(super) fn enter(&self) -> Entered {
        let outer = Span::current().id();
        let has_entered = outer.is_none() || outer != self.own.id();
        if has_entered {
            enter(&self.own);
        }
        self.inside.take().iter().for_each(enter);
        Entered { outer, has_entered }
    }

    /// When it does not run any more.
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
            // It may have entered its own span once more.
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
