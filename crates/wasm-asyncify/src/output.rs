//! What the passes make of a module.

use std::collections::BTreeMap;

use crate::analysis::{Analysis, Program};
use crate::module::FunctionIndex;

/// A module that can be suspended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Output {
    /// The module. Its functions have their names.
    pub module: Vec<u8>,
    /// How many functions it had.
    pub functions: u64,
    /// How many of them are instrumented.
    pub instrumented: u64,
    /// Entries of the [choice](crate::Options::choice) that match nothing in the module.
    pub unmatched: Vec<String>,
    /// Why the module has no DWARF, if it had some that was to be [kept](crate::Options::debug_info).
    pub lost_debug_info: Option<String>,
    /// A warning if code that runs when an instance is made can be suspended: no caller can call it again.
    pub start_can_suspend: Option<String>,
}

/// A module with guards that is not instrumented.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Guarded {
    /// The module.
    pub module: Vec<u8>,
    /// Entries of the [choice](crate::Options::choice) that match nothing in the module.
    pub unmatched: Vec<String>,
}

/// A module whose functions' frames are known.
#[derive(Debug)]
pub(crate) struct Frames {
    /// The module as it was linked.
    pub(crate) program: Program,
    pub(crate) analysis: Analysis,
    /// By function: the bytes that are saved of it while it is suspended. Functions of which nothing is saved are not
    /// listed.
    pub(crate) sizes: BTreeMap<FunctionIndex, u32>,
    /// Whether frames stay in memory while code runs: so it is where functions are resumed one by one.
    pub(crate) are_kept: bool,
}
