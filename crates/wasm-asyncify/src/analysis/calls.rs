//! What one function calls.

use std::collections::{BTreeMap, BTreeSet};

use super::index::TypeId;
use crate::module::FunctionIndex;

/// The calls in one function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// The functions that it calls directly.
    pub direct: BTreeSet<FunctionIndex>,
    /// Each with its number among all that the function has, in order.
    pub indirect: BTreeMap<u32, IndirectCall>,
    /// The first tail call, by its offset in the file.
    pub(crate) tail_call: Option<u64>,
}

/// What an indirect call can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IndirectCall {
    pub(crate) type_id: TypeId,
    pub(crate) origin: Origin,
}

/// Where the pointer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Origin {
    /// This is not known.
    Any,
    /// From memory, this many bytes from the beginning of some object.
    Slot(u64),
    /// It is this table index.
    Entry(u64),
}
