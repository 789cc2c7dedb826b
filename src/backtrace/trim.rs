//! Which functions of a stack are shown.
//!
//! ```text
//!   bysyncify::embed::…                         how it waits            not shown
//!   demo::waits                                                         shown
//!   …
//!   demo::main::{closure#0}                     the closure             shown
//!   std::panicking::catch_unwind::…             how it was called       not shown
//!   bysyncify::raw_coroutine::…::entry          the first function
//!   …                                           natively who asks       not shown
//! ```

use alloc::vec::Vec;

use super::BacktraceFrame;

/// The parts of the name of the function that every coroutine begins with.
const ENTRY: [&str; 2] = ["bysyncify::raw_coroutine::RawCoroutine<", ">::entry"];

/// Takes out what the coroutine's own code has not called.
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

/// Whether it is called before a coroutine's closure, to get to that.
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

/// Whether it belongs to how a coroutine waits.
fn is_of_waiting(name: &str) -> bool {
    is_ours(name) || is_before_closure(name)
}
