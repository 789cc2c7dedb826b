//! The reasons why a function cannot be instrumented.

use crate::module::{FunctionIndex, LocalIndex};

/// A function that should be instrumented, but cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unsupported {
    pub(crate) function: FunctionIndex,
    pub(crate) reason: Reason,
}

/// The reason why a function cannot be instrumented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// This local holds a reference of a type that cannot be kept, and is used after a call that can
    /// suspend.
    ReferenceInLocal(LocalIndex),
    /// Such a reference is among the operands that wait for such a call to return.
    ReferenceOnStack,
    /// The function passes or returns a reference that cannot be null, and has no stand-in.
    NoStandIn,
    /// Such a call is in the handler of a `catch`.
    InHandler,
    /// Such a call is in a block with parameters.
    InBlockWithParameters,
    /// Such a call is a tail call in a `try`: what the callee throws is not caught there.
    TailCallInTry,
    /// Such a call is in a legacy `try`, and functions are to be resumed one by one.
    FlatTry,
    /// A function that is to be resumed by itself takes a reference that cannot be null, or returns one to
    /// uninstrumented code. Or it has a reference that cannot be kept.
    FlatReference,
}

impl Reason {
    /// Whether the reason exists only if functions are resumed one by one.
    pub(crate) fn is_of_flat(self) -> bool {
        matches!(self, Self::FlatTry | Self::FlatReference)
    }
}
