//! A coroutine in memory that its user provides.

use core::fmt;
use core::marker::PhantomData;
use core::mem::{self, ManuallyDrop, MaybeUninit};
use core::pin::Pin;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};

use futures_core::FusedFuture;

use crate::body::Body;
use crate::handle::CoreHandle;
use crate::raw::control_block::{AbiTag, RawCore};
use crate::raw::frame::Frame;
use crate::raw::layout::{Layout, StackUsage};
use crate::raw::panics::{self, Payload};
use crate::raw::phase::Phase;

/// A coroutine in memory that you provide: needs no allocator.
///
/// It is polled, cancelled and dropped like a [`Coroutine`](crate::Coroutine): see there.
///
/// ```no_run
/// use bysyncify::raw::RawCoroutine;
/// use core::mem::MaybeUninit;
///
/// static mut MEMORY: [MaybeUninit<u8>; 4096] = [MaybeUninit::uninit(); 4096];
/// let memory = &raw mut MEMORY;
/// // SAFETY: nothing else uses `MEMORY`, and this runs once.
/// let memory = unsafe { &mut *memory };
/// let coroutine = RawCoroutine::new(memory, |handle| handle.embed(async { 42 }));
/// ```
#[must_use = "a coroutine does nothing unless it is polled: await it, or spawn it"]
pub struct RawCoroutine<U, T> {
    frame: NonNull<Frame<Slot<U, T>>>,
    /// The coroutine drops both. `Send` and `Sync` are implemented below, and only where the target has no
    /// threads.
    marker: PhantomData<(U, T)>,
}

/// The closure until it is called; after it has returned, its result, or the payload of its panic.
#[repr(C)]
union Slot<U, T> {
    _closure: ManuallyDrop<U>,
    _result: ManuallyDrop<Result<T, Payload>>,
}

// SAFETY: the target has no threads (build.rs), so there is no other thread to send to. This is for executors
// whose `spawn` requires `Send`.
#[cfg(bysyncify_single_threaded)]
unsafe impl<U, T> Send for RawCoroutine<U, T> {}
// SAFETY: likewise.
#[cfg(bysyncify_single_threaded)]
unsafe impl<U, T> Sync for RawCoroutine<U, T> {}

impl<U, T> RawCoroutine<U, T>
where
    U: FnOnce(CoreHandle<'_>) -> T + 'static,
    T: 'static,
{
    /// Makes a coroutine of `closure` that lives in `memory`. The closure or its result, whichever is larger, and
    /// 64 bytes (on wasm32) are at the low end; the rest is its stack.
    ///
    /// The closure runs when the coroutine is polled, not before.
    ///
    /// # Panics
    ///
    /// Panics if less than [`MIN_STACK_SIZE`](crate::MIN_STACK_SIZE) bytes are left for the stack, or less than
    /// the size of the closure and its result: they are moved there.
    #[track_caller]
    pub fn new(memory: &'static mut [MaybeUninit<u8>], closure: U) -> Self {
        // SAFETY: a `'static` unique reference is what is required, and the bounds on `U` and `T` leave nothing
        // that could end before the coroutine.
        unsafe { Self::new_unchecked(NonNull::from(memory), closure) }
    }
}

impl<U, T> RawCoroutine<U, T>
where
    U: FnOnce(CoreHandle<'_>) -> T,
{
    /// Makes a coroutine of a closure that may borrow, in memory that may be freed.
    ///
    /// # Safety
    ///
    /// - `memory` is valid for reads and writes, and nothing else accesses it, until the
    ///   coroutine has ended: it was polled to completion, or cancelled or dropped without
    ///   being abandoned ([`abandoned_coroutines`]); and until this value was dropped or forgotten, whose
    ///   methods and destructor read the memory also after the end.
    /// - [`into_memory`](Self::into_memory) is called only if `memory` is valid for `'static`.
    /// - What `U` and `T` borrow stays borrowed until the coroutine has *ended*, in the same sense. Forgetting it
    ///   is not enough: a suspended frame may have moved a value out of a borrow, to put it back later.
    ///
    /// # Panics
    ///
    /// Panics as [`RawCoroutine::new`] does.
    #[track_caller]
    pub unsafe fn new_unchecked(memory: NonNull<[MaybeUninit<u8>]>, closure: U) -> Self {
        let layout = Self::divide(memory.cast::<u8>().addr().get(), memory.len());
        // SAFETY: our caller makes the same promise, and the layout is of this memory.
        unsafe { Self::with_body(memory, layout, closure) }
    }
}

impl<U, T> RawCoroutine<U, T> {
    /// Returns where such a coroutine lies in memory of this length, at this address.
    ///
    /// # Panics
    ///
    /// Panics if it does not fit.
    #[inline]
    #[track_caller]
    pub(crate) fn divide(address: usize, len: usize) -> Layout {
        let layout = Frame::<Slot<U, T>>::divide(address, len);
        let (values, size) = (size_of::<U>() + size_of::<T>(), layout.top - layout.base);
        assert!(
            values < size,
            "a closure and a result of {values} bytes do not fit on a stack of {size}: give the \
             coroutine a larger one, or box them"
        );
        layout
    }

    /// Makes a coroutine of any [`Body`]. Does not panic.
    ///
    /// # Safety
    ///
    /// - As for [`RawCoroutine::new_unchecked`].
    /// - `layout` is what [`RawCoroutine::divide`] has returned for `memory`. Natively, `memory` need hold no more
    ///   than the frame.
    #[inline]
    pub(crate) unsafe fn with_body(
        memory: NonNull<[MaybeUninit<u8>]>,
        layout: Layout,
        body: U,
    ) -> Self
    where
        U: Body<T>,
    {
        // SAFETY: our caller makes the same promises.
        let frame = unsafe { Frame::<Slot<U, T>>::place(memory, layout, Self::entry, None) };
        let coroutine = Self { frame, marker: PhantomData };
        // SAFETY: the slot has room for a `U`, and the coroutine has not started.
        unsafe { coroutine.slot().cast::<U>().write(body) };
        coroutine
    }

    /// The coroutine's first function, on its own stack. There is one for each `U` and `T`, so that the closure is
    /// inlined: a switch costs one indirect call.
    ///
    /// # Safety
    ///
    /// - `data` is the core of such a coroutine, and its slot holds the closure.
    unsafe extern "C-unwind" fn entry(data: *mut (), _: AbiTag) -> u32
    where
        U: Body<T>,
    {
        // SAFETY: a core is not null.
        let core = unsafe { NonNull::new_unchecked(data.cast::<RawCore>()) };
        // SAFETY: our caller's promise.
        let frame = unsafe { Frame::<Slot<U, T>>::around(core) };
        // SAFETY: likewise.
        let slot = unsafe { Frame::payload(frame) };
        // SAFETY: the slot holds the closure, and nothing reads it again: the phase is no longer `Ready`.
        let body = unsafe { slot.cast::<U>().read() };
        // SAFETY: the frame outlives this function's stack.
        let handle = CoreHandle::new(unsafe { core.as_ref() });
        let result = panics::catch(|| body.run(handle));
        // SAFETY: the slot has room for a result, and is free because the closure was moved out.
        unsafe { slot.cast::<Result<T, Payload>>().write(result) };
        RawCore::ENTRY_RETURNED
    }

    /// The layout of what a coroutine keeps in its memory beside its stack.
    #[cfg_attr(not(feature = "alloc"), expect(dead_code, reason = "for `Coroutine`"))]
    pub(crate) const FRAME_LAYOUT: core::alloc::Layout = Frame::<Slot<U, T>>::LAYOUT;

    /// Resumes a suspended coroutine once, with cancellation. The [`try_embed`](crate::try_embed) that it waits
    /// in, and every later one, returns [`EmbedError::Cancelled`](crate::EmbedError::Cancelled), so that the
    /// closure can return and its destructors run.
    ///
    /// Returns what the closure returns. Returns `None` if the coroutine had not been started (then the closure is
    /// dropped), or had already ended. Also returns `None` if it suspended again: then it is *abandoned*, and its
    /// memory is leaked, because its frames may hold futures that other code points to. Polling it afterwards
    /// panics.
    #[inline]
    pub fn cancel(&mut self) -> Option<T> {
        // The usual phase of a coroutine that is dropped.
        if self.core().phase() == Phase::Finished {
            return None;
        }
        self.cancel_unfinished()
    }

    #[inline(never)]
    fn cancel_unfinished(&mut self) -> Option<T> {
        match self.core().phase() {
            Phase::Ready => {
                self.core().end(Phase::Finished);
                // SAFETY: it was never started, and now cannot be: the closure is in the slot, and nothing else
                // drops it.
                unsafe { self.slot().cast::<U>().drop_in_place() };
                None
            }
            Phase::Suspended => {
                self.core().cancel();
                match self.step(Waker::noop()) {
                    Poll::Ready(Ok(result)) => Some(result),
                    Poll::Ready(Err(payload)) if payload.is_cancellation() => {
                        payload.forget();
                        None
                    }
                    Poll::Ready(Err(payload)) if panics::is_panicking() => {
                        // The panic hook has seen it. A second panic would end the program.
                        self.core().end(Phase::Panicked);
                        payload.forget();
                        None
                    }
                    Poll::Ready(Err(payload)) => self.panic_with(payload),
                    Poll::Pending => {
                        self.core().end(Phase::Abandoned);
                        ABANDONED.fetch_add(1, Ordering::Relaxed);
                        None
                    }
                }
            }
            Phase::Finished | Phase::Panicked | Phase::Abandoned => None,
            // Polling borrows a coroutine, so these phases are only seen after a trap, if the host continues all
            // the same. The contents of that stack are unknown: leave it.
            Phase::Running | Phase::Unwinding | Phase::Rewinding => {
                ABANDONED.fetch_add(1, Ordering::Relaxed);
                None
            }
        }
    }

    /// Returns the memory of a coroutine that has finished.
    ///
    /// # Errors
    ///
    /// Returns the coroutine itself if it has not finished or was abandoned.
    pub fn into_memory(self) -> Result<&'static mut [MaybeUninit<u8>], Self> {
        let Some(memory) = self.finished_memory() else { return Err(self) };
        // Before the reference is made: dropping would access the memory once more.
        mem::forget(self);
        // SAFETY: `new` was given such a reference, and nothing uses the memory any more. The caller of
        // `new_unchecked` has promised the same.
        Ok(unsafe { &mut *memory.as_ptr() })
    }

    /// The memory of a coroutine that has finished. It can be reused once the coroutine is forgotten, or dropped,
    /// which then does nothing.
    #[inline]
    pub(crate) fn finished_memory(&self) -> Option<NonNull<[MaybeUninit<u8>]>> {
        let has_ended = matches!(self.core().phase(), Phase::Finished | Phase::Panicked);
        has_ended.then(|| self.core().memory())
    }

    /// The size of the stack that the coroutine's frames and its shadow stack share, in bytes.
    pub fn stack_size(&self) -> usize {
        self.core().stack_size()
    }

    /// How much of the stack is in use while the coroutine is suspended.
    pub fn stack_usage(&self) -> StackUsage {
        self.core().stack_usage()
    }

    /// The functions on the stack while the coroutine is suspended: see
    /// [`Coroutine::backtrace`](crate::Coroutine::backtrace).
    #[cfg(feature = "alloc")]
    pub fn backtrace(&self) -> crate::Backtrace {
        self.core().backtrace()
    }

    #[inline]
    fn step(&mut self, waker: &Waker) -> Poll<Result<T, Payload>> {
        // SAFETY: there is a waker.
        unsafe { self.step_with(Some(waker)) }
    }

    /// # Safety
    ///
    /// - Without a waker: as for [`RawCore::resume_with`].
    #[inline]
    unsafe fn step_with(&mut self, waker: Option<&Waker>) -> Poll<Result<T, Payload>> {
        #[cfg(feature = "tracing")]
        let _in_spans = self.core().enter_spans();
        // SAFETY: `new_unchecked` has paired `entry` with the frame that it expects. Our caller promises the rest.
        let poll = unsafe { self.core().resume_with(waker) };
        poll.map(|()| {
            // SAFETY: `entry` has returned, and has left its result in the slot. `resume` completes once, so this
            // is the only time that the result is taken.
            unsafe { self.slot().cast::<Result<T, Payload>>().read() }
        })
    }

    /// Like `poll`. Without a waker, it uses that of the last poll.
    ///
    /// # Safety
    ///
    /// - Without a waker: as for [`RawCore::resume_with`].
    #[inline]
    pub(crate) unsafe fn poll_with(&mut self, waker: Option<&Waker>) -> Poll<T> {
        // SAFETY: our caller's promise.
        match unsafe { self.step_with(waker) } {
            Poll::Ready(Ok(result)) => Poll::Ready(result),
            Poll::Ready(Err(payload)) => self.panic_with(payload),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Continues a panic that has left the closure.
    #[cold]
    fn panic_with(&self, payload: Payload) -> ! {
        self.core().end(Phase::Panicked);
        payload.resume()
    }

    #[inline]
    pub(crate) fn core(&self) -> &RawCore {
        // SAFETY: the frame is valid as long as this coroutine, as the caller of its constructor has promised.
        let core = unsafe { Frame::core(self.frame) };
        // SAFETY: likewise.
        unsafe { core.as_ref() }
    }

    #[inline]
    fn slot(&self) -> *mut Slot<U, T> {
        // SAFETY: as in `core`.
        unsafe { Frame::payload(self.frame) }
    }
}

impl<U, T> Future for RawCoroutine<U, T> {
    type Output = T;

    /// Runs the closure until it waits for a future that is pending, or returns.
    ///
    /// # Panics
    ///
    /// Where panics unwind, panics if the closure does, with the same payload. Panics if the coroutine has ended:
    /// see [`FusedFuture::is_terminated`].
    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        // SAFETY: there is a waker.
        unsafe { self.poll_with(Some(cx.waker())) }
    }
}

// It is only a pointer: the data that must not move is behind it.
impl<U, T> Unpin for RawCoroutine<U, T> {}

impl<U, T> FusedFuture for RawCoroutine<U, T> {
    #[inline]
    fn is_terminated(&self) -> bool {
        matches!(self.core().phase(), Phase::Finished | Phase::Panicked | Phase::Abandoned)
    }
}

impl<U, T> Drop for RawCoroutine<U, T> {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl<U, T> fmt::Debug for RawCoroutine<U, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RawCoroutine").field(self.core()).finish()
    }
}

static ABANDONED: AtomicUsize = AtomicUsize::new(0);

/// The number of coroutines that suspended again when they were dropped or cancelled, since the start of the
/// program. Each has leaked its memory.
///
/// A coroutine that waits with [`try_embed`](crate::try_embed) and returns when that says
/// [`Cancelled`](crate::EmbedError::Cancelled) is never among them.
pub fn abandoned_coroutines() -> usize {
    ABANDONED.load(Ordering::Relaxed)
}
