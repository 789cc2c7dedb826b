//! The traits of the crate `awaiter-trait`, in both of its incompatible versions.
//!
//! Version 0.2.8 implements `UnsafeAwaiter` for `dyn DynAwaiterMut` by an endless recursion. Nothing here uses
//! that implementation.

use core::pin::Pin;

use crate::handle::{CoreHandle, RawCoreHandle};
use crate::raw::control_block::RawCore;

macro_rules! implement {
    ($feature:literal, $traits:ident, $future:ty) => {
        #[cfg(feature = $feature)]
        const _: () = {
            // Each method forwards to `embed`.
            impl $traits::Awaiter for RawCore {
                fn r#await<T>(&self, future: $future) -> T {
                    self.embed(future)
                }
            }
    $traits::autoimpl!(<> RawCore as Awaiter);

            impl $traits::Awaiter for CoreHandle<'_> {
                fn r#await<T>(&self, future: $future) -> T {
                    self.embed(future)
                }
            }
    $traits::autoimpl!(<> CoreHandle<'_> as Awaiter);

            impl $traits::UnsafeAwaiter for RawCoreHandle {
                unsafe fn unsafe_await<T>(&self, future: $future) -> T {
                    // SAFETY: our caller vouches for the coroutine's memory.
                    unsafe { self.embed(future) }
                }
            }
    $traits::autoimpl!(<> RawCoreHandle as UnsafeAwaiter);

            #[cfg(feature = "alloc")]
            impl $traits::Awaiter for crate::Core {
                fn r#await<T>(&self, future: $future) -> T {
                    self.embed(future)
                }
            }
            #[cfg(feature = "alloc")]
    $traits::autoimpl!(<> crate::Core as Awaiter);
        };
    };
}

implement!("awaiter-trait", awaiter_trait, Pin<&mut (dyn Future<Output = T> + '_)>);
implement!("awaiter-trait-01", awaiter_trait_01, Pin<&mut dyn Future<Output = T>>);

#[cfg(all(feature = "alloc", feature = "awaiter-trait"))]
pub use marker::CoroutineMarker;

#[cfg(all(feature = "alloc", feature = "awaiter-trait"))]
mod marker {
    use awaiter_trait::r#dyn::{DynAwaiter, DynAwaiterMut, DynUnsafeAwaiter, DynUnsafeAwaiterMut};

    use crate::{CoreHandle, Coroutine};

    /// Makes coroutines through [`awaiter_trait::Coroutine`], all with the same stack size.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub struct CoroutineMarker {
        size: usize,
    }

    impl CoroutineMarker {
        /// A marker for stacks of `size` bytes.
        ///
        /// # Safety
        ///
        /// `awaiter_trait::Coroutine::exec` is safe and takes closures that borrow. The caller of `new` makes this
        /// promise for all users of the marker:
        ///
        /// - What a closure given to `exec`, or its result, borrows stays borrowed until the future that `exec`
        ///   returned has ended, as for [`Coroutine::new_unchecked`](crate::Coroutine::new_unchecked). In short:
        ///   these futures are not forgotten, and no closure waits again after it was cancelled.
        pub const unsafe fn new(size: usize) -> Self {
            Self { size }
        }

        /// The size of the stacks, in bytes.
        pub const fn size(self) -> usize {
            self.size
        }
    }

    /// Implements one of the eight traits. They differ in how they borrow the marker, and in the type of the
    /// handle. Not by `autoimpl!`: that needs trait upcasting, which Rust 1.85 does not have.
    macro_rules! implement {
        ($($trait:ident::$exec:ident(&[$($self_mut:ident)?], &[$($mut:ident)?] $awaiter:ident)
            $($unsafe:ident)?;)*) => {$(
            impl awaiter_trait::$trait for CoroutineMarker {
                $($unsafe)? fn $exec<T>(
                    &$($self_mut)? self,
                    closure: impl FnOnce(&$($mut)? (dyn $awaiter + '_)) -> T,
                ) -> impl Future<Output = T> {
                    let closure = move |$($mut)? handle: CoreHandle<'_>| {
                        closure(&$($mut)? handle)
                    };
                    // SAFETY: the caller of `CoroutineMarker::new` has promised it.
                    unsafe { Coroutine::new_unchecked(self.size, closure) }
                }
            }
        )*};
    }

    implement! {
        Coroutine::exec(&[], &[] DynAwaiter);
        CoroutineSelfMut::exec_self_mut(&[mut], &[] DynAwaiter);
        CoroutineMut::exec_mut(&[], &[mut] DynAwaiterMut);
        CoroutineMutSelfMut::exec_mut_self_mut(&[mut], &[mut] DynAwaiterMut);
        UnsafeCoroutine::unsafe_exec(&[], &[] DynUnsafeAwaiter) unsafe;
        UnsafeCoroutineSelfMut::unsafe_exec_self_mut(&[mut], &[] DynUnsafeAwaiter) unsafe;
        UnsafeCoroutineMut::unsafe_exec_mut(&[], &[mut] DynUnsafeAwaiterMut) unsafe;
        UnsafeCoroutineMutSelfMut::unsafe_exec_mut_self_mut(&[mut], &[mut] DynUnsafeAwaiterMut)
            unsafe;
    }
}
