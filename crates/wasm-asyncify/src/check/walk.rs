//! The checker's state in one walk through the original and the instrumented function.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use wasmparser::Operator;

use super::classes::Classes;
use super::flat::Flat;
use super::machine::Program;
use super::operators::Cell;
use super::pair::{Known, Places};
use super::wrong::Wrong;

/// A call that can suspend, in the original function.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site {
    /// Its number in the function.
    pub(super) number: usize,
    /// How many of its last operands must be the same when the call is repeated.
    pub(super) needed: Needed,
}

/// The operands that a repeated call needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needed {
    /// None: the callee takes its parameters from its frame.
    Nothing,
    /// The last one, which selects the callee.
    Callee,
    All,
}

/// A suspended site.
#[derive(Debug)]
pub(super) struct Suspended {
    /// The number of operands below the call, of open handlers, and of the call's arguments.
    pub(super) shape: [usize; 3],
    /// The size of the frame in bytes.
    pub(super) size: i64,
    pub(super) cells: Vec<(i64, Cell)>,
    /// The classes of locals, operands, exceptions and arguments, then of the cells.
    pub(super) classes: Classes,
}

impl Suspended {
    /// Drops what does not hold on another path. Returns whether anything was dropped.
    pub(super) fn join(&mut self, other: Self, rewound: Option<usize>) -> Result<bool, Wrong> {
        if (self.shape, self.size) != (other.shape, other.size) {
            return Err(Wrong::new(format!(
                "the frame is of {} bytes, or {}: it depends on how the site is reached",
                self.size, other.size
            )));
        }
        if self.cells != other.cells {
            return Err(Wrong::new("what is saved depends on how the site is reached".to_owned()));
        }
        Ok(self.classes.join(&other.classes, rewound))
    }
}

/// The dataflow state so far, and what is still to be walked.
pub(super) struct Walk<'a, 'm> {
    pub(super) original: Program<'a, 'm>,
    pub(super) instrumented: Program<'a, 'm>,
    pub(super) sites: &'m BTreeMap<usize, Site>,
    /// The function's index in the instrumented module.
    pub(super) function: u32,
    /// The dispatcher, if functions are resumed one by one.
    pub(super) flat: Option<&'m Flat>,
    /// Whether the function takes the only frame itself if that is its own, when a rewind begins in it.
    pub(super) takes_only_frame: bool,
    /// Whether nothing may be suspended through this function.
    pub(super) is_barrier: bool,
    /// Whether an instruction is the same in both.
    pub(super) is_same: &'m dyn Fn(&Operator<'_>, &Operator<'_>) -> bool,
    /// The dataflow state at joins.
    pub(super) known: HashMap<Places, Known>,
    /// The dataflow state of each suspended site.
    pub(super) suspended: BTreeMap<usize, Suspended>,
    /// The positions at which the state has changed since they were last walked from.
    pub(super) pending: BTreeSet<Places>,
}
