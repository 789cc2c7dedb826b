//! The state that is kept for a function before it is written in compact form: where each site begins, whether the
//! frame says which site is suspended, and where a call branches to when it unwinds.

use wasmparser::Operator;

use super::operands::Operands;
use crate::instrument::frame::Frame;
use crate::instrument::shape::{Shape, Site};

/// Whether helpers can save everything that may have to be saved.
pub(in crate::instrument) fn is_possible(shape: &Shape<'_>) -> bool {
    let kept = shape.sites.iter().flat_map(Site::kept).map(|(_, ty)| ty);
    let mut all = shape.locals.iter().copied().chain(kept);
    all.all(|ty| ty != wasmparser::ValType::V128)
}

/// The state for one function.
#[derive(Debug)]
pub(in crate::instrument) struct Compact {
    /// By site.
    pub(super) operands: Vec<Operands>,
    /// Whether the frame says which site is suspended.
    pub(super) is_numbered: bool,
    /// Where a call branches to when it unwinds.
    pub(super) exit: Exit,
    /// Whether a rewind only runs the function from its beginning.
    pub(super) begins_with_call: bool,
}

/// Where a call branches to when it unwinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// To the code that saves, or only returns.
    Unwind,
    /// Out of the function, which has no results.
    Function,
    /// Nowhere: the function returns next anyhow.
    Falls,
}

impl Compact {
    pub(in crate::instrument) fn new(shape: &Shape<'_>, frame: &Frame) -> Self {
        let calls: Vec<_> = shape.sites.iter().map(|site| site.call).collect();
        let is_site = |index| calls.binary_search(&index).is_ok();
        let operands: Vec<_> =
            shape.sites.iter().map(|site| Operands::new(shape, site, is_site)).collect();
        let is_numbered = shape.sites.len() > 1;
        let has_frame = is_numbered || frame.locals().next().is_some();
        let exit = if has_frame {
            Exit::Unwind
        } else if is_last(shape, &shape.sites[0]) {
            Exit::Falls
        } else if shape.structures[0].results.is_empty() {
            Exit::Function
        } else {
            Exit::Unwind
        };
        let begins_with_call =
            !has_frame && operands[0].begin == 0 && operands[0].are_all_replayed();
        Self { operands, is_numbered, exit, begins_with_call }
    }

    /// The first instruction of a site.
    pub(in crate::instrument) fn beginning(&self, site: usize) -> usize {
        self.operands[site].begin
    }
}

/// Whether the function returns what this call returns.
fn is_last(shape: &Shape<'_>, site: &Site) -> bool {
    let next = site.call + 1;
    matches!(shape.operators[next], Operator::Return) || next == shape.structures[0].end
}
