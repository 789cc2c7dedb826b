//! The calls of one function.

use std::collections::{BTreeMap, BTreeSet};

use super::index::TypeId;
use crate::module::FunctionIndex;

/// The calls in one function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// The functions that it calls directly.
    pub direct: BTreeSet<FunctionIndex>,
    /// Each with its number among all indirect calls of the function, in order.
    pub indirect: BTreeMap<u32, IndirectCall>,
    /// The first tail call, by its offset in the file.
    pub(crate) tail_call: Option<u64>,
}

/// An indirect call: its type and the origin of its pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IndirectCall {
    pub(crate) type_id: TypeId,
    pub(crate) origin: Origin,
}

/// The origin of a function pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Origin {
    /// It is unknown.
    Any,
    /// From memory, this many bytes from the beginning of some object.
    Slot(u64),
    /// The pointer is this table index.
    Entry(u64),
}
