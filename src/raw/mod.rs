//! What touches memory or the switch.

pub(crate) mod call_uninstrumented;
pub(crate) mod control_block;
mod diagnose;
pub(crate) mod fatal;
pub(crate) mod frame;
pub(crate) mod layout;
#[cfg(feature = "alloc")]
pub(crate) mod owned_core;
pub(crate) mod panics;
pub(crate) mod phase;
pub(crate) mod refusal;
pub(crate) mod reporter;
mod resume;
pub(crate) mod switch;
pub(crate) mod waker;
