//! Abstract values: whether one is an address in memory, and whether it tells if a state is alive.
//!
//! The state is an enum of std's with three values: 0 at first, 1 if the value is *alive*, 2 while or after it is
//! dropped. To see what a branch says about it, the pass need not know how LLVM has written the comparison:
//! everything that is computed from the byte is computed for 0 and for 1. A branch that is taken for 0, and not for
//! 1, leads to the initialiser.

use std::collections::BTreeSet;

use wasmparser::Operator;

use super::memory::Place;
use super::statics::Statics;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// This number, or the address of this place in this thread's copy.
    Constant(Place),
    /// The value that was computed from the byte at a place, for 0 and for 1; and whether a call that can suspend
    /// came after the load.
    OfByte { byte: Place, values: [u64; 2], has_waited: bool },
    /// Perhaps a value that was computed from this byte, perhaps another one.
    Mixed(Place),
    /// Perhaps an address in one of the statics.
    Lost,
    /// None of these.
    Other,
}

impl Value {
    pub(super) fn number(value: u64) -> Self {
        Self::Constant(Place { base: None, address: value })
    }

    /// The byte that it was computed from.
    pub(super) fn byte(self) -> Option<Place> {
        match self {
            Self::OfByte { byte, .. } | Self::Mixed(byte) => Some(byte),
            _ => None,
        }
    }

    /// The value after a call that can suspend.
    pub(super) fn after_wait(self) -> Self {
        match self {
            Self::OfByte { byte, values, .. } => Self::OfByte { byte, values, has_waited: true },
            other => other,
        }
    }

    /// The join of two values. Bytes that the result no longer describes are added to `unclear`.
    pub(super) fn join(
        self,
        other: Self,
        statics: &Statics,
        unclear: &mut BTreeSet<Place>,
    ) -> Self {
        if self == other {
            return self;
        }
        if self.after_wait() == other.after_wait() {
            return self.after_wait();
        }
        let is_lost = |value| match value {
            Self::Constant(place) => statics.have(place),
            value => value == Self::Lost,
        };
        let bytes = [self, other].map(Self::byte);
        match bytes {
            _ if is_lost(self) || is_lost(other) => {
                unclear.extend(bytes.into_iter().flatten());
                Self::Lost
            }
            [Some(one), Some(other)] if one != other => {
                unclear.extend([one, other]);
                Self::Other
            }
            [Some(byte), _] | [_, Some(byte)] => Self::Mixed(byte),
            [None, None] => Self::Other,
        }
    }

    /// The result of an instruction with two operands. `None` if the pass cannot compute it.
    pub(super) fn binary(self, other: Self, operator: &Operator<'_>) -> Option<Self> {
        match (self, other) {
            (Self::Constant(a), Self::Constant(b)) => {
                let base = match (operator, a.base, b.base) {
                    (_, None, None) => None,
                    (Operator::I32Add | Operator::I64Add, base, None)
                    | (Operator::I32Add | Operator::I64Add, None, base) => base,
                    _ => return None,
                };
                let address = compute(operator, a.address, b.address)?;
                Some(Self::Constant(Place { base, address }))
            }
            (
                Self::OfByte { byte, values, has_waited },
                Self::Constant(Place { base: None, address }),
            ) => {
                let values = each(values, |value| compute(operator, value, address))?;
                Some(Self::OfByte { byte, values, has_waited })
            }
            (
                Self::Constant(Place { base: None, address }),
                Self::OfByte { byte, values, has_waited },
            ) => {
                let values = each(values, |value| compute(operator, address, value))?;
                Some(Self::OfByte { byte, values, has_waited })
            }
            _ => None,
        }
    }

    /// The same with one operand.
    pub(super) fn unary(self, operator: &Operator<'_>) -> Option<Self> {
        match self {
            Self::Constant(Place { base: None, address }) => {
                Some(Self::number(compute(operator, address, 0)?))
            }
            Self::OfByte { byte, values, has_waited } => {
                let values = each(values, |value| compute(operator, value, 0))?;
                Some(Self::OfByte { byte, values, has_waited })
            }
            _ => None,
        }
    }
}

fn each([zero, one]: [u64; 2], compute: impl Fn(u64) -> Option<u64>) -> Option<[u64; 2]> {
    Some([compute(zero)?, compute(one)?])
}

/// The result of an instruction for these operands, or for `a` alone if it takes one.
fn compute(operator: &Operator<'_>, a: u64, b: u64) -> Option<u64> {
    let (short, other) = (a as u32, b as u32);
    Some(match operator {
        Operator::I32Add => short.wrapping_add(other).into(),
        Operator::I32Sub => short.wrapping_sub(other).into(),
        Operator::I32And => (short & other).into(),
        Operator::I32Or => (short | other).into(),
        Operator::I32Xor => (short ^ other).into(),
        Operator::I32Shl => short.wrapping_shl(other).into(),
        Operator::I32ShrU => short.wrapping_shr(other).into(),
        Operator::I32ShrS => short.cast_signed().wrapping_shr(other).cast_unsigned().into(),
        Operator::I32Eq => (short == other).into(),
        Operator::I32Ne => (short != other).into(),
        Operator::I32LtU => (short < other).into(),
        Operator::I32GtU => (short > other).into(),
        Operator::I32LeU => (short <= other).into(),
        Operator::I32GeU => (short >= other).into(),
        Operator::I32LtS => (short.cast_signed() < other.cast_signed()).into(),
        Operator::I32GtS => (short.cast_signed() > other.cast_signed()).into(),
        Operator::I32LeS => (short.cast_signed() <= other.cast_signed()).into(),
        Operator::I32GeS => (short.cast_signed() >= other.cast_signed()).into(),
        Operator::I32Eqz => (short == 0).into(),
        Operator::I32Extend8S => i32::from(a as i8).cast_unsigned().into(),
        Operator::I32WrapI64 | Operator::I64ExtendI32U => short.into(),
        Operator::I64Add => a.wrapping_add(b),
        Operator::I64And => a & b,
        Operator::I64Eq => (a == b).into(),
        Operator::I64Ne => (a != b).into(),
        Operator::I64Eqz => (a == 0).into(),
        _ => return None,
    })
}
