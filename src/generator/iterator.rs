//! Iterators out: a coroutine that only yields.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use core::fmt;
use core::iter::FusedIterator;
use core::task::{Poll, Waker};

use crate::backtrace::Backtrace;
use crate::generator::producer::{Produce, Producer};
use crate::generator::yielder::Yielder;
use crate::handle::CoreHandle;
use crate::raw::layout::{DEFAULT_STACK_SIZE, StackUsage};
use crate::stack::Stack;

/// Synchronous code as an iterator: a closure on a stack of its own, which yields values from any depth of calls.
/// Needs no executor.
///
/// It turns code with callbacks (a visitor, a parser, a recursion) into an iterator.
///
/// ```no_run
/// use bysyncify::{EmbedError, Generator, Yielder};
///
/// enum Tree {
///     Leaf(u32),
///     Node(Vec<Tree>),
/// }
///
/// fn walk(tree: &Tree, yielder: Yielder<'_, u32>) -> Result<(), EmbedError> {
///     match tree {
///         Tree::Leaf(value) => yielder.try_yield(*value),
///         Tree::Node(trees) => trees.iter().try_for_each(|tree| walk(tree, yielder)),
///     }
/// }
///
/// fn leaves(tree: Tree) -> impl Iterator<Item = u32> {
///     Generator::with_default_stack(move |yielder| {
///         // An error: the iterator is being dropped, and the rest is not wanted.
///         let _ = walk(&tree, yielder);
///     })
/// }
/// ```
///
/// # Waiting
///
/// Nothing could wake it: an iterator has to have its next value when it is asked. So [`next`](Iterator::next)
/// panics if the closure waits for a pending future (with [`embed`](crate::embed())).
/// [`AsyncGenerator`](crate::AsyncGenerator) is for code that waits. In a coroutine, `handle.iter(generator)` is
/// an iterator over it.
///
/// # Dropping a generator
///
/// As with [`AsyncGenerator`](crate::AsyncGenerator): if a generator is dropped before its end, its
/// [`Yielder::try_yield`] returns an error. Its [`Yielder::yield_`] does not return then, as
/// [`embed`](crate::embed()) does not.
#[must_use = "an iterator does nothing unless it is consumed"]
pub struct Generator<U, Y>(Producer<Yielding<U>, Y>);

/// A [`Generator`] of a boxed closure: a type that can be named, as
/// [`BoxCoroutine`](crate::BoxCoroutine) is.
pub type BoxGenerator<Y> = Generator<Box<dyn FnOnce(Yielder<'_, Y>)>, Y>;

/// A closure that only yields.
struct Yielding<U>(U);

impl<U, Y> Produce<Y> for Yielding<U>
where
    U: FnOnce(Yielder<'_, Y>),
{
    #[inline(always)]
    fn produce(self, _: CoreHandle<'_>, yielder: Yielder<'_, Y>) {
        (self.0)(yielder);
    }
}

impl<U, Y> Generator<U, Y>
where
    U: FnOnce(Yielder<'_, Y>) + 'static,
    Y: 'static,
{
    /// Makes an iterator of `closure`, with a stack of `size` bytes: see
    /// [`Coroutine::new`](crate::Coroutine::new).
    ///
    /// # Panics
    ///
    /// Panics as [`Coroutine::new`](crate::Coroutine::new) does.
    #[track_caller]
    pub fn new(size: usize, closure: U) -> Self {
        // SAFETY: the bounds on `U` and `Y` leave nothing that could end before the coroutine.
        unsafe { Self::new_unchecked(size, closure) }
    }

    /// Makes an iterator of `closure`, with a stack of
    /// [`DEFAULT_STACK_SIZE`](crate::DEFAULT_STACK_SIZE) bytes: see
    /// [`Coroutine::with_default_stack`](crate::Coroutine::with_default_stack).
    ///
    /// # Panics
    ///
    /// Panics as [`Coroutine::with_default_stack`](crate::Coroutine::with_default_stack) does.
    #[track_caller]
    pub fn with_default_stack(closure: U) -> Self {
        Self::new(DEFAULT_STACK_SIZE, closure)
    }

    /// Makes an iterator of `closure` on an existing stack: see
    /// [`Coroutine::with_stack`](crate::Coroutine::with_stack).
    ///
    /// # Panics
    ///
    /// Panics as [`Coroutine::with_stack`](crate::Coroutine::with_stack) does.
    #[track_caller]
    pub fn with_stack(stack: Stack, closure: U) -> Self {
        // SAFETY: the bounds on `U` and `Y` leave nothing that could end before the coroutine.
        unsafe { Self::with_stack_unchecked(stack, closure) }
    }
}

impl<U, Y> Generator<U, Y>
where
    U: FnOnce(Yielder<'_, Y>),
{
    /// Like [`Generator::new`], for a closure that borrows.
    ///
    /// # Safety
    ///
    /// - As for [`Coroutine::new_unchecked`](crate::Coroutine::new_unchecked): what `U` and `Y`
    ///   borrow stays borrowed until the iterator has ended, or was dropped without being
    ///   abandoned.
    ///
    /// # Panics
    ///
    /// Panics as [`Coroutine::new`](crate::Coroutine::new) does.
    #[track_caller]
    pub unsafe fn new_unchecked(size: usize, closure: U) -> Self {
        // SAFETY: our caller makes the same promise.
        Self(unsafe { Producer::new(size, Yielding(closure)) })
    }

    /// Like [`Generator::with_stack`], for a closure that borrows.
    ///
    /// # Safety
    ///
    /// - As for [`Generator::new_unchecked`].
    ///
    /// # Panics
    ///
    /// Panics as [`Coroutine::with_stack`](crate::Coroutine::with_stack) does.
    #[track_caller]
    pub unsafe fn with_stack_unchecked(stack: Stack, closure: U) -> Self {
        // SAFETY: our caller makes the same promise.
        Self(unsafe { Producer::with_stack(stack, Yielding(closure)) })
    }
}

impl<U, Y> Generator<U, Y> {
    /// Ends the iterator: resumes the closure once, with cancellation, if it is suspended, as
    /// [`Coroutine::cancel`](crate::Coroutine::cancel) does. The iterator has no more values.
    ///
    /// Dropping it does the same; after this [`into_stack`](Self::into_stack) may return its memory.
    pub fn cancel(&mut self) {
        self.0.cancel();
    }

    /// Returns the memory of an iterator that has ended, to be used for another one.
    ///
    /// # Errors
    ///
    /// Returns the iterator itself if it has not ended.
    pub fn into_stack(self) -> Result<Stack, Self> {
        self.0.into_stack().map_err(Self)
    }

    /// Gives it a name: see [`Coroutine::named`](crate::Coroutine::named).
    pub fn named(self, name: impl Into<Cow<'static, str>>) -> Self {
        Self(self.0.named(name.into()))
    }

    /// Has it run in this span: see [`Coroutine::in_span`](crate::Coroutine::in_span).
    #[cfg(feature = "tracing")]
    pub fn in_span(self, span: tracing::Span) -> Self {
        Self(self.0.in_span(span))
    }

    /// The size of its stack in bytes: see [`Coroutine::stack_size`](crate::Coroutine::stack_size).
    pub fn stack_size(&self) -> usize {
        self.0.coroutine().stack_size()
    }

    /// How much of the stack is in use between two values: see
    /// [`Coroutine::stack_usage`](crate::Coroutine::stack_usage).
    pub fn stack_usage(&self) -> StackUsage {
        self.0.coroutine().stack_usage()
    }

    /// The functions on the stack while the generator is suspended: see
    /// [`Coroutine::backtrace`](crate::Coroutine::backtrace).
    pub fn backtrace(&self) -> Backtrace {
        self.0.coroutine().backtrace()
    }
}

impl<U, Y> Iterator for Generator<U, Y> {
    type Item = Y;

    /// Runs the closure until it yields or returns.
    ///
    /// # Panics
    ///
    /// Panics if the closure waits for a future that is pending. The generator stays suspended
    /// there.
    #[inline]
    #[track_caller]
    fn next(&mut self) -> Option<Y> {
        // SAFETY: values are taken here and nowhere else.
        match unsafe { self.0.step_with_one(Waker::noop()) } {
            Poll::Ready(value) => value,
            Poll::Pending => cannot_wait(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<U, Y> FusedIterator for Generator<U, Y> {}

impl<U, Y> fmt::Debug for Generator<U, Y> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Generator").field(&self.0).finish()
    }
}

#[cold]
#[track_caller]
fn cannot_wait() -> ! {
    panic!(
        "cannot wait for a pending future in a `Generator`: use an `AsyncGenerator`, and \
         `handle.iter` to iterate over it"
    )
}
