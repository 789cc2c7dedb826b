//! No switch: the crate compiles, and its documentation and whatever runs no coroutine can be
//! tested.

use super::Switch;
use super::asyncify::not_wasm;
use crate::raw::control_block::{Entry, RawCore, UninstrumentedFn, Wait};

pub(crate) enum Absent {}

impl Switch for Absent {
    const STACK_IS_IN_MEMORY: bool = true;

    unsafe fn resume(_: Entry, _: *mut (), _: *const RawCore) -> u32 {
        not_wasm()
    }

    unsafe fn suspend(_: *const Wait) -> u32 {
        not_wasm()
    }

    unsafe fn call_uninstrumented(_: UninstrumentedFn, _: *mut ()) {
        not_wasm()
    }

    /// Nothing ever runs here, so nothing is current, and `can_embed` is truthfully false.
    fn current() -> *const RawCore {
        core::ptr::null()
    }

    unsafe fn set_reporter(_: UninstrumentedFn) {
        not_wasm()
    }

    fn stack_left() -> usize {
        0
    }
}
