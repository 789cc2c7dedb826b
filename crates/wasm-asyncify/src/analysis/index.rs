//! `TypeId`: the number of a function type. Types that one indirect call can be of have the same number.

/// Stands for a function type, and is no index of one: a type that a call of another type can be of has the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TypeId(u32);

impl TypeId {
    /// The one of a new type, if there are so many others.
    pub(super) fn new(others: usize) -> Self {
        Self(others as u32)
    }

    /// Where it is in a list of all of them.
    pub(super) fn at(self) -> usize {
        self.0 as usize
    }
}
