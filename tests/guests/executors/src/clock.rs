//! Time, which there is none of here.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Poll, Waker};

/// Time that passes when nobody has anything to do.
#[derive(Clone, Default)]
pub(crate) struct Clock {
    now: Rc<Cell<u32>>,
    alarms: Rc<RefCell<Vec<(u32, Waker)>>>,
}

impl Clock {
    /// A future, but no `async fn`: it registers again whenever it is polled.
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

    /// Goes to the next alarm, and wakes whom it is for. Returns whether there was one.
    pub(crate) fn advance(&self) -> bool {
        let mut alarms = self.alarms.borrow_mut();
        let Some(next) = alarms.iter().map(|&(at, _)| at).min() else { return false };
        self.now.set(next);
        alarms.extract_if(.., |&mut (at, _)| at <= next).for_each(|(_, waker)| waker.wake());
        true
    }
}
