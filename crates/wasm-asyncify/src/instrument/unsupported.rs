//! What cannot be instrumented.

use crate::module::FunctionIndex;

/// A function that should be instrumented, but cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unsupported {
    pub(crate) function: FunctionIndex,
    pub(crate) reason: Reason,
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// This local holds a reference of a type that cannot be kept, and is used after a call that can
    /// suspend.
    ReferenceInLocal(u32),
    /// There is such a reference among the operands that wait for such a call to return.
    ReferenceOnStack,
    /// It passes or returns a reference that cannot be null, and nothing can stand in for it.
    NoStandIn,
    /// There is such a call in the handler of a `catch`.
    InHandler,
    /// There is such a call in a block with parameters.
    InBlockWithParameters,
    /// There is such a call in a `try`, and it is a tail call: what it throws is not caught there.
    TailCallInTry,
    /// There is such a call in a `try` of before the standard, and functions are to be resumed one by one.
    FlatTry,
    /// A function that is to be resumed by itself takes a reference that cannot be null, returns one to what
    /// is not instrumented, or has one that can be kept nowhere.
    FlatReference,
}

impl Reason {
    /// Whether it is none where functions are resumed all at once.
    pub(crate) fn is_of_flat(self) -> bool {
        matches!(self, Self::FlatTry | Self::FlatReference)
    }
}
