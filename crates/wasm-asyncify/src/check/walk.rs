//! The state of one walk through a function as it was and as it is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use wasmparser::Operator;

use super::classes::Classes;
use super::flat::Flat;
use super::machine::Program;
use super::operators::Cell;
use super::pair::{Known, Places};
use super::wrong::Wrong;

/// A call that can suspend, in the function as it was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site {
    /// Its number in the function.
    pub(super) number: usize,
    /// How many of its last operands must be the same when it is made again.
    pub(super) needed: Needed,
}

/// What a call needs when it is made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needed {
    /// It takes its parameters from its frame.
    Nothing,
    /// The last operand says which function it is.
    Callee,
    All,
}

/// A suspended site.
#[derive(Debug)]
pub(super) struct Suspended {
    /// How many operands wait, handlers are open, and arguments were passed.
    pub(super) shape: [usize; 3],
    /// Bytes.
    pub(super) size: i64,
    pub(super) cells: Vec<(i64, Cell)>,
    /// Of the locals and all that, then the cells.
    pub(super) classes: Classes,
}

impl Suspended {
    /// Forgets what does not hold on another way. Whether anything was forgotten.
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

/// What is known, and what is still to be gone through.
pub(super) struct Walk<'a, 'm> {
    pub(super) original: Program<'a, 'm>,
    pub(super) instrumented: Program<'a, 'm>,
    pub(super) sites: &'m BTreeMap<usize, Site>,
    /// The function's index now.
    pub(super) function: u32,
    /// What resumes functions one by one, if that is so.
    pub(super) flat: Option<&'m Flat>,
    /// Whether it takes the only frame itself if that is its own, where a rewind begins in it.
    pub(super) takes_only_frame: bool,
    /// Whether it is a function that nothing may be suspended through.
    pub(super) is_barrier: bool,
    /// Whether an instruction is the same in both.
    pub(super) is_same: &'m dyn Fn(&Operator<'_>, &Operator<'_>) -> bool,
    /// What is known where ways meet.
    pub(super) known: HashMap<Places, Known>,
    /// By site: what is known of it while it is suspended.
    pub(super) suspended: BTreeMap<usize, Suspended>,
    /// Where more ways lead than were gone.
    pub(super) pending: BTreeSet<Places>,
}
