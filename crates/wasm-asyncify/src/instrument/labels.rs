//! Where branches can go in the code that is written, and how deep each label is there.

use super::shape::Shape;
use crate::error::{Context, Result};

/// Something that is open in the code that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// The block that ends where frames are saved.
    Unwind,
    /// The block that ends where locals are set to 0 before frames are saved.
    Zeroes(usize),
    /// The block that ends at another entry to the code that saves a frame.
    Entry(usize),
    /// The block that ends behind the beginning of such an entry, where what is saved is saved from there
    /// on.
    Save(usize),
    /// The block that ends when a frame is saved, or there is no room for it.
    Saved,
    /// A structure of the function as it was, by its number.
    Structure(usize),
    /// A block that ends where the `else` of an `if` begins.
    Alternative(usize),
    /// A block that ends after the call of a site, so its results are there; in compact form, before
    /// the call.
    Site(usize),
    /// A block that ends where the call of a site is made anew.
    Again(usize),
    /// A block that ends where a function that is resumed goes on, or calls again, by the first number
    /// that leads there.
    Arrival(u32),
    /// A block that ends before a level: a loop or `try` with sites in it.
    Level(usize),
    /// What no branch goes to.
    Nothing,
}

/// The labels that are open.
#[derive(Debug, Default)]
pub(super) struct Labels {
    /// Outermost first.
    open: Vec<Label>,
    /// By structure: where in `open` its label was put last.
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

    /// Closes the innermost.
    pub(super) fn close(&mut self) -> Option<Label> {
        self.open.pop()
    }

    /// What to write after a branch that goes to this label. The function itself is outside of
    /// all.
    pub(super) fn depth(&self, label: Label) -> Result<u32> {
        let at = match label {
            Label::Structure(0) => return Ok(self.open.len() as u32),
            // There can be hundreds.
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

/// What is to be opened at once where a level begins, so that a rewind can go anywhere in it: in
/// the order in which they end.
///
/// A level is the function's body, or that of a loop or `try` with sites in it, without the levels
/// in it.
pub(super) fn of_level(shape: &Shape<'_>, level: usize) -> Vec<Label> {
    let mut labels = Vec::new();
    let structure = &shape.structures[level];
    let mut sites = structure.sites.clone().peekable();
    // The structures that we are in.
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
