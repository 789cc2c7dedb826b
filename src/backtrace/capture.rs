//! Captures the backtrace of a coroutine.

use alloc::vec::Vec;

use super::{Backtrace, BacktraceFrame, BacktraceStatus, trim};
use crate::raw::control_block::RawCore;
use crate::raw::phase::Phase;

impl RawCore {
    /// The functions on its stack while it is suspended.
    pub(crate) fn backtrace(&self) -> Backtrace {
        if self.phase() != Phase::Suspended {
            return Backtrace::without_frames(BacktraceStatus::NotSuspended);
        }
        match frames(self) {
            Some(mut frames) => {
                trim::trim(&mut frames);
                Backtrace { status: BacktraceStatus::Captured, frames }
            }
            None => Backtrace::without_frames(BacktraceStatus::Unsupported),
        }
    }
}

#[cfg(bysyncify_native)]
fn frames(core: &RawCore) -> Option<Vec<BacktraceFrame>> {
    super::native::frames(core)
}

#[cfg(bysyncify_switch)]
fn frames(core: &RawCore) -> Option<Vec<BacktraceFrame>> {
    // Its frames are read, and whoever is called by that could end it: an allocator for one.
    core.while_held(|| super::saved::frames(core))
}

/// A coroutine that is a thread cannot capture its stack.
#[cfg(not(any(bysyncify_native, bysyncify_switch)))]
fn frames(_: &RawCore) -> Option<Vec<BacktraceFrame>> {
    None
}
