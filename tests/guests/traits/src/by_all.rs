//! One wait by each method of a trait and of its supertraits.
//!
//! Each adds a digit of its own, so that the sum shows which were called.

/// How often a coroutine with four waits is polled.
pub(crate) const POLLS: usize = 5;

/// The result of `by_all`.
pub(crate) const SUM: u32 = 1111;

macro_rules! by_all {
    ($module:ident, $traits:ident) => {
        pub(crate) mod $module {
            use guest_support::after_one_poll;
            use std::pin::pin;
            use $traits::{Awaiter, AwaiterMut, UnsafeAwaiter};

            /// Waits by `Awaiter`, and by its three supertraits.
            pub(crate) fn by_all(awaiter: &mut impl Awaiter) -> u32 {
                let one = awaiter.r#await(pin!(after_one_poll(1)));
                let ten = awaiter.await_mut(pin!(after_one_poll(10)));
                // SAFETY: it is an `Awaiter`, so this is no less safe than `await`.
                one + ten + unsafe { by_unsafe(awaiter) }
            }

            /// Waits by `AwaiterMut`, and by its supertrait.
            pub(crate) fn by_mut(awaiter: &mut (impl AwaiterMut + ?Sized)) -> u32 {
                let ten = awaiter.await_mut(pin!(after_one_poll(10)));
                // SAFETY: it is an `AwaiterMut`, so this is no less safe than `await_mut`.
                ten + unsafe { awaiter.unsafe_await_mut(pin!(after_one_poll(1000))) }
            }

            /// Waits by `UnsafeAwaiter`, and by its supertrait.
            ///
            /// # Safety
            ///
            /// - As in `UnsafeAwaiter`.
            pub(crate) unsafe fn by_unsafe(awaiter: &mut (impl UnsafeAwaiter + ?Sized)) -> u32 {
                // SAFETY: our caller's promise.
                let hundred = unsafe { awaiter.unsafe_await(pin!(after_one_poll(100))) };
                // SAFETY: likewise.
                let thousand = unsafe { awaiter.unsafe_await_mut(pin!(after_one_poll(1000))) };
                hundred + thousand
            }
        }
    };
}

by_all!(v01, awaiter_trait_01);
by_all!(v02, awaiter_trait);
