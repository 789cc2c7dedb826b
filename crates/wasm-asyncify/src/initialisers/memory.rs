//! Places in memory, and the instructions that read and write them.

use wasmparser::{MemArg, Operator, OperatorsReader};

use crate::error::Result;
use crate::module::GlobalIndex;

/// An address in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The global to add to the address, if each thread has a copy of its own.
    pub(crate) base: Option<GlobalIndex>,
    pub(crate) address: u64,
}

/// A load of one byte that does not change its value if it is at most 127.
pub(super) fn loaded_byte(operator: &Operator<'_>) -> Option<MemArg> {
    match *operator {
        Operator::I32Load8U { memarg }
        | Operator::I32Load8S { memarg }
        | Operator::I64Load8U { memarg }
        | Operator::I64Load8S { memarg }
        | Operator::I32AtomicLoad8U { memarg } => Some(memarg),
        _ => None,
    }
}

/// A store, and the number of bytes that it writes.
pub(super) fn store(operator: &Operator<'_>) -> Option<(MemArg, u64)> {
    Some(match *operator {
        Operator::I32Store8 { memarg }
        | Operator::I64Store8 { memarg }
        | Operator::I32AtomicStore8 { memarg }
        | Operator::I32AtomicRmw8XchgU { memarg } => (memarg, 1),
        Operator::I32Store16 { memarg } | Operator::I64Store16 { memarg } => (memarg, 2),
        Operator::I32Store { memarg }
        | Operator::I64Store32 { memarg }
        | Operator::F32Store { memarg } => (memarg, 4),
        Operator::I64Store { memarg } | Operator::F64Store { memarg } => (memarg, 8),
        Operator::V128Store { memarg } => (memarg, 16),
        _ => return None,
    })
}

/// The offset that an instruction adds to an address, if it is one of those above.
pub(super) fn offset(operator: &Operator<'_>) -> Option<u64> {
    let memarg = loaded_byte(operator).or_else(|| Some(store(operator)?.0));
    memarg.map(|memarg| memarg.offset)
}

/// The value of a constant expression, if it is a plain number.
pub(super) fn constant(operators: &mut OperatorsReader<'_>) -> Result<Option<u64>> {
    let number = match operators.read()? {
        Operator::I32Const { value } => value.cast_unsigned().into(),
        Operator::I64Const { value } => value.cast_unsigned(),
        _ => return Ok(None),
    };
    Ok(matches!(operators.read()?, Operator::End).then_some(number))
}
