//! The parts of [`Coroutine`](crate::Coroutine): for programs without an allocator, and for authors of a coroutine
//! type or a switch of their own.
//!
//! | to … | there is |
//! |---|---|
//! | run a coroutine in memory of your own, a `static` for instance | [`RawCoroutine`]; safe to use |
//! | keep a handle in a structure that cannot have a lifetime | [`RawCoreHandle`] |
//! | build a coroutine type: an entry function of yours on a stack of ours | [`RawCore`], and `Core`, which owns its memory |
//! | write a switch of your own over Asyncify's imports | [`start_unwind`] and its siblings, [`RawStack`] |
//!
//! A control block ([`RawCore`]) is in the coroutine's memory, just below its stack. Its poller
//! calls [`RawCore::resume`], and the code in it waits with
//! [`embed`](crate::embed()) or [`RawCore::embed`]:
//!
//! ```text
//!   executor's stack                        coroutine's stack
//!   ────────────────                        ─────────────────
//!   poll
//!    └ RawCore::resume
//!       └ bysyncify_resume  ═══ switch ═══►  entry
//!                                             └ the closure
//!                                                └ … any synchronous code …
//!                                                   └ embed
//!         Poll::Pending  ◄═════ unwind ══════════════└ bysyncify_suspend
//! ```

// The files, each above those that it imports. No file in here imports another through this one. The items from
// outside of this folder that `pub use` re-exports lie above all of it.
//
//   owned_core
//     frame ── resume
//       reporter ── diagnose ── waker ── in_spans ── names
//         blame
//           names_hook ── refusal
//             call_uninstrumented ── spans
//               panics
//                 switch
//                   control_block
//                     phase ── fiber (natively)
//                       fatal ── paint ── layout

mod blame;
pub(crate) mod call_uninstrumented;
pub(crate) mod control_block;
pub(crate) mod fatal;
#[cfg(bysyncify_native)]
pub(crate) mod fiber;
pub(crate) mod frame;
#[cfg(feature = "tracing")]
mod in_spans;
pub(crate) mod layout;
#[cfg(feature = "alloc")]
pub(crate) mod names;
#[cfg(feature = "alloc")]
mod names_hook;
#[cfg(feature = "alloc")]
pub(crate) mod owned_core;
#[cfg(any(feature = "alloc", bysyncify_native))]
pub(crate) mod paint;
pub(crate) mod panics;
pub(crate) mod phase;
pub(crate) mod refusal;
pub(crate) mod reporter;
#[cfg(feature = "tracing")]
mod spans;
pub(crate) mod switch;
pub(crate) mod waker;

// Methods of `RawCore`.
mod diagnose;
#[cfg(feature = "alloc")]
mod high_water;
mod resume;

pub use crate::embed::get_state;
pub use crate::handle::RawCoreHandle;
pub use crate::raw_coroutine::RawCoroutine;
pub use control_block::{AbiTag, RawCore, RawStack};
#[cfg(feature = "alloc")]
pub use owned_core::Core;
pub use phase::State;
pub use switch::{start_rewind, start_unwind, stop_rewind, stop_unwind};
