//! Panics that leave a coroutine's closure.
//!
//! They cannot unwind further: below the entry function is the switch, which does not handle exceptions, and the
//! poller's stack pointer has to be set first. So where panics unwind, each one is caught where it would leave the
//! coroutine's stack. It is kept in the coroutine's memory, and raised again by the poll, on the poller's stack:
//!
//! ```text
//!   poll ─► resume ═══ switch ═══► entry ─► catch ─► the closure ─► … panic!
//!                                             ▲ unwinds, destructors run │
//!    ▲  the payload is raised again           └──────────────────────────┘
//!    └──── returns ◄══ switch ════ returns
//! ```
//!
//! That needs `std`, and so the feature of that name; natively there is always `std`. Without it, such a panic
//! ends the program with a message. Where panics abort, as is usual on wasm, there is nothing to catch:
//! [`Payload`] is an empty type, and the program contains none of this.
//!
//! A coroutine that is cancelled while it waits in `embed` has nothing to return. Its stack is unwound in the same
//! way: by a payload of this crate, raised without the panic hook.

#[cfg(all(bysyncify_std, panic = "unwind"))]
mod imp {
    use alloc::boxed::Box;
    use core::any::Any;
    use core::mem;
    use core::panic::AssertUnwindSafe;
    use std::panic;

    /// The payload of a panic.
    pub(crate) struct Payload(Box<dyn Any + Send>);

    /// The payload that unwinds a cancelled coroutine.
    struct Cancellation;

    /// Calls `function`. Returns an error if it panics.
    #[inline(always)]
    pub(crate) fn catch<R>(function: impl FnOnce() -> R) -> Result<R, Payload> {
        // A panic may leave data half changed. Only code sees that data again that would also see it if the
        // caller's own frame were unwound: the payload is raised again, or the coroutine ends.
        panic::catch_unwind(AssertUnwindSafe(function)).map_err(Payload)
    }

    impl Payload {
        /// Continues the panic.
        #[cold]
        #[inline(never)]
        pub(crate) fn resume(self) -> ! {
            panic::resume_unwind(self.0)
        }

        /// Whether it is the payload of [`unwind_cancelled`].
        pub(crate) fn is_cancellation(&self) -> bool {
            self.0.is::<Cancellation>()
        }

        /// Forgets the payload: its destructor could panic, and is not run.
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

    /// The payload of a panic, without values: no panic can be caught.
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

    /// Does nothing: unwinding is not possible.
    pub(crate) fn unwind_cancelled() {}
}

pub(crate) use imp::{Payload, catch, unwind_cancelled};

/// Whether a panic in progress can be detected: see [`is_panicking`].
pub(crate) const CAN_BE_TOLD: bool = cfg!(bysyncify_std);

/// Whether a panic is in progress on this thread, as far as can be detected: then another one must not leave a
/// destructor.
#[inline]
pub(crate) fn is_panicking() -> bool {
    #[cfg(bysyncify_std)]
    return std::thread::panicking();
    #[cfg(not(bysyncify_std))]
    false
}
