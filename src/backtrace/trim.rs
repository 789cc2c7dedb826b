//! Removes the functions from a backtrace that are not shown.
//!
//! ```text
//!   bysyncify::embed::…                         how it waits            not shown
//!   demo::waits                                                         shown
//!   …
//!   demo::main::{closure#0}                     the closure             shown
//!   std::panicking::catch_unwind::…             how it was called       not shown
//!   bysyncify::raw_coroutine::…::entry          the first function
//!   …                                           natively the caller     not shown
//! ```

use alloc::vec::Vec;

use super::BacktraceFrame;

/// The parts of the name of every coroutine's entry function.
const ENTRY: [&str; 2] = ["bysyncify::raw_coroutine::RawCoroutine<", ">::entry"];

/// Removes the functions that wait, and those that call the closure.
pub(super) fn trim(frames: &mut Vec<BacktraceFrame>) {
    let is_entry = |frame: &BacktraceFrame| ENTRY.iter().all(|part| frame.name.contains(part));
    if let Some(entry) = frames.iter().position(is_entry) {
        let first = frames[..entry].iter().rposition(|frame| !is_before_closure(&frame.name));
        frames.truncate(first.map_or(0, |first| first + 1));
    }
    let waits = frames.iter().position(|frame| !is_of_waiting(&frame.name));
    frames.drain(..waits.unwrap_or(frames.len()));
}

/// Whether a function is one of this crate's, or of a type of this crate's.
fn is_ours(name: &str) -> bool {
    name.trim_start_matches('<').starts_with("bysyncify::")
}

/// Whether a function is called between the entry function and the closure.
fn is_before_closure(name: &str) -> bool {
    let is_called_so = [
        "std::panic",
        "core::panic",
        "core::ops::function::FnOnce",
        "<core::panic::",
        "<alloc::boxed::Box<",
        "__rust_try",
        "__rustc::",
    ];
    is_ours(name)
        || name.contains(" as bysyncify::body::Body<")
        || is_called_so.iter().any(|start| name.starts_with(start))
}

/// Whether a function belongs to the wait of a coroutine.
fn is_of_waiting(name: &str) -> bool {
    is_ours(name) || is_before_closure(name)
}
