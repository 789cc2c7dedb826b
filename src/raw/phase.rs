//! Where a coroutine is in its life.
//!
//! Asyncify keeps a state of its own, but a module cannot ask for it: Binaryen refuses the
//! import `asyncify.get_state` in every version up to 132, whatever its documentation says
//! ("call to unidenfied asyncify import"). So we keep our own record, one for each coroutine.
//!
//! ```text
//!                  (1)            (2)
//!        Ready ──────────► Running ───► Unwinding
//!          │                │   ▲           │ (3)
//!      (6) │            (5) │   │ (4)       ▼
//!          │                │   └─ Rewinding ◄─ Suspended
//!          ▼                ▼               (1)     │
//!       Finished ◄──────────┘                       │ (7)
//!                                Abandoned ◄────────┘
//! ```
//!
//! 1. `bysyncify_resume`, called by `RawCore::resume`
//! 2. `bysyncify_suspend`, called by `try_embed`
//! 3. `bysyncify_resume`, when the unwind has arrived there
//! 4. `bysyncify_suspend`, when the rewind has arrived there
//! 5. `RawCore::resume`, when the entry function has returned
//! 6. `RawCore::end`, for a coroutine that is dropped or cancelled before its first poll
//! 7. `RawCore::end`, for one that suspends although it was cancelled
//!
//! One whose entry function has returned because a panic has left its closure is `Panicked`
//! instead of `Finished`, as soon as that was looked at (`RawCoroutine`).
//!
//! User code runs in `Running` only. `Unwinding` and `Rewinding` are visible to it nowhere;
//! code that sees them is in a function that Asyncify did not instrument.

#![forbid(unsafe_code)]

use crate::abi;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Phase {
    /// Not yet polled. Its closure is still in its slot.
    Ready = 0,
    /// On the call stack, innermost or with coroutines of its own inside.
    Running = abi::RUNNING,
    /// Its frames are being saved.
    Unwinding = abi::UNWINDING,
    /// Its frames are saved; nothing of it is on the call stack.
    Suspended = abi::SUSPENDED,
    /// Its frames are being restored.
    Rewinding = abi::REWINDING,
    /// Its closure has returned, or was dropped unused. Its memory is free to be reused.
    Finished = 5,
    /// It was cancelled and suspended again. Its memory is never touched again.
    Abandoned = 6,
    /// A panic has left its closure. All its frames are gone, so its memory is free.
    Panicked = 7,
}

impl Phase {
    /// Reads what the switch or we have written. Anything else would mean that the memory was
    /// overwritten: then it had better be left alone.
    #[inline]
    pub(crate) fn decode(raw: u32) -> Self {
        match raw {
            0 => Self::Ready,
            abi::RUNNING => Self::Running,
            abi::UNWINDING => Self::Unwinding,
            abi::SUSPENDED => Self::Suspended,
            abi::REWINDING => Self::Rewinding,
            5 => Self::Finished,
            7 => Self::Panicked,
            _ => Self::Abandoned,
        }
    }
}

/// Panics, and says why a coroutine in this phase is not polled.
#[cold]
pub(crate) fn cannot_poll(phase: Phase) -> ! {
    match phase {
        Phase::Finished => panic!("cannot poll a coroutine after it has finished"),
        Phase::Abandoned => panic!("cannot poll a coroutine after it was cancelled"),
        Phase::Panicked => panic!("cannot poll a coroutine after it has panicked"),
        _ => panic!("cannot poll a coroutine while it is running"),
    }
}

/// Whether the module is pausing or resuming a coroutine: what Asyncify documents as the
/// result of `asyncify_get_state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum State {
    /// Code runs as usual.
    Normal = 0,
    /// The innermost coroutine is being suspended.
    Unwinding = 1,
    /// The innermost coroutine is being resumed.
    Rewinding = 2,
}

impl From<Phase> for State {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Unwinding => Self::Unwinding,
            Phase::Rewinding => Self::Rewinding,
            _ => Self::Normal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phase_decodes_to_itself() {
        for raw in 0..=7 {
            assert_eq!(Phase::decode(raw) as u32, raw);
        }
    }
}
