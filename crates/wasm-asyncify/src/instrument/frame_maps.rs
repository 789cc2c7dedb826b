//! The contents of a function's frames, for backtraces, which read them while it is suspended
//! ([`symbols`](crate::symbols)). No code depends on this. [`mapping`](super::mapping) computes it.
//!
//! If functions are resumed all at once, a frame does not say which function it belongs to. It need not: the rewind
//! repeats the calls, the outermost first. For that, it must know which call was suspended, and the callee if that
//! call was indirect, so both are in the frame. A reader of frames does the same.

use crate::module::FunctionIndex;

/// The contents of a function's frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FrameMap {
    pub(crate) function: FunctionIndex,
    /// The index that the function had before functions were added.
    pub(crate) before: FunctionIndex,
    /// In bytes. None if the function has no frame while its callee is suspended, in a module in which frames have
    /// the function's number.
    pub(crate) size: Option<u32>,
    /// The offset of the number of the suspended call. None if there is only one call.
    pub(crate) position: Option<u32>,
    pub(crate) sites: Vec<SiteMap>,
}

/// A call that can be suspended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SiteMap {
    /// The number that is there if this call is suspended.
    pub(crate) number: u32,
    pub(crate) callee: Called,
    /// The offset of the call in the new body, in bytes.
    pub(crate) at: u32,
}

/// The callee of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Called {
    Function(FunctionIndex),
    /// The function in the program's first table whose index is at this offset of the frame.
    InTable(u32),
    /// The frame does not say.
    Unknown,
}

impl FrameMap {
    /// Replaces the indices of functions.
    pub(super) fn renumber(&mut self, new: impl Fn(FunctionIndex) -> FunctionIndex) {
        self.function = new(self.function);
        for site in &mut self.sites {
            if let Called::Function(function) = &mut site.callee {
                *function = new(*function);
            }
        }
    }
}
