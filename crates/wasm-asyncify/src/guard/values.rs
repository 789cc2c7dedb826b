//! The values that are tracked to find out where the stack pointer is ([`super::frames`]).

/// An abstract value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Constant(i64),
    /// The stack pointer on entry plus an offset between the first and the second number, both included.
    Pointer(i64, i64),
    Unknown,
}

impl Value {
    pub(super) fn plus(self, other: Self) -> Self {
        let sum = match (self, other) {
            (Self::Constant(one), Self::Constant(other)) => {
                one.checked_add(other).map(Self::Constant)
            }
            (Self::Pointer(least, most), Self::Constant(by))
            | (Self::Constant(by), Self::Pointer(least, most)) => {
                least.checked_add(by).zip(most.checked_add(by)).map(|(l, m)| Self::Pointer(l, m))
            }
            _ => None,
        };
        sum.unwrap_or(Self::Unknown)
    }

    pub(super) fn minus(self, other: Self) -> Self {
        match other {
            Self::Constant(by) => {
                by.checked_neg().map_or(Self::Unknown, |by| self.plus(Self::Constant(by)))
            }
            _ => Self::Unknown,
        }
    }

    /// Rounds a pointer down to a multiple of a power of two, as LLVM does to align it.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Pointer(least, most), Self::Constant(mask))
                if mask < 0 && mask.unsigned_abs().is_power_of_two() =>
            {
                // It gets lower by less than the alignment.
                least.checked_sub(!mask).map_or(Self::Unknown, |least| Self::Pointer(least, most))
            }
            _ => Self::Unknown,
        }
    }
}
