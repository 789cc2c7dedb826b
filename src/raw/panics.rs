//! Panics that leave a coroutine's closure.
//!
//! They cannot be left to go on: below the entry function is the switch, which knows nothing of
//! exceptions, and the poller's stack pointer has to be set first. So where panics unwind each one
//! is caught where it would leave the coroutine's stack, kept in the coroutine's memory, and
//! raised again by the poll, on the stack of whoever polls:
//!
//! ```text
//!   poll ─► resume ═══ switch ═══► entry ─► catch ─► the closure ─► … panic!
//!                                             ▲ unwinds, destructors run │
//!    ▲  the payload is raised again           └──────────────────────────┘
//!    └──── returns ◄══ switch ════ returns
//! ```
//!
//! That takes `std`, and so the feature of that name; natively there always is `std`. Without it such a panic ends the program with
//! a message. Where panics abort, as is usual on wasm, there is nothing to catch: [`Payload`] is an
//! empty type, and none of this is in the program.
//!
//! The same way out serves a coroutine that is cancelled while it waits in `embed`, which has
//! nothing to return: a payload of our own, raised without the panic hook, unwinds its stack.

#[cfg(all(bysyncify_std, panic = "unwind"))]
mod imp {
    use alloc::boxed::Box;
    use core::any::Any;
    use core::mem;
    use core::panic::AssertUnwindSafe;
    use std::panic;

    /// What a panic carries.
    pub(crate) struct Payload(Box<dyn Any + Send>);

    /// The payload that unwinds a cancelled coroutine.
    struct Cancellation;

    /// Calls `function`; an error if it panics.
    #[inline(always)]
    pub(crate) fn catch<R>(function: impl FnOnce() -> R) -> Result<R, Payload> {
        // Whatever a panic leaves half done is seen again only by those who would also see it if
        // the caller's own frame were unwound: the payload is raised again, or the coroutine ends.
        panic::catch_unwind(AssertUnwindSafe(function)).map_err(Payload)
    }

    impl Payload {
        /// Goes on with the panic.
        #[cold]
        #[inline(never)]
        pub(crate) fn resume(self) -> ! {
            panic::resume_unwind(self.0)
        }

        /// Whether it is that of [`unwind_cancelled`].
        pub(crate) fn is_cancellation(&self) -> bool {
            self.0.is::<Cancellation>()
        }

        /// Lets go of it. Its destructor could panic, and is not run.
        pub(crate) fn forget(self) {
            mem::forget(self.0);
        }
    }

    /// Unwinds the stack of a coroutine that was cancelled, without the panic hook.
    pub(crate) fn unwind_cancelled() {
        panic::resume_unwind(Box::new(Cancellation))
    }
}

#[cfg(not(all(bysyncify_std, panic = "unwind")))]
mod imp {
    #[cfg(panic = "unwind")]
    use crate::raw::fatal::{Fatal, fatal};

    /// Of a panic that nobody can catch.
    pub(crate) enum Payload {}

    /// Calls `function`, which ends the program if it panics.
    #[inline(always)]
    pub(crate) fn catch<R>(function: impl FnOnce() -> R) -> Result<R, Payload> {
        #[cfg(panic = "unwind")]
        let stop = Stop;
        let result = function();
        #[cfg(panic = "unwind")]
        core::mem::forget(stop);
        Ok(result)
    }

    /// Ends the program if it is dropped, which only unwinding does.
    #[cfg(panic = "unwind")]
    struct Stop;

    #[cfg(panic = "unwind")]
    impl Drop for Stop {
        fn drop(&mut self) {
            fatal(&Fatal::PanicWithoutStd)
        }
    }

    impl Payload {
        pub(crate) fn resume(self) -> ! {
            match self {}
        }

        pub(crate) fn is_cancellation(&self) -> bool {
            match *self {}
        }

        pub(crate) fn forget(self) {
            match self {}
        }
    }

    /// Does nothing: there is no way to unwind.
    pub(crate) fn unwind_cancelled() {}
}

pub(crate) use imp::{Payload, catch, unwind_cancelled};

/// Whether that can be known at all: see [`is_panicking`].
pub(crate) const CAN_BE_TOLD: bool = cfg!(bysyncify_std);

/// Whether a panic is under way on this thread, as far as can be known: then another one must not leave
/// a destructor.
#[inline]
pub(crate) fn is_panicking() -> bool {
    #[cfg(bysyncify_std)]
    return std::thread::panicking();
    #[cfg(not(bysyncify_std))]
    false
}
