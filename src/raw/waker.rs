//! The waker that a future sees when it is polled in a coroutine: always that of the coroutine's own poll in
//! progress.
//!
//! A reference to the executor's waker is not enough. A future may embed while it is polled:
//!
//! ```text
//!   poll(W1) ─► closure ─► embed(outer) ─► outer.poll(cx: W1) ─► embed(inner) ─► suspend
//!     ▲ returns, W1 is dropped
//!   poll(W2) ───────────────────────────────────────────────────► resume ─► inner is ready
//!                                          outer.poll continues, and still has cx: W1
//! ```
//!
//! The waker behind `cx` must stay valid, unchanged, although the executor's waker is gone. If `outer` then
//! returns `Pending`, it is polled again, with W2, because it may have registered W1. (So a future that embeds
//! each time it is polled, under an executor that passes another waker each time, is polled forever.)
//!
//! But a suspended coroutine must keep no waker that an `async` block would not keep: a waker may own the task,
//! and with it the coroutine. So each `embed` polls with a *copy* of the executor's waker: the same two pointers,
//! which do not own the data behind them. The executor owns that data for as long as its poll takes. The copy
//! becomes an owner only when another `embed` begins inside. It is then replaced by a clone of the executor's
//! waker, which is the same two pointers again:
//!
//! | a wait | its waker | is |
//! |---|---|---|
//! | innermost, its coroutine runs | the executor's, copied | borrowed |
//! | innermost, suspended | the executor's of the last poll, copied | stale: compared, not used |
//! | with another inside | the executor's at that time | owned |
//!
//! Not all clones are the same two pointers: that is up to the waker. Each vtable is tried once. If its clones
//! differ from the original, each wait owns a clone of its own. (Then a task that is owned only by its wakers
//! lives as long as it waits. No known executor has such wakers.)

use core::cell::{Cell, UnsafeCell};
use core::mem::{ManuallyDrop, MaybeUninit};
use core::ptr::{self, NonNull};
use core::task::Waker;

use super::call_uninstrumented::{call_uninstrumented, diverge_uninstrumented};
#[cfg(bysyncify_native)]
use super::control_block::SLOT;
use super::control_block::{CoreWaker, FutureWait, RawCore, Wait};

impl FutureWait {
    /// A pointer to the wait, as the core stores it.
    #[inline]
    pub(crate) fn as_ptr(&self) -> *const Wait {
        ptr::from_ref(self).cast()
    }

    /// Notes what is waited for, if the build has that. Else it is nothing: the names of all futures would be in
    /// the program, whoever asks for them.
    #[inline]
    pub(crate) fn note_future<F>(&self) {
        #[cfg(any(debug_assertions, feature = "future-names"))]
        self.future.set(Some(core::any::type_name::<F>));
    }

    /// The waker to poll with.
    ///
    /// # Safety
    ///
    /// - The coroutine is running, and this is its innermost wait. The waker is used until the future
    ///   has been polled, and no longer.
    #[inline]
    pub(crate) unsafe fn waker(&self) -> &Waker {
        // SAFETY: it is written by `replace_waker` and taken by `CoreWaker::finish`, neither of which is called
        // while the future is being polled.
        unsafe { &*self.waker.get() }
    }

    /// Whether its waker is the same two pointers.
    #[inline]
    fn has_waker(&self, waker: &Waker) -> bool {
        // SAFETY: as in `waker`. If it is stale, this still compares pointers only.
        unsafe { &*self.waker.get() }.will_wake(waker)
    }

    /// Replaces its waker, and returns the old one if this wait owned it.
    ///
    /// # Safety
    ///
    /// - Nothing uses the old waker.
    unsafe fn replace_waker(&self, waker: ManuallyDrop<Waker>, is_owned: bool) -> Option<Waker> {
        // SAFETY: our caller's promise.
        let old = unsafe { self.waker.get().replace(waker) };
        self.is_owned.replace(is_owned).then(|| ManuallyDrop::into_inner(old))
    }
}

impl CoreWaker {
    /// Sets the waker of a poll of the coroutine that begins now.
    ///
    /// # Safety
    ///
    /// - `waker` is valid until this is called again, or the coroutine's code has stopped.
    /// - The coroutine is suspended in `embed`, or has not been started.
    #[inline]
    pub(crate) unsafe fn set(&self, waker: &Waker) {
        self.latest.set(waker);
        // SAFETY: our caller's promise.
        if !unsafe { self.is_awaited_with(waker) } {
            self.advance_epoch();
        }
    }

    /// Whether no wait needs to catch up with `waker`: the current one has the same two pointers, or none sees a
    /// waker.
    ///
    /// # Safety
    ///
    /// - The coroutine is suspended, or has not been started.
    #[inline]
    unsafe fn is_awaited_with(&self, waker: &Waker) -> bool {
        let waiting = self.waiting.get();
        if waiting.is_null() {
            return false;
        }
        // A slot sees no waker. But the generator may yield in the poll of a future, and the wait of that sees
        // one.
        // SAFETY: it is on the stack of the coroutine that waits with it.
        let seen = match unsafe { slot_in(waiting) } {
            Some(_) => self.innermost.get(),
            None => waiting.cast(),
        };
        // SAFETY: null, or on that stack, too.
        unsafe { seen.as_ref() }.is_none_or(|wait| wait.has_waker(waker))
    }

    /// Begins another epoch: the current wait has to check `latest`, and whether the coroutine was cancelled.
    #[inline]
    pub(crate) fn advance_epoch(&self) {
        self.epoch.set(self.epoch.get().wrapping_add(1));
    }

    /// Begins to wait, with the latest waker.
    ///
    /// # Safety
    ///
    /// - `core` is the core that this is a part of, and its coroutine is running.
    /// - [`CoreWaker::finish`] is called before `place` is used for something else.
    #[inline]
    pub(crate) unsafe fn begin<'a>(
        &self,
        core: NonNull<RawCore>,
        place: &'a mut MaybeUninit<FutureWait>,
    ) -> &'a FutureWait {
        // SAFETY: our caller's promise.
        unsafe { self.begin_inside() };
        // SAFETY: the coroutine is running, so its poll has not returned yet.
        let latest = unsafe { &*self.latest.get() };
        let wait = place.write(FutureWait {
            base: Wait {
                epoch: Cell::new(self.epoch.get()),
                #[cfg(not(bysyncify_native))]
                is_of_slot: false,
            },
            waker: UnsafeCell::new(copy(latest)),
            core,
            outer: self.innermost.get(),
            is_owned: Cell::new(false),
            #[cfg(any(debug_assertions, feature = "future-names"))]
            future: Cell::new(None),
        });
        self.own_if_clones_differ(wait, latest);
        self.innermost.set(wait);
        wait
    }

    /// Makes the innermost wait own its waker, if there is one, because another wait begins inside.
    ///
    /// # Safety
    ///
    /// - The coroutine is running.
    #[inline]
    unsafe fn begin_inside(&self) {
        // SAFETY: null, or a wait in progress of this coroutine, whose stack we are on.
        let Some(outer) = (unsafe { self.innermost.get().as_ref() }) else { return };
        if !outer.is_owned.get() {
            // SAFETY: the coroutine is running, so its poll has not returned yet.
            own_clone(outer, unsafe { &*self.latest.get() });
        }
    }

    /// Ends a wait.
    ///
    /// # Safety
    ///
    /// - `wait` is the innermost, of the coroutine that is running, and not used any more.
    #[inline]
    pub(crate) unsafe fn finish(&self, wait: &FutureWait) {
        self.innermost.set(wait.outer);
        if wait.is_owned.get() {
            // SAFETY: our caller's promise.
            unsafe { drop_owned(wait) };
        }
        // SAFETY: our caller's promise.
        unsafe { self.let_go(wait.outer) };
    }

    /// Continues an outer wait, if there is one, after the waits inside it have ended.
    ///
    /// # Safety
    ///
    /// - The coroutine is running, and `outer` is null or its innermost wait.
    #[inline]
    unsafe fn let_go(&self, outer: *const FutureWait) {
        // SAFETY: as in `begin`.
        if let Some(outer) = unsafe { outer.as_ref() } {
            // SAFETY: the coroutine is running, so its poll has not returned yet.
            let latest = unsafe { &*self.latest.get() };
            if outer.is_owned.get() && outer.has_waker(latest) {
                // For the rest of this poll the executor's waker suffices. So an outer wait owns nothing when it
                // is suspended itself: if its waker is another, so is the epoch, and the wait catches up before.
                outer.is_owned.set(false);
                // SAFETY: it was owned, and `outer` does not drop it any more.
                let clone = unsafe { ptr::read(outer.waker.get()) };
                call_uninstrumented(|| drop(ManuallyDrop::into_inner(clone)));
            }
        }
    }

    /// Brings `wait` to the current epoch: its waker is then the latest.
    ///
    /// # Safety
    ///
    /// - The coroutine is running, `wait` is its innermost, and its future is not being polled.
    pub(crate) unsafe fn catch_up(&self, wait: &FutureWait) {
        wait.base.epoch.set(self.epoch.get());
        // SAFETY: the coroutine is running, so its poll has not returned yet.
        let latest = unsafe { &*self.latest.get() };
        // SAFETY: nothing polls with it.
        let old = unsafe { wait.replace_waker(copy(latest), false) };
        self.own_if_clones_differ(wait, latest);
        if let Some(old) = old {
            call_uninstrumented(|| drop(old));
        }
    }

    /// Makes a wait own its waker if clones of the waker may differ from it.
    #[inline]
    fn own_if_clones_differ(&self, wait: &FutureWait, latest: &Waker) {
        if !ptr::eq(latest.vtable(), self.same_clones.get()) {
            self.try_clone(wait, latest);
        }
    }

    #[cold]
    #[inline(never)]
    fn try_clone(&self, wait: &FutureWait, latest: &Waker) {
        call_uninstrumented(|| {
            let clone = latest.clone();
            if clone.will_wake(latest) {
                self.same_clones.set(latest.vtable());
            } else {
                // SAFETY: nothing has polled with it yet.
                drop(unsafe { wait.replace_waker(ManuallyDrop::new(clone), true) });
            }
        });
    }
}

/// Waits of a generator until its value is taken: `src/generator/slot.rs`.
#[cfg(feature = "alloc")]
impl CoreWaker {
    /// Begins to wait until the value in a slot is taken. No future is polled for that, so such a wait has no
    /// waker. No other wait begins inside, so it is not recorded as the innermost.
    ///
    /// # Safety
    ///
    /// - The coroutine is running.
    /// - [`CoreWaker::finish_slot`] is called when it was resumed, if the coroutine is [polling](Self::is_polling).
    #[inline]
    pub(crate) unsafe fn wait_of_slot(&self) -> MaybeUninit<Wait> {
        // SAFETY: our caller's promise.
        unsafe { self.begin_inside() };
        #[cfg(bysyncify_native)]
        return MaybeUninit::uninit();
        #[cfg(not(bysyncify_native))]
        MaybeUninit::new(Wait { epoch: Cell::new(self.epoch.get()), is_of_slot: true })
    }

    /// Whether the coroutine's code is called by a future that the coroutine polls.
    #[inline]
    pub(crate) fn is_polling(&self) -> bool {
        !self.innermost.get().is_null()
    }

    /// Ends the wait of a slot. If the generator yields in the poll of a future, the slot may have made the wait
    /// of that future own its waker: this undoes it.
    ///
    /// # Safety
    ///
    /// - The coroutine is running, and the waits that have begun inside its innermost wait have ended.
    pub(crate) unsafe fn finish_slot(&self) {
        // SAFETY: our caller's promise.
        unsafe { self.let_go(self.innermost.get()) };
    }

    /// What is waited for: the name of a type, if the build has that. None if it waits with a slot, too.
    ///
    /// # Safety
    ///
    /// - The coroutine is suspended.
    pub(crate) unsafe fn future_name(&self) -> Option<&'static str> {
        // SAFETY: our caller's promise.
        if unsafe { self.slot() }.is_some() {
            return None;
        }
        #[cfg(any(debug_assertions, feature = "future-names"))]
        {
            // SAFETY: it waits with no slot, and so with this, on its stack.
            let wait = unsafe { &*self.waiting.get().cast::<FutureWait>() };
            wait.future.get().map(|name| name())
        }
        #[cfg(not(any(debug_assertions, feature = "future-names")))]
        None
    }

    /// The slot that the coroutine waits with, if it waits with one.
    ///
    /// # Safety
    ///
    /// - The coroutine is suspended.
    #[inline]
    pub(crate) unsafe fn slot(&self) -> Option<*const Wait> {
        // SAFETY: it lies on the stack of the coroutine, which is suspended with it.
        unsafe { slot_in(self.waiting.get()) }
    }
}

/// The slot, if it is one, that a coroutine waits with.
///
/// # Safety
///
/// - The pointer is that of a core, and not null, and the coroutine is suspended.
#[inline(always)]
unsafe fn slot_in(waiting: *const Wait) -> Option<*const Wait> {
    #[cfg(bysyncify_native)]
    return (waiting.addr() & SLOT != 0).then(|| waiting.wrapping_byte_sub(SLOT));
    // SAFETY: our caller's promise.
    #[cfg(not(bysyncify_native))]
    return unsafe { &*waiting }.is_of_slot.then_some(waiting);
}

/// A copy of the waker: the same two pointers.
#[inline]
fn copy(waker: &Waker) -> ManuallyDrop<Waker> {
    // SAFETY: it is not dropped. Its user ensures that the data behind it is still owned.
    unsafe { ptr::from_ref(waker).cast::<ManuallyDrop<Waker>>().read() }
}

/// Makes a wait own its waker, a copy of `latest` so far, because another wait begins inside.
#[cold]
#[inline(never)]
fn own_clone(outer: &FutureWait, latest: &Waker) {
    let mut is_held = false;
    call_uninstrumented(|| {
        let clone = ManuallyDrop::new(latest.clone());
        is_held = outer.has_waker(&clone);
        match is_held {
            true => outer.is_owned.set(true),
            false => drop(ManuallyDrop::into_inner(clone)),
        }
    });
    if !is_held {
        diverge_uninstrumented(|| {
            panic!("cannot embed in a poll: a clone of the waker is another waker, unlike before")
        });
    }
}

/// Drops the waker of a wait that owns it.
///
/// # Safety
///
/// - The waker is not used any more.
#[cold]
#[inline(never)]
unsafe fn drop_owned(wait: &FutureWait) {
    wait.is_owned.set(false);
    // SAFETY: our caller's promise.
    let waker = unsafe { ptr::read(wait.waker.get()) };
    call_uninstrumented(|| drop(ManuallyDrop::into_inner(waker)));
}
