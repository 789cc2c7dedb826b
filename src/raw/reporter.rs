//! Reports of the checks that our linker adds to a module.
//!
//! `crates/wasm-asyncify/src/guard` says which there are. They know where an error is and what it is,
//! but cannot print it.

use core::mem::offset_of;
use core::slice;
use core::str;

use super::control_block::{AbiTag, RawCore};
use super::fatal::{Fatal, Function, fatal};
use super::switch::{ActiveSwitch, Switch};
use crate::abi;

/// What a check hands over.
#[repr(C)]
struct Report {
    /// The name of the function that was checked and what there is to say of it, in UTF-8. Empty
    /// if the module has no names.
    function: *const u8,
    function_len: usize,
    /// The function's number in the module as it was linked.
    number: usize,
    /// The lowest address that the function may write to. Null if that is not what was checked,
    /// but that the function is on the stack at no suspend; [`abi::REPORT_PARKED`] if no coroutine may
    /// call it; [`abi::REPORT_REINITIALISED`] if it is about to initialise what another one has.
    lowest: *const u8,
    /// The core of the coroutine whose stack was checked.
    owner: *const RawCore,
    /// If what was checked is that a call is not suspended, as is assumed: the
    /// number of whom it was of, plus one; or the largest if that is not known. Otherwise 0.
    callee: usize,
}

// Where the linker writes them.
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

/// Tells the checks whom to call, if there are any.
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
        fatal(&match report.callee {
            0 => Fatal::Uninstrumented { function },
            usize::MAX => Fatal::Assumed { function, callee: None },
            callee => {
                let callee = Function { name: "", number: callee - 1 };
                Fatal::Assumed { function, callee: Some(callee) }
            }
        });
    }
    match report.lowest.addr() {
        abi::REPORT_PARKED => fatal(&Fatal::Parked { function }),
        abi::REPORT_REINITIALISED => fatal(&Fatal::Reinitialised { function }),
        _ => {}
    }
    // SAFETY: its coroutine is running.
    let core = unsafe { &*report.owner };
    let needed = core.needed_down_to(report.lowest.addr());
    fatal(&Fatal::StackOverflow { function, needed, size: core.stack_size() })
}
