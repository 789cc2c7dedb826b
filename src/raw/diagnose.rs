//! Finds out what is wrong with a coroutine, after the switch or `embed` has seen an error.
//!
//! The switch returns only a number. The rest is in the control block: the phase shows what was in progress, and
//! the ends of the stack show how far each half has grown. The canary is checked first: if it was overwritten, no
//! other field is reliable.

use core::mem::MaybeUninit;

use super::blame::fatal_of;
use super::call_uninstrumented::diverge_uninstrumented;
use super::control_block::RawCore;
use super::fatal::Fatal;
use super::layout::RED_ZONE;
use super::phase::Phase;
use super::switch::{ActiveSwitch, Switch};
use crate::abi;

impl RawCore {
    #[cold]
    pub(super) fn unsound_resume(&self) -> ! {
        let cause = match self.phase() {
            Phase::Running => Fatal::ForeignUnwind,
            _ => Fatal::LostFrames,
        };
        fatal_of(self, &self.overflow().unwrap_or(cause))
    }

    /// Ends the program after `bysyncify_suspend` has returned an error. Called outside of any coroutine, so that
    /// no unwind continues.
    #[cold]
    pub(crate) fn unsound_suspend(&self, outcome: u32) -> ! {
        let cause = match self.phase() {
            _ if outcome == abi::SUSPEND_NOT_CURRENT => Fatal::NotCurrent,
            _ if outcome == abi::SUSPEND_FOREIGN_STACK => Fatal::ForeignStack,
            Phase::Running => Fatal::LostFrames,
            _ => Fatal::NotInstrumented,
        };
        fatal_of(self, &self.overflow().unwrap_or(cause))
    }

    /// Ends the program if the shadow stack has been below the stack, or has nearly reached the saved frames. The
    /// functions that `embed` itself calls must fit, because they work on this core.
    #[inline]
    pub(crate) fn assert_room(&self) {
        if !ActiveSwitch::STACK_IS_IN_MEMORY {
            return;
        }
        // The address of a local: the shadow stack's pointer, or a little above. A frame that is larger than the
        // canary, and was not filled, may not have touched the canary.
        let here = MaybeUninit::<u8>::uninit();
        let here = core::hint::black_box(&raw const here).addr();
        let lowest = here.saturating_sub(RED_ZONE);
        if !self.is_intact() || lowest < self.saved_to().addr() {
            diverge_uninstrumented(|| {
                if !self.is_intact() {
                    fatal_of(self, &Fatal::CanaryDead)
                }
                let (needed, size) = (self.needed_down_to(lowest), self.stack_size());
                fatal_of(self, &Fatal::ShadowOverflow { needed, size })
            });
        }
    }

    /// Whether the canary is intact: then the shadow stack has stayed within the stack, as far as can be seen.
    #[inline]
    fn is_intact(&self) -> bool {
        // SAFETY: a field of ours. Volatile because it is written by stack frames that have grown
        // too far, which the compiler does not know of.
        unsafe { (&raw const self.canary).read_volatile() == abi::CANARY_VALUE }
    }

    /// The error, if it is one of the stack.
    fn overflow(&self) -> Option<Fatal> {
        if !self.is_intact() {
            // No other field is reliable.
            return Some(Fatal::CanaryDead);
        }
        let (saved_to, end) = (self.saved_to(), self.saved_to_at_most());
        let stack_pointer = self.stack_pointer.get();
        let (stack, size) = (self.stack_range(), self.stack_size());
        if stack_pointer > stack.end {
            Some(Fatal::ForeignStack)
        } else if stack_pointer < stack.start {
            let needed = stack.end.addr().saturating_sub(stack_pointer.addr());
            Some(Fatal::ShadowOverflow { needed, size })
        } else if saved_to > end && self.phase() == Phase::Running {
            // There was too little room even before an unwind began.
            Some(Fatal::ShadowOverflow { needed: self.needed_down_to(end.addr()), size })
        } else if saved_to > end {
            let needed = saved_to.addr() - stack.start.addr();
            let available = end.addr().saturating_sub(stack.start.addr());
            Some(Fatal::FramesOverflow { needed, available, size })
        } else {
            None
        }
    }
}
