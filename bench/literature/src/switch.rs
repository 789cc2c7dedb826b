//! Coroutines that yield: this library's, or corosensei's.

/// What is asked for as a stack, in bytes.
///
/// All workloads get by with it, but in a build that is not optimised, where frames are large.
pub(crate) const STACK: usize = if cfg!(debug_assertions) { 64 * 1024 } else { 8 * 1024 };

#[cfg(target_family = "wasm")]
mod imp {
    pub(crate) use bysyncify::Yielder;

    /// A closure that yields, as an iterator over what it yields.
    pub(crate) fn generator<Y: 'static, U>(body: U) -> impl Iterator<Item = Y> + use<Y, U>
    where
        U: FnOnce(Yielder<'_, Y>) + 'static,
    {
        bysyncify::Generator::new(super::STACK, body)
    }
}

#[cfg(not(target_family = "wasm"))]
mod imp {
    use std::cell::RefCell;

    use corosensei::stack::DefaultStack;
    use corosensei::{Coroutine, CoroutineResult};

    /// What a generator's closure is given to yield with.
    pub(crate) struct Yielder<'a, Y>(&'a corosensei::Yielder<(), Y>);

    impl<Y> Clone for Yielder<'_, Y> {
        fn clone(&self) -> Self {
            *self
        }
    }

    impl<Y> Copy for Yielder<'_, Y> {}

    impl<Y> Yielder<'_, Y> {
        pub(crate) fn yield_(&self, value: Y) {
            self.0.suspend(value);
        }
    }

    thread_local! {
        /// Stacks of coroutines that have ended: to map memory takes far longer than all that is measured.
        static FREE: RefCell<Vec<DefaultStack>> = const { RefCell::new(Vec::new()) };
    }

    /// Nothing is left of one that has ended.
    struct Generator<Y>(Option<Coroutine<(), Y, ()>>);

    impl<Y> Iterator for Generator<Y> {
        type Item = Y;

        fn next(&mut self) -> Option<Y> {
            match self.0.as_mut()?.resume(()) {
                CoroutineResult::Yield(value) => Some(value),
                CoroutineResult::Return(()) => {
                    let stack = self.0.take().map(Coroutine::into_stack);
                    FREE.with_borrow_mut(|free| free.extend(stack));
                    None
                }
            }
        }
    }

    /// A closure that yields, as an iterator over what it yields.
    pub(crate) fn generator<Y: 'static, U>(body: U) -> impl Iterator<Item = Y> + use<Y, U>
    where
        U: FnOnce(Yielder<'_, Y>) + 'static,
    {
        let stack = FREE.with_borrow_mut(Vec::pop);
        let stack =
            stack.unwrap_or_else(|| DefaultStack::new(super::STACK).expect("memory for a stack"));
        Generator(Some(Coroutine::with_stack(stack, |yielder, ()| body(Yielder(yielder)))))
    }
}

pub(crate) use imp::{Yielder, generator};
