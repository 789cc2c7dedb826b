//! A simulated clock, because the target has none.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Poll, Waker};

/// A clock that advances when there is nothing else to do.
#[derive(Clone, Default)]
pub(crate) struct Clock {
    now: Rc<Cell<u32>>,
    alarms: Rc<RefCell<Vec<(u32, Waker)>>>,
}

impl Clock {
    /// A future, but not an `async fn`: it registers a waker at each poll.
    pub(crate) fn after(&self, ticks: u32) -> impl Future<Output = u32> + use<> {
        let (clock, at) = (self.clone(), self.now.get() + ticks);
        std::future::poll_fn(move |cx| {
            if clock.now.get() >= at {
                return Poll::Ready(at);
            }
            clock.alarms.borrow_mut().push((at, cx.waker().clone()));
            Poll::Pending
        })
    }

    /// Advances to the next alarm, and wakes its waiters. Returns whether there was one.
    pub(crate) fn advance(&self) -> bool {
        let mut alarms = self.alarms.borrow_mut();
        let Some(next) = alarms.iter().map(|&(at, _)| at).min() else { return false };
        self.now.set(next);
        alarms.extract_if(.., |&mut (at, _)| at <= next).for_each(|(_, waker)| waker.wake());
        true
    }
}
