//! The coroutine that most programs use: it owns its memory.

use alloc::boxed::Box;
use core::fmt;
use core::mem::ManuallyDrop;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use futures_core::FusedFuture;

use crate::backtrace::Backtrace;
use crate::body::Body;
use crate::handle::CoreHandle;
use crate::raw::control_block::RawCore;
use crate::raw::layout::{DEFAULT_STACK_SIZE, Layout, MIN_STACK_SIZE, StackUsage};
use crate::raw_coroutine::RawCoroutine;
use crate::stack::Stack;

/// Synchronous code as a future: a closure on a stack of its own, which is suspended as a whole whenever the
/// closure waits.
///
/// It runs on any executor. Each poll runs the closure until it waits for a future that is pending, or returns.
/// The value is one pointer; its memory is one allocation.
///
/// ```no_run
/// use bysyncify::Coroutine;
/// # async fn read() -> u32 { 7 }
/// # async fn example() {
/// let sum = Coroutine::with_default_stack(|handle| {
///     (0..3).map(|_| handle.embed(read())).sum::<u32>()
/// });
/// println!("{}", sum.await);
/// # }
/// ```
///
/// # Dropping a coroutine
///
/// A coroutine that was not started, or has finished, is just freed. (In WebAssembly without threads, the memory of the
/// last one is kept for the next one of the same size, if it is no larger than twice
/// [`DEFAULT_STACK_SIZE`](crate::DEFAULT_STACK_SIZE).) A suspended coroutine is resumed once more,
/// as by [`cancel`](Coroutine::cancel), so that it can return and its destructors run. A wait in `embed` then has
/// no value to return. Where panics unwind, and with the feature `std`, the stack is unwound instead, without a
/// panic hook. Otherwise the coroutine suspends again.
///
/// If it suspends again, its memory is leaked, and counted by
/// [`abandoned_coroutines`](crate::abandoned_coroutines). Its frames may hold futures that other code points to,
/// so that memory must not be reused. Wait with [`try_embed`](CoreHandle::try_embed) where that matters.
///
/// # Panics
///
/// Where panics unwind, and with the feature `std`, a panic that leaves the closure reaches the code that polls,
/// cancels or drops the coroutine. The coroutine has then ended. A panic that is caught inside has no effect on
/// the coroutine. What runs while a panic unwinds cannot wait. Without `std` a panic that would leave the closure
/// ends the program.
///
/// # Threads
///
/// A coroutine is neither `Send` nor `Sync`, except where the target has no threads: there it is both, for
/// executors whose `spawn` requires it.
///
/// # Native programs
///
/// There the closure runs on a native stack of its own, which is larger than the requested size and has a guard.
/// Panics unwind, and dropping a coroutine unwinds its stack, without the feature `std`: see [their
/// page](crate::guide::native).
///
/// # In a struct
///
/// The type of a closure has no name. [`BoxCoroutine`] is a coroutine whose type has a name.
#[must_use = "a coroutine does nothing unless it is polled: await it, or spawn it"]
pub struct Coroutine<U, T> {
    raw: ManuallyDrop<RawCoroutine<U, T>>,
}

/// A [`Coroutine`] of a boxed closure: a type that can be named, for the field of a struct or for a
/// list of coroutines of different closures.
///
/// It costs an allocation and an indirect call when it is started, and nothing afterwards.
///
/// ```no_run
/// use bysyncify::{BoxCoroutine, embed};
///
/// struct Job {
///     name: String,
///     work: BoxCoroutine<u32>,
/// }
///
/// # async fn fetch() -> u32 { 7 }
/// let work = BoxCoroutine::with_default_stack(Box::new(|handle| handle.embed(fetch()) + 1));
/// let job = Job { name: String::from("first"), work };
/// ```
pub type BoxCoroutine<T> = Coroutine<Box<dyn FnOnce(CoreHandle<'_>) -> T>, T>;

impl<U, T> Coroutine<U, T>
where
    U: FnOnce(CoreHandle<'_>) -> T + 'static,
    T: 'static,
{
    /// Makes a coroutine of `closure`, with a stack of `size` bytes, rounded up to a multiple of 16.
    ///
    /// The closure runs when the coroutine is polled, not before. How much stack it needs depends on the code and
    /// on how it was optimised, and cannot grow: [`Coroutine::with_default_stack`] has a first choice, and
    /// [`Stack::painted`] measures what is needed.
    ///
    /// A stack that is too small ends the program with a message. If `bysyncify-ld` has linked the module, the
    /// program ends before anything is overwritten. Otherwise it ends at the next wait or at the coroutine's end.
    /// Until then, the memory below the stack is overwritten, because WebAssembly has no guard pages.
    ///
    /// # Panics
    ///
    /// Panics if `size` is less than [`MIN_STACK_SIZE`](crate::MIN_STACK_SIZE), or less than the size of the
    /// closure and its result: they are moved to the stack.
    #[track_caller]
    pub fn new(size: usize, closure: U) -> Self {
        // SAFETY: the bounds on `U` and `T` leave nothing that could end before the coroutine.
        unsafe { Self::new_unchecked(size, closure) }
    }

    /// Makes a coroutine of `closure`, with a stack of
    /// [`DEFAULT_STACK_SIZE`](crate::DEFAULT_STACK_SIZE) bytes: 64 KiB, or 256 KiB in an
    /// unoptimised build. Otherwise like [`Coroutine::new`].
    ///
    /// # Panics
    ///
    /// Panics if the closure and its result do not fit: box large values.
    #[track_caller]
    pub fn with_default_stack(closure: U) -> Self {
        Self::new(DEFAULT_STACK_SIZE, closure)
    }

    /// Makes a coroutine of `closure` on an existing stack: see [`Coroutine::into_stack`].
    ///
    /// The coroutine's own data (64 bytes on wasm32, and its closure or its result, whichever is larger) is placed
    /// in the same memory. So `Stack::new(size)` leaves a little less room than `Coroutine::new(size, ..)`.
    /// [`Coroutine::stack_size`] returns how much.
    ///
    /// # Panics
    ///
    /// Panics if less than [`MIN_STACK_SIZE`](crate::MIN_STACK_SIZE) bytes would be left, or less than the size of
    /// the closure and its result. The closure is then dropped, and the stack freed.
    #[track_caller]
    pub fn with_stack(stack: Stack, closure: U) -> Self {
        // SAFETY: the bounds on `U` and `T` leave nothing that could end before the coroutine.
        unsafe { Self::with_stack_unchecked(stack, closure) }
    }
}

impl<U, T> Coroutine<U, T>
where
    U: FnOnce(CoreHandle<'_>) -> T,
{
    /// Like [`Coroutine::new`], for a closure that borrows.
    ///
    /// # Safety
    ///
    /// - What `U` and `T` borrow stays borrowed until the coroutine has *ended*: was polled to completion, or
    ///   cancelled or dropped without being abandoned ([`abandoned_coroutines`](crate::abandoned_coroutines)).
    ///   Forgetting the coroutine does not end it: a suspended frame may have moved a value out of a borrow, to
    ///   put it back later.
    ///
    /// # Panics
    ///
    /// Panics as [`Coroutine::new`] does.
    #[track_caller]
    pub unsafe fn new_unchecked(size: usize, closure: U) -> Self {
        // SAFETY: our caller makes the same promise.
        unsafe { Self::with_body(size, closure) }
    }

    /// Like [`Coroutine::with_stack`], for a closure that borrows.
    ///
    /// # Safety
    ///
    /// - As for [`Coroutine::new_unchecked`].
    ///
    /// # Panics
    ///
    /// Panics as [`Coroutine::with_stack`] does.
    #[track_caller]
    pub unsafe fn with_stack_unchecked(stack: Stack, closure: U) -> Self {
        // SAFETY: our caller makes the same promise.
        unsafe { Self::with_body_on(stack, closure) }
    }
}

impl<U, T> Coroutine<U, T> {
    /// Makes a coroutine of any [`Body`].
    ///
    /// # Safety
    ///
    /// - As for [`Coroutine::new_unchecked`].
    #[track_caller]
    pub(crate) unsafe fn with_body(size: usize, body: U) -> Self
    where
        U: Body<T>,
    {
        assert!(
            size >= MIN_STACK_SIZE,
            "a stack of {size} bytes is too small for a coroutine: give it at least {MIN_STACK_SIZE}"
        );
        let len = Layout::needed(size, RawCoroutine::<U, T>::FRAME_LAYOUT);
        // SAFETY: our caller makes the same promise.
        unsafe { Self::with_body_on(Stack::new(len), body) }
    }

    /// Like [`Coroutine::with_body`], on an existing stack.
    ///
    /// # Safety
    ///
    /// - As for [`Coroutine::new_unchecked`].
    #[track_caller]
    pub(crate) unsafe fn with_body_on(stack: Stack, body: U) -> Self
    where
        U: Body<T>,
    {
        let painted = stack.is_painted();
        // Before the stack gives its memory away: this panics if it is too small.
        let layout =
            RawCoroutine::<U, T>::divide(stack.address(), stack.size()).after(stack.offset());
        let memory = stack.into_raw(RawCoroutine::<U, T>::FRAME_LAYOUT);
        // SAFETY: we own `memory`, and free it only after the coroutine has finished. Our caller
        // makes the same promise about what `U` and `T` borrow. The layout is of this memory.
        let raw = unsafe { RawCoroutine::with_body(memory, layout, body) };
        if painted {
            // SAFETY: it has not started.
            unsafe { raw.core().paint() };
        }
        Self { raw: ManuallyDrop::new(raw) }
    }

    /// Resumes a suspended coroutine once, with cancellation. The [`try_embed`](CoreHandle::try_embed) that it
    /// waits in, and every later one, returns [`EmbedError::Cancelled`](crate::EmbedError::Cancelled), so that the
    /// closure can return and its destructors run.
    ///
    /// Returns what the closure returns. Returns `None` if the coroutine had not been started (then the closure is
    /// dropped), or had already ended. Also returns `None` if it suspended again: then it is *abandoned*, see
    /// "Dropping a coroutine" above. Polling it afterwards panics.
    pub fn cancel(&mut self) -> Option<T> {
        self.raw.cancel()
    }

    /// Returns the memory of a coroutine that has finished, to be used for another one.
    ///
    /// # Errors
    ///
    /// Returns the coroutine itself if it has not finished or was abandoned.
    pub fn into_stack(self) -> Result<Stack, Self> {
        let coroutine = ManuallyDrop::new(self);
        // SAFETY: if this is a stack, `coroutine` is neither used nor dropped.
        match unsafe { coroutine.reclaim() } {
            Some(stack) => Ok(stack),
            None => Err(ManuallyDrop::into_inner(coroutine)),
        }
    }

    /// The size of the stack that the coroutine's frames and its shadow stack share, in bytes.
    pub fn stack_size(&self) -> usize {
        self.raw.stack_size()
    }

    /// How much of the stack is in use while the coroutine is suspended. Exact, and free of cost;
    /// [`Stack::high_water`] returns how much was in use between two suspends.
    pub fn stack_usage(&self) -> StackUsage {
        self.raw.stack_usage()
    }

    /// The functions on the stack while the coroutine is suspended, from where it waits to its closure, with files
    /// and lines where the build has them.
    ///
    /// No code of the coroutine runs (natively, only the code that captures the trace). It waits on as before. A
    /// backtrace costs nothing until it is captured. If the coroutine has not started, is running, or has ended,
    /// the trace says so: see [`BacktraceStatus`](crate::BacktraceStatus).
    ///
    /// ```no_run
    /// # let mut coroutine = bysyncify::Coroutine::with_default_stack(|_| ());
    /// // … it was polled, and waits.
    /// println!("{}", coroutine.backtrace());
    /// ```
    pub fn backtrace(&self) -> Backtrace {
        self.raw.backtrace()
    }

    #[inline]
    pub(crate) fn core(&self) -> &RawCore {
        self.raw.core()
    }

    /// Takes the memory of a coroutine that has finished.
    ///
    /// # Safety
    ///
    /// - The coroutine is not used any more if this returns a stack.
    #[inline]
    unsafe fn reclaim(&self) -> Option<Stack> {
        let (memory, frame) = (self.raw.finished_memory()?, RawCoroutine::<U, T>::FRAME_LAYOUT);
        // SAFETY: it has finished.
        let high_water = unsafe { self.raw.core().high_water() };
        // SAFETY: it came from `Stack::into_raw`. The coroutine has finished, so no frame uses it.
        Some(unsafe { Stack::from_raw(memory, frame, self.stack_size(), high_water) })
    }
}

impl<U, T> Future for Coroutine<U, T> {
    type Output = T;

    /// Runs the closure until it waits for a future that is pending, or returns.
    ///
    /// # Panics
    ///
    /// Where panics unwind, panics if the closure does, with the same payload. Panics if the coroutine has ended:
    /// see [`FusedFuture::is_terminated`].
    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        Pin::new(&mut *self.raw).poll(cx)
    }
}

impl<U, T> Coroutine<U, T> {
    /// Like `poll`. Without a waker, it uses that of the last poll.
    ///
    /// # Safety
    ///
    /// - Without a waker: as for [`RawCore::resume_with`].
    #[inline]
    pub(crate) unsafe fn poll_with(&mut self, waker: Option<&Waker>) -> Poll<T> {
        // SAFETY: our caller's promise.
        unsafe { self.raw.poll_with(waker) }
    }
}

impl<U, T> FusedFuture for Coroutine<U, T> {
    #[inline]
    fn is_terminated(&self) -> bool {
        self.raw.is_terminated()
    }
}

impl<U, T> Drop for Coroutine<U, T> {
    fn drop(&mut self) {
        // A guard, because the memory is freed also if cancelling panics.
        let reclaiming = Reclaiming(self);
        reclaiming.0.raw.cancel();
    }
}

/// Frees the memory of a coroutine that is being dropped, if the coroutine has ended.
struct Reclaiming<'a, U, T>(&'a mut Coroutine<U, T>);

impl<U, T> Drop for Reclaiming<'_, U, T> {
    fn drop(&mut self) {
        // SAFETY: the coroutine is being dropped. If this returns no stack, the memory is leaked.
        let _stack = unsafe { self.0.reclaim() };
    }
}

impl<U, T> fmt::Debug for Coroutine<U, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Coroutine").field(self.raw.core()).finish()
    }
}
