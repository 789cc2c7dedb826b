//! Abstract values: whether a value is a function pointer of known origin, and whether it points to the
//! beginning of an object.

use super::calls::Origin;

/// A value, as far as it matters for the candidates of an indirect call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// This number. If it is an address, it is not one inside a vtable: see [`super::relocations`].
    Constant(u64),
    /// The word at this offset from the beginning of some object.
    Loaded(u64),
    /// An unmodified pointer from other code. If it points to a vtable at all, it points to its beginning.
    Whole,
    /// The result of arithmetic, perhaps a pointer into an object; or unknown.
    Computed,
}

impl Value {
    /// The word that is `offset` bytes after this address.
    pub(super) fn load(self, offset: u64) -> Self {
        match self {
            Self::Loaded(_) | Self::Whole => Self::Loaded(offset),
            // The loaded word is an unmodified pointer nevertheless.
            Self::Constant(_) | Self::Computed => Self::Whole,
        }
    }

    /// The lower or the upper half of the value.
    pub(super) fn half(self) -> Self {
        match self {
            Self::Loaded(_) | Self::Whole => Self::Whole,
            Self::Constant(_) | Self::Computed => Self::Computed,
        }
    }

    /// The join of two values.
    pub(super) fn join(self, other: Self) -> Self {
        match (self, other) {
            (one, other) if one == other => one,
            (Self::Computed, _) | (_, Self::Computed) => Self::Computed,
            _ => Self::Whole,
        }
    }

    /// The functions that an indirect call through this pointer can reach.
    pub(super) fn callee(self) -> Origin {
        match self {
            Self::Constant(entry) => Origin::Entry(entry),
            Self::Loaded(offset) => Origin::Slot(offset),
            Self::Whole | Self::Computed => Origin::Any,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Value::{Computed, Constant, Loaded, Whole};

    #[test]
    fn only_what_both_agree_on_is_known() {
        for (one, other, expected) in [
            (Loaded(4), Loaded(4), Loaded(4)),
            (Loaded(4), Loaded(8), Whole),
            (Loaded(4), Whole, Whole),
            (Loaded(4), Constant(0), Whole),
            (Constant(8), Constant(8), Constant(8)),
            (Constant(8), Constant(9), Whole),
            (Whole, Computed, Computed),
            (Loaded(4), Computed, Computed),
        ] {
            assert_eq!(one.join(other), expected);
            assert_eq!(other.join(one), expected);
        }
    }

    #[test]
    fn an_offset_counts_only_from_the_beginning_of_an_object() {
        assert_eq!(Whole.load(12), Loaded(12));
        assert_eq!(Loaded(4).load(12), Loaded(12));
        assert_eq!(Computed.load(12), Whole);
        assert_eq!(Constant(1024).load(12), Whole);
    }
}
