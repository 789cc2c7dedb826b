//! `TypeId`: identifies function types in the analysis.

/// The number of a function type; it is no type index. Two types have the same number if an indirect call of
/// one type can reach functions of the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TypeId(u32);

impl TypeId {
    /// The number of a new type, after this many others.
    pub(super) fn new(others: usize) -> Self {
        Self(others as u32)
    }

    /// The position in a list of all of them.
    pub(super) fn at(self) -> usize {
        self.0 as usize
    }
}
