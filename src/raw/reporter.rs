//! Reports of the checks that `bysyncify-ld` adds to a module.
//!
//! `crates/wasm-asyncify/src/guard` lists the checks. They know the place and the kind of an error, but cannot
//! print it.

use core::mem::offset_of;
use core::slice;
use core::str;

use super::blame::{fatal_here, fatal_of};
use super::control_block::{AbiTag, RawCore};
use super::fatal::{Fatal, Function};
use super::switch::{ActiveSwitch, Switch};
use crate::abi;

/// The data that a check passes.
#[repr(C)]
struct Report {
    /// The name of the function that was checked, with further information, in UTF-8. Empty if the module has no
    /// names.
    function: *const u8,
    function_len: usize,
    /// The function's number in the module as it was linked.
    number: usize,
    /// The lowest address that the function may write to, if the check is of the stack. Null if the check is that
    /// the function is on the stack at no suspend; [`abi::REPORT_PARKED`] if no coroutine may call it;
    /// [`abi::REPORT_REINITIALISED`] if it is about to initialise what another coroutine has initialised.
    lowest: *const u8,
    /// The core of the coroutine whose stack was checked.
    owner: *const RawCore,
    /// Not 0 if the check is that a call is not suspended, as is assumed: the number of the callee, plus one. The
    /// largest number if the callee is unknown.
    callee: usize,
}

// The offsets at which the linker writes the fields.
const _: () = {
    let word = size_of::<usize>();
    assert!(offset_of!(Report, function) == abi::REPORT_FUNCTION * word);
    assert!(offset_of!(Report, function_len) == abi::REPORT_FUNCTION_LEN * word);
    assert!(offset_of!(Report, number) == abi::REPORT_NUMBER * word);
    assert!(offset_of!(Report, lowest) == abi::REPORT_LOWEST * word);
    assert!(offset_of!(Report, owner) == abi::REPORT_OWNER * word);
    assert!(offset_of!(Report, callee) == abi::REPORT_CALLEE * word);
    assert!(size_of::<Report>() == abi::REPORT_WORDS * word);
};

/// Passes the function to call to the linker's checks, if there are any.
#[inline]
pub(crate) fn install() {
    // SAFETY: the checks call `report` with a report, and only while a coroutine runs.
    unsafe { ActiveSwitch::set_reporter(report) };
}

/// # Safety
///
/// - `report` points to a `Report`, which is valid for good.
unsafe extern "C-unwind" fn report(report: *mut (), _: AbiTag) {
    // SAFETY: our caller's promise.
    let report = unsafe { &*report.cast::<Report>() };
    // SAFETY: likewise: the linker writes a name, and this never returns.
    let function = unsafe { slice::from_raw_parts(report.function, report.function_len) };
    // SAFETY: likewise.
    let name: &'static str = unsafe { str::from_utf8_unchecked(function) };
    let function = Function { name, number: report.number };
    if report.lowest.is_null() {
        fatal_here(&match report.callee {
            0 => Fatal::Uninstrumented { function },
            usize::MAX => Fatal::Assumed { function, callee: None },
            callee => {
                let callee = Function { name: "", number: callee - 1 };
                Fatal::Assumed { function, callee: Some(callee) }
            }
        });
    }
    match report.lowest.addr() {
        abi::REPORT_PARKED => fatal_here(&Fatal::Parked { function }),
        abi::REPORT_REINITIALISED => fatal_here(&Fatal::Reinitialised { function }),
        _ => {}
    }
    // SAFETY: its coroutine is running.
    let core = unsafe { &*report.owner };
    let needed = core.needed_down_to(report.lowest.addr());
    fatal_of(core, &Fatal::StackOverflow { function, needed, size: core.stack_size() })
}
