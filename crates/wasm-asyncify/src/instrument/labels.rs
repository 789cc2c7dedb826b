//! The labels of the code that is written, and how deep each is.

use super::shape::Shape;
use crate::error::{Context, Result};

/// A label that is open in the code that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// The block that ends where frames are saved.
    Unwind,
    /// The block that ends where locals are set to 0 before frames are saved.
    Zeroes(usize),
    /// The block that ends at another entry to the code that saves a frame.
    Entry(usize),
    /// The block that ends after such an entry has made room for the frame. From there on, its locals are saved.
    Save(usize),
    /// The block that ends after a frame is saved; also if there is no room for it.
    Saved,
    /// A structure of the original function, by its number.
    Structure(usize),
    /// A block that ends at the `else` of an `if`.
    Alternative(usize),
    /// A block that ends after the call of a site, with its results; in compact form, before the call.
    Site(usize),
    /// A block that ends where the call of a site is repeated.
    Again(usize),
    /// A block that ends where a resumed function continues or repeats a call, by the first number that leads there.
    Arrival(u32),
    /// A block that ends before a level: a loop or `try` with sites in it.
    Level(usize),
    /// A label that is not the target of any branch.
    Nothing,
}

/// The labels that are open.
#[derive(Debug, Default)]
pub(super) struct Labels {
    /// Outermost first.
    open: Vec<Label>,
    /// By structure: the index in `open` of its last label.
    structures: Vec<usize>,
}

impl Labels {
    pub(super) fn open(&mut self, label: Label) {
        if let Label::Structure(structure) = label {
            if self.structures.len() <= structure {
                self.structures.resize(structure + 1, usize::MAX);
            }
            self.structures[structure] = self.open.len();
        }
        self.open.push(label);
    }

    /// Closes the innermost label.
    pub(super) fn close(&mut self) -> Option<Label> {
        self.open.pop()
    }

    /// The depth of a label, for a branch. The function itself is outside all labels.
    pub(super) fn depth(&self, label: Label) -> Result<u32> {
        let at = match label {
            Label::Structure(0) => return Ok(self.open.len() as u32),
            // There can be hundreds of structures.
            Label::Structure(structure) => {
                let last = self.structures.get(structure).copied();
                last.filter(|at| self.open.get(*at) == Some(&label))
            }
            _ => self.open.iter().rposition(|open| *open == label),
        };
        at.map(|at| (self.open.len() - 1 - at) as u32)
            .with_context(|| format!("{label:?} is not open"))
    }
}

/// The labels that open together at the beginning of a level, so that a rewind can branch anywhere in it; in the
/// order in which they end.
///
/// A level is the body of the function, or of a loop or `try` with sites, without inner levels.
pub(super) fn of_level(shape: &Shape<'_>, level: usize) -> Vec<Label> {
    let mut labels = Vec::new();
    let structure = &shape.structures[level];
    let mut sites = structure.sites.clone().peekable();
    // The open structures.
    let mut open = Vec::new();
    let mut index = if level == 0 { 0 } else { structure.begin + 1 };
    while index < structure.end {
        if let Some(site) = sites.next_if(|site| shape.sites[*site].call == index) {
            labels.push(Label::Site(site));
        }
        if let Some(begun) = shape.begun_at(index) {
            let inner = &shape.structures[begun];
            if inner.sites.is_empty() {
                index = inner.end;
            } else if inner.is_level() {
                labels.push(Label::Level(begun));
                while sites.next_if(|site| inner.sites.contains(site)).is_some() {}
                index = inner.end;
            } else {
                open.push(begun);
            }
        } else if let Some(innermost) = open.last() {
            let inner = &shape.structures[*innermost];
            if inner.alternative == Some(index) {
                labels.push(Label::Alternative(*innermost));
            } else if inner.end == index {
                labels.push(Label::Structure(*innermost));
                open.pop();
            }
        }
        index += 1;
    }
    labels
}
