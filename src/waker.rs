//! Which waker a future sees that is polled from inside a coroutine.
//!
//! It must be that of the coroutine's own poll in progress, always. Handing out a reference to
//! it is not enough. A future may embed in the middle of being polled:
//!
//! ```text
//!   poll(W1) ─► closure ─► embed(outer) ─► outer.poll(cx: W1) ─► embed(inner) ─► suspend
//!     ▲ returns, W1 is dropped
//!   poll(W2) ───────────────────────────────────────────────────► resume ─► inner is ready
//!                                          outer.poll goes on, and still has cx: W1
//! ```
//!
//! What `cx` refers to must live on, unchanged, although the executor's waker is gone. So each
//! `embed` polls with a clone of its own; and when `outer` then says that it is pending it is
//! polled again, with W2, because it may have told W1 whom to wake. (So a future that embeds
//! each time it is polled, under an executor that brings another waker each time, is polled for
//! ever.)
//!
//! To clone and drop a waker for each wait would be two indirect calls too many. Most executors
//! bring the same waker each time. So the core keeps the last clone, for the next `embed` to
//! borrow, and a resume compares the executor's waker with the one that the coroutine waits
//! with: only if they differ is there `news` for `embed` to catch up with.

use core::cell::{Cell, UnsafeCell};
use core::mem::{ManuallyDrop, offset_of};
use core::ptr::{self, NonNull};
use core::task::Waker;

use crate::abi;
use crate::outside::outside;
use crate::raw::RawCore;

/// The part of a core that deals with wakers. The switch knows `waiting` and `news`.
#[repr(C)]
pub(crate) struct CoreWaker {
    /// The executor's: valid while the coroutine runs, stale otherwise.
    latest: Cell<*const Waker>,
    /// The clone that the coroutine waits with: valid while it is suspended, stale otherwise.
    pub(crate) waiting: Cell<*const Waker>,
    /// A clone that nobody uses at the moment.
    spare: UnsafeCell<Option<Waker>>,
    /// Changes when `embed` should look at `latest`, or the coroutine was cancelled. Wraps.
    pub(crate) news: Cell<u32>,
}

/// What one call of `embed` waits with. The switch compares `news`, and remembers where this is
/// while the coroutine is suspended.
#[repr(C)]
pub(crate) struct Wait {
    pub(crate) waker: ManuallyDrop<Waker>,
    /// The core's news when `waker` was the latest.
    pub(crate) news: u32,
    pub(crate) core: NonNull<RawCore>,
}

const _: () = if cfg!(bysyncify_switch) {
    let pointer = size_of::<usize>();
    let waker = offset_of!(RawCore, waker);
    assert!(waker + offset_of!(CoreWaker, waiting) == abi::WAITING * pointer);
    assert!(waker + offset_of!(CoreWaker, news) == abi::NEWS * pointer);
    assert!(offset_of!(Wait, waker) == 0);
    assert!(offset_of!(Wait, news) == abi::WAIT_NEWS * pointer);
};

impl CoreWaker {
    pub(crate) fn new() -> Self {
        Self {
            latest: Cell::new(ptr::null()),
            waiting: Cell::new(ptr::null()),
            spare: UnsafeCell::new(None),
            news: Cell::new(0),
        }
    }

    /// Sets the waker of a poll of the coroutine that now begins.
    ///
    /// # Safety
    ///
    /// - `waker` is valid until this is called again, or the coroutine's code has stopped.
    /// - The coroutine is suspended in `embed`, or has not been started.
    #[inline]
    pub(crate) unsafe fn set(&self, waker: &Waker) {
        self.latest.set(waker);
        // SAFETY: null, or on the stack of the coroutine that waits with it.
        if !unsafe { self.waiting.get().as_ref() }.is_some_and(|waiting| waiting.will_wake(waker)) {
            self.has_news();
        }
    }

    /// Tells `embed` to look.
    #[inline]
    pub(crate) fn has_news(&self) {
        self.news.set(self.news.get().wrapping_add(1));
    }

    /// Begins to wait: with a clone of the latest waker, or the spare one if that does the same.
    ///
    /// # Safety
    ///
    /// - `core` is the core that this is a part of, and its coroutine is running.
    #[inline]
    pub(crate) unsafe fn begin(&self, core: NonNull<RawCore>) -> Wait {
        let news = self.news.get();
        // SAFETY: our caller's promise.
        let waker = ManuallyDrop::new(unsafe { self.take() });
        Wait { waker, news, core }
    }

    /// # Safety
    ///
    /// - The coroutine is running.
    #[inline]
    unsafe fn take(&self) -> Waker {
        // SAFETY: the coroutine is running, so its poll has not returned yet.
        let latest = unsafe { &*self.latest.get() };
        match self.exchange(None) {
            Some(spare) if spare.will_wake(latest) => spare,
            other => {
                let mut waker = other;
                outside(|| waker = Some(latest.clone()));
                waker.unwrap_or(Waker::noop().clone())
            }
        }
    }

    /// Keeps `waker` for the next one who needs one.
    #[inline]
    pub(crate) fn put(&self, waker: Option<Waker>) {
        if let Some(old) = self.exchange(waker) {
            outside(|| drop(old));
        }
    }

    #[inline]
    fn exchange(&self, waker: Option<Waker>) -> Option<Waker> {
        // SAFETY: this moves two words and calls nothing, so nobody else is at it.
        unsafe { self.spare.get().replace(waker) }
    }

    /// Makes `wait` see the news: its waker wakes what the latest waker wakes.
    ///
    /// # Safety
    ///
    /// - The coroutine is running.
    pub(crate) unsafe fn catch_up(&self, wait: &mut Wait) {
        wait.news = self.news.get();
        // SAFETY: the coroutine is running, so its poll has not returned yet.
        let latest = unsafe { &*self.latest.get() };
        let waker = &mut *wait.waker;
        outside(|| waker.clone_from(latest));
    }
}
