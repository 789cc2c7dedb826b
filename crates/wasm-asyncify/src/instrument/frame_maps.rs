//! What is in the frames of a function, for who reads them while it is suspended: backtraces
//! ([`symbols`](crate::symbols)). Nothing of the code depends on it. [`mapping`](super::mapping) finds it out.
//!
//! Where functions are resumed all at once a frame does not say whose it is. It need not: the rewind finds out by
//! making the calls again, the outermost first. For that it must know which call was suspended, and, if that was an
//! indirect one, of which function, so both are in the frame. Whoever reads frames goes the same way.

use crate::module::FunctionIndex;

/// What is in the frames of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FrameMap {
    pub(crate) function: FunctionIndex,
    /// Bytes. None if it has no frame while its callee is suspended, in a module in which frames say whose they are.
    pub(crate) size: Option<u32>,
    /// Where it says which call was suspended. There is none if there is but one call.
    pub(crate) position: Option<u32>,
    pub(crate) sites: Vec<SiteMap>,
}

/// A call that can be suspended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SiteMap {
    /// What is at the position then.
    pub(crate) number: u32,
    pub(crate) callee: Called,
    /// Where the call is in the new body: bytes from where that begins.
    pub(crate) at: u32,
}

/// Whom a call is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Called {
    Function(FunctionIndex),
    /// The one that is in the program's first table at an index that is in the frame here.
    InTable(u32),
    /// The frame does not say.
    Unknown,
}

impl FrameMap {
    /// Has functions by other indices.
    pub(super) fn renumber(&mut self, new: impl Fn(FunctionIndex) -> FunctionIndex) {
        self.function = new(self.function);
        for site in &mut self.sites {
            if let Called::Function(function) = &mut site.callee {
                *function = new(*function);
            }
        }
    }
}
