//! The phases of a coroutine.
//!
//! Asyncify keeps a state of its own, but a module cannot read it: Binaryen refuses the import
//! `asyncify.get_state` in every version up to 132, whatever its documentation says ("call to unidenfied asyncify
//! import"). So this crate keeps its own record, one for each coroutine.
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
//! 3. `bysyncify_resume`, at the end of the unwind
//! 4. `bysyncify_suspend`, at the end of the rewind
//! 5. `RawCore::resume`, when the entry function has returned
//! 6. `RawCore::end`, for a coroutine that is dropped or cancelled before its first poll
//! 7. `RawCore::end`, for a coroutine that suspends although it was cancelled
//!
//! If a panic has left the closure, the entry function returns as well. The phase becomes `Panicked` instead of
//! `Finished`, as soon as `RawCoroutine` has read the result.
//!
//! Natively a coroutine is suspended while its core has a wait, and its record stays `Running`: one word less is
//! written at each switch. (1) is `Native::prepare` there, and (2) to (4) are `suspend` in `src/raw/switch/native.rs`.
//!
//! User code runs in `Running` only. Code that sees `Unwinding` or `Rewinding` is in a function that Asyncify did
//! not instrument.

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
    /// Decodes what the switch or this crate has written. Any other value means that the memory was overwritten:
    /// then the coroutine counts as abandoned, and is left alone.
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

/// Panics with the reason why a coroutine in this phase is not polled.
#[cold]
pub(crate) fn cannot_poll(phase: Phase) -> ! {
    match phase {
        Phase::Finished => panic!("cannot poll a coroutine after it has finished"),
        Phase::Abandoned => panic!("cannot poll a coroutine after it was cancelled"),
        Phase::Panicked => panic!("cannot poll a coroutine after it has panicked"),
        _ => panic!("cannot poll a coroutine while it is running"),
    }
}

/// Whether the module is suspending or resuming a coroutine: what Asyncify documents as the result of
/// `asyncify_get_state`.
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
