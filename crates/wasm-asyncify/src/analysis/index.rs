//! What functions and their types are numbered by.

/// The index of a function in its module, imported ones first.
pub type FunctionIndex = u32;

/// Stands for a function type. One that a call of another type can be of has the same.
pub(crate) type TypeId = u32;
