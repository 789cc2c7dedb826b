//! What the checks in a debug build have found.
//!
//! The linker adds them: `cargo-bysyncify/src/guard` says which. They know where an error is and
//! what it is, but cannot print it.

use core::slice;
use core::str;

use crate::fatal::{Fatal, fatal};
use crate::raw::RawCore;
use crate::switch::{Chosen, Mark, Switch};

/// What a check hands over.
#[repr(C)]
struct Report {
    /// The name of the function that was checked and what there is to say of it, in UTF-8.
    function: *const u8,
    function_len: usize,
    /// What the stack pointer was to become. Null if that is not what was checked, but that the
    /// function is on the stack at no suspend.
    stack_pointer: *const u8,
    /// The low end of the running coroutine's stack.
    base: *const u8,
}

/// Tells the checks whom to call, if there are any.
pub(crate) fn install() {
    // SAFETY: the checks call `report` with a report, and only while a coroutine runs.
    unsafe { Chosen::set_reporter(report, size_of::<RawCore>()) };
}

/// # Safety
///
/// - `report` points to a `Report`, which is valid for good.
unsafe extern "C" fn report(report: *mut (), _: Mark) {
    // SAFETY: our caller's promise.
    let report = unsafe { &*report.cast::<Report>() };
    // SAFETY: likewise: the linker writes a name, and this never returns.
    let function = unsafe { slice::from_raw_parts(report.function, report.function_len) };
    // SAFETY: likewise.
    let function: &'static str = unsafe { str::from_utf8_unchecked(function) };
    if report.stack_pointer.is_null() {
        fatal(&Fatal::Uninstrumented { function });
    }
    let core = report.base.wrapping_sub(size_of::<RawCore>()).cast::<RawCore>();
    // SAFETY: its coroutine is running.
    let core = unsafe { &*core };
    let needed = core.stack_range().end.addr().saturating_sub(report.stack_pointer.addr());
    fatal(&Fatal::StackOverflow { function, needed, size: core.stack_len() })
}
