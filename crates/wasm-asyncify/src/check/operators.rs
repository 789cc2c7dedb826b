//! The instructions that the checker understands. All others must be the same in both functions.

use wasmparser::{MemArg, MemArgTarget, ModuleArity, Operator, RefType};

use super::values::{Constant, Integer};

/// What an instruction does.
#[derive(Clone, Debug)]
pub(super) enum Op {
    /// Only begins or ends a control structure.
    Nothing,
    /// Ends a handler that can rethrow. This many are open afterwards.
    EndHandler(usize),
    /// Begins a loop with this label.
    Loop(usize),
    LocalGet(u32),
    LocalSet(u32),
    LocalTee(u32),
    GlobalGet(u32),
    GlobalSet(u32),
    Constant(Constant),
    Drop,
    /// Traps if the reference is null.
    AsNonNull,
    /// Traps if the reference does not have this type.
    Cast(RefType),
    Integer(Integer),
    Select,
    /// Jumps to `otherwise` if the operand is 0.
    If {
        otherwise: usize,
    },
    Jump(usize),
    BranchIf(usize),
    /// A `br_table`. The last label is the default.
    Table(Box<[usize]>),
    /// Branches depending on a reference.
    BranchOn(usize),
    Return,
    Call(u32),
    /// A load or store of a whole value.
    Access(Access),
    /// Rethrows what this one of the open handlers has caught.
    Rethrow(usize),
    /// Control does not continue after it.
    Last,
    /// Anything else: it takes operands and leaves results.
    Other,
    /// Is never reached.
    Never,
}

/// How memory is accessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Access {
    pub(super) is_store: bool,
    pub(super) ty: Cell,
    pub(super) offset: u64,
    /// The memory. None if the access is more than a plain load or store.
    pub(super) memory: Option<u32>,
}

/// The type of a cell in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    I32,
    I64,
    F32,
    F64,
    V128,
    /// A reference that is kept in this table: the cell has its place there.
    Kept(u32),
}

impl Cell {
    pub(super) fn size(self) -> i64 {
        match self {
            Self::I32 | Self::F32 | Self::Kept(_) => 4,
            Self::I64 | Self::F64 => 8,
            Self::V128 => 16,
        }
    }
}

/// What an instruction does, if it does not branch.
pub(super) fn op(operator: &Operator<'_>) -> Op {
    let access = |memory: &MemArg, ty, is_store| {
        let target = match memory.target {
            MemArgTarget::Memory(target) if memory.ordering.is_none() => Some(target),
            _ => None,
        };
        Op::Access(Access { is_store, ty, offset: memory.offset, memory: target })
    };
    match operator {
        Operator::Nop
        | Operator::Block { .. }
        | Operator::Try { .. }
        | Operator::TryTable { .. } => Op::Nothing,
        Operator::Loop { .. } => Op::Loop(0),
        Operator::If { .. } => Op::If { otherwise: 0 },
        Operator::Return => Op::Return,
        Operator::LocalGet { local_index } => Op::LocalGet(*local_index),
        Operator::LocalSet { local_index } => Op::LocalSet(*local_index),
        Operator::LocalTee { local_index } => Op::LocalTee(*local_index),
        Operator::GlobalGet { global_index } => Op::GlobalGet(*global_index),
        Operator::GlobalSet { global_index } => Op::GlobalSet(*global_index),
        Operator::I32Const { value } => Op::Constant(Constant::I32(value.cast_unsigned())),
        Operator::I64Const { value } => Op::Constant(Constant::I64(value.cast_unsigned())),
        Operator::F32Const { value } => Op::Constant(Constant::F32(value.bits())),
        Operator::F64Const { value } => Op::Constant(Constant::F64(value.bits())),
        Operator::V128Const { value } => Op::Constant(Constant::V128(*value.bytes())),
        Operator::RefNull { .. } => Op::Constant(Constant::Null),
        Operator::Drop => Op::Drop,
        Operator::RefAsNonNull => Op::AsNonNull,
        Operator::Select | Operator::TypedSelect { .. } => Op::Select,
        Operator::Call { function_index } => Op::Call(*function_index),
        Operator::I32Load { memarg } => access(memarg, Cell::I32, false),
        Operator::I64Load { memarg } => access(memarg, Cell::I64, false),
        Operator::F32Load { memarg } => access(memarg, Cell::F32, false),
        Operator::F64Load { memarg } => access(memarg, Cell::F64, false),
        Operator::V128Load { memarg } => access(memarg, Cell::V128, false),
        Operator::I32Store { memarg } => access(memarg, Cell::I32, true),
        Operator::I64Store { memarg } => access(memarg, Cell::I64, true),
        Operator::F32Store { memarg } => access(memarg, Cell::F32, true),
        Operator::F64Store { memarg } => access(memarg, Cell::F64, true),
        Operator::V128Store { memarg } => access(memarg, Cell::V128, true),
        Operator::Unreachable
        | Operator::Throw { .. }
        | Operator::ThrowRef
        | Operator::ReturnCall { .. }
        | Operator::ReturnCallIndirect { .. }
        | Operator::ReturnCallRef { .. } => Op::Last,
        other => integer(other).map_or(Op::Other, Op::Integer),
    }
}

/// The integer operators that the checker evaluates.
fn integer(operator: &Operator<'_>) -> Option<Integer> {
    Some(match operator {
        Operator::I32Eqz | Operator::I64Eqz => Integer::Eqz,
        Operator::I32Eq | Operator::I64Eq => Integer::Eq,
        Operator::I32Ne | Operator::I64Ne => Integer::Ne,
        Operator::I32LtS | Operator::I64LtS => Integer::LtS,
        Operator::I32LtU | Operator::I64LtU => Integer::LtU,
        Operator::I32GtS | Operator::I64GtS => Integer::GtS,
        Operator::I32GtU | Operator::I64GtU => Integer::GtU,
        Operator::I32LeS | Operator::I64LeS => Integer::LeS,
        Operator::I32LeU | Operator::I64LeU => Integer::LeU,
        Operator::I32GeS | Operator::I64GeS => Integer::GeS,
        Operator::I32GeU | Operator::I64GeU => Integer::GeU,
        Operator::I32Add | Operator::I64Add => Integer::Add,
        Operator::I32Sub | Operator::I64Sub => Integer::Sub,
        Operator::I32Mul | Operator::I64Mul => Integer::Mul,
        Operator::I32And | Operator::I64And => Integer::And,
        Operator::I32Or | Operator::I64Or => Integer::Or,
        Operator::I32Xor | Operator::I64Xor => Integer::Xor,
        Operator::I32Shl | Operator::I64Shl => Integer::Shl,
        Operator::I32ShrS | Operator::I64ShrS => Integer::ShrS,
        Operator::I32ShrU | Operator::I64ShrU => Integer::ShrU,
        Operator::I32WrapI64 => Integer::Wrap,
        Operator::I64ExtendI32S => Integer::ExtendS,
        Operator::I64ExtendI32U => Integer::ExtendU,
        _ => return None,
    })
}

/// How many operands an instruction takes, and results it leaves. Both are 0 for instructions that begin or end
/// a control structure.
pub(super) fn arity(operator: &Operator<'_>, module: &impl ModuleArity) -> Option<(usize, usize)> {
    match operator {
        Operator::Block { .. }
        | Operator::Loop { .. }
        | Operator::If { .. }
        | Operator::Else
        | Operator::End
        | Operator::Try { .. }
        | Operator::TryTable { .. }
        | Operator::Catch { .. }
        | Operator::CatchAll
        | Operator::Delegate { .. } => Some((0, 0)),
        other => {
            let (operands, results) = other.operator_arity(module)?;
            Some((operands as usize, results as usize))
        }
    }
}

impl Integer {
    /// Whether it has only one operand.
    pub(super) fn is_unary(self) -> bool {
        matches!(self, Self::Eqz | Self::Wrap | Self::ExtendS | Self::ExtendU)
    }
}

pub(super) fn is_indirect(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::CallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. }
    )
}

/// Whether it is a call of any kind.
pub(super) fn is_call(operator: &Operator<'_>) -> bool {
    matches!(operator, Operator::Call { .. } | Operator::ReturnCall { .. }) || is_indirect(operator)
}

/// Whether it can throw within this function: a tail call leaves the function first.
pub(super) fn can_throw(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::Throw { .. }
            | Operator::ThrowRef
            | Operator::Rethrow { .. }
    )
}
