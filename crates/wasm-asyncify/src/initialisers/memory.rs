//! Places in memory, and the instructions that read and write them.

use wasmparser::{MemArg, Operator, OperatorsReader};

use crate::error::Result;
use crate::module::GlobalIndex;

/// Where something is in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The global that is to be added, if each thread has a copy of its own.
    pub(crate) base: Option<GlobalIndex>,
    pub(crate) address: u64,
}

/// A load of a byte that leaves it as it is, if it is no larger than 127.
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

/// A store, and how many bytes it writes.
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

/// What an instruction adds to an address, if it is one of those above.
pub(super) fn offset(operator: &Operator<'_>) -> Option<u64> {
    let memarg = loaded_byte(operator).or_else(|| Some(store(operator)?.0));
    memarg.map(|memarg| memarg.offset)
}

/// What a constant expression is, if it is a plain number.
pub(super) fn constant(operators: &mut OperatorsReader<'_>) -> Result<Option<u64>> {
    let number = match operators.read()? {
        Operator::I32Const { value } => value.cast_unsigned().into(),
        Operator::I64Const { value } => value.cast_unsigned(),
        _ => return Ok(None),
    };
    Ok(matches!(operators.read()?, Operator::End).then_some(number))
}
