//! No switch: the crate compiles, so that it can be documented, and code that runs no coroutine can be tested.

use super::Switch;
use crate::raw::control_block::{Entry, RawCore, UninstrumentedFn, Wait};

pub(crate) enum Absent {}

impl Switch for Absent {
    const STACK_IS_IN_MEMORY: bool = true;

    unsafe fn resume(_: Entry, _: *mut (), _: *const RawCore) -> u32 {
        no_switch()
    }

    unsafe fn suspend(_: &RawCore, _: *const Wait) -> u32 {
        no_switch()
    }

    unsafe fn call_uninstrumented(_: UninstrumentedFn, _: *mut ()) {
        no_switch()
    }

    /// Nothing ever runs here, so no coroutine is current, and `can_embed` is truthfully false.
    fn current() -> *const RawCore {
        core::ptr::null()
    }

    unsafe fn set_reporter(_: UninstrumentedFn) {
        no_switch()
    }

    fn stack_left() -> usize {
        0
    }

    fn stack_room(_: &RawCore) -> Option<usize> {
        None
    }
}

#[cold]
fn no_switch() -> ! {
    panic!(
        "bysyncify cannot run coroutines natively on {}, since `corosensei` does not know it; build \
         the program with `cargo build --target wasm32-unknown-unknown`",
        env!("BYSYNCIFY_TARGET")
    )
}
