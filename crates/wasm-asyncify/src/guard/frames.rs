//! How functions move the stack pointer: how far down, and where.
//!
//! LLVM begins a function that has a frame in memory like this, and ends it likewise:
//!
//! ```text
//!   global.get $__stack_pointer          local.get $frame
//!   i32.const 48                         i32.const 48
//!   i32.sub                              i32.add
//!   local.tee $frame                     global.set $__stack_pointer
//!   global.set $__stack_pointer
//! ```
//!
//! So this pass tracks values of the form "stack pointer on entry + constant", through locals and through the
//! function, in order. A local that is assigned in a block is unknown after it; one that is assigned in a loop is
//! unknown from the loop's beginning. So a branch cannot bring a value that differs from the tracked one. All other
//! values are unknown, and an unknown stack pointer may be anywhere below.

use std::collections::BTreeSet;

use wasmparser::{FunctionBody, Operator};

use crate::error::Result;
use crate::module::{FunctionIndex, GlobalIndex};

/// The lowest offset of a known frame.
const MOST: i64 = -0x4000_0000;

/// How one function moves the stack pointer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Frame {
    /// For each instruction that sets the stack pointer, in order: whether the new value can be lower than the value
    /// on entry, and lower than all earlier values on each path.
    pub(super) lowers: Vec<bool>,
    /// How far below its value on entry the stack pointer can be, in bytes. `None` if that is not known.
    pub(super) size: Option<u64>,
    /// The calls that may be made before the stack pointer is set.
    pub(super) early: Early,
}

/// Calls that LLVM placed before the prologue, as it does on paths that need no frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Early {
    pub(super) direct: BTreeSet<FunctionIndex>,
    pub(super) indirect: bool,
}

/// An abstract value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    Constant(i64),
    /// The stack pointer on entry plus an offset between the first and the second number, both included.
    Pointer(i64, i64),
    Unknown,
}

/// An open block.
#[derive(Default)]
struct Block {
    /// The places that were assigned in it.
    assigned: BTreeSet<usize>,
    /// The value of `Scan::floor` at its beginning.
    floor: i64,
}

struct Scan {
    /// The values of the locals, and last that of the stack pointer.
    held: Vec<Value>,
    /// The topmost operands, known or not; those below them are unknown.
    operands: Vec<Value>,
    blocks: Vec<Block>,
    /// On every path to here the stack pointer was set to this offset from its value on entry, or lower.
    floor: i64,
    frame: Frame,
}

/// Reads a function with this number of parameters.
pub(super) fn read(
    body: &FunctionBody<'_>,
    parameters: u32,
    stack_pointer: GlobalIndex,
) -> Result<Frame> {
    let mut locals = parameters as usize;
    for group in body.get_locals_reader()? {
        locals += group?.0 as usize;
    }
    let is_set = |operator: &Operator<'_>| matches!(operator, Operator::GlobalSet { global_index } if GlobalIndex(*global_index) == stack_pointer);
    let loops = assigned_in_loops(body, |operator| match operator {
        Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
            Some(*local_index as usize)
        }
        // A callee leaves the pointer where it was, but the pass need not rely on that.
        operator if is_set(operator) || is_call(operator) => Some(locals),
        _ => None,
    })?;
    let mut loops = loops.into_iter();
    let mut held = vec![Value::Unknown; locals];
    held.push(Value::Pointer(0, 0));
    let mut scan = Scan {
        held,
        operands: Vec::new(),
        blocks: vec![Block::default()],
        floor: 0,
        frame: Frame { size: Some(0), ..Frame::default() },
    };
    for operator in body.get_operators_reader()? {
        let operator = operator?;
        match operator {
            Operator::GlobalGet { global_index } if GlobalIndex(global_index) == stack_pointer => {
                scan.operands.push(scan.held[locals]);
            }
            _ if is_set(&operator) => scan.set_stack_pointer(locals),
            Operator::LocalGet { local_index } => {
                scan.operands.push(scan.held[local_index as usize]);
            }
            Operator::LocalSet { local_index } => {
                let value = scan.pop();
                scan.assign(local_index as usize, value);
            }
            Operator::LocalTee { local_index } => {
                let value = scan.pop();
                scan.assign(local_index as usize, value);
                scan.operands.push(value);
            }
            Operator::I32Const { value } => scan.operands.push(Value::Constant(value.into())),
            Operator::I64Const { value } => scan.operands.push(Value::Constant(value)),
            Operator::I32Add | Operator::I64Add => scan.binary(Value::plus),
            Operator::I32Sub | Operator::I64Sub => scan.binary(Value::minus),
            Operator::I32And | Operator::I64And => scan.binary(Value::and),
            Operator::Block { .. }
            | Operator::If { .. }
            | Operator::Try { .. }
            | Operator::TryTable { .. } => scan.enter(),
            Operator::Loop { .. } => {
                loops.next().into_iter().flatten().for_each(|local| scan.forget(local));
                scan.enter();
            }
            Operator::Else | Operator::Catch { .. } | Operator::CatchAll => scan.other_branch(),
            Operator::End | Operator::Delegate { .. } => scan.leave(),
            _ => {
                scan.note_call(&operator);
                if is_call(&operator) {
                    scan.assign(locals, Value::Unknown);
                }
                // All operands are dropped, so the number that the instruction takes does not matter.
                scan.operands.clear();
            }
        }
    }
    Ok(scan.frame)
}

impl Scan {
    fn set_stack_pointer(&mut self, place: usize) {
        let value = self.pop();
        let lowers = match value {
            // Above its value on entry, or more than 1 GiB below: that is no frame of
            // LLVM's, or one so large that the subtraction has wrapped.
            Value::Pointer(least, most) if most <= 0 && least >= MOST => {
                let lowers = least < self.floor;
                self.floor = self.floor.min(most);
                self.frame.size = self.frame.size.map(|size| size.max(least.unsigned_abs()));
                lowers
            }
            _ => {
                self.frame.size = None;
                true
            }
        };
        self.frame.lowers.push(lowers);
        self.assign(place, value);
    }

    /// Records a call as early. Once the pointer was set below its value on entry, calls are not early, even after it
    /// went up again. Setting it to an unknown value does not count.
    fn note_call(&mut self, operator: &Operator<'_>) {
        let early = &mut self.frame.early;
        match operator {
            _ if self.floor < 0 => {}
            Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                early.direct.insert(FunctionIndex(*function_index));
            }
            Operator::CallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. } => early.indirect = true,
            _ => {}
        }
    }

    fn pop(&mut self) -> Value {
        self.operands.pop().unwrap_or(Value::Unknown)
    }

    fn binary(&mut self, result: impl Fn(Value, Value) -> Value) {
        let right = self.pop();
        let left = self.pop();
        self.operands.push(result(left, right));
    }

    fn assign(&mut self, place: usize, value: Value) {
        self.held[place] = value;
        if let Some(block) = self.blocks.last_mut() {
            block.assigned.insert(place);
        }
    }

    fn forget(&mut self, place: usize) {
        self.held[place] = Value::Unknown;
    }

    fn enter(&mut self) {
        self.operands.clear();
        self.blocks.push(Block { floor: self.floor, ..Block::default() });
    }

    /// `else`, `catch`: the code before it in the block may have run, or not.
    fn other_branch(&mut self) {
        self.operands.clear();
        if let Some(Block { assigned, floor }) = self.blocks.last() {
            self.floor = *floor;
            for place in assigned {
                self.held[*place] = Value::Unknown;
            }
        }
    }

    fn leave(&mut self) {
        self.other_branch();
        let inner = self.blocks.pop().unwrap_or_default();
        if let Some(outer) = self.blocks.last_mut() {
            outer.assigned.extend(inner.assigned);
        }
    }
}

impl Value {
    fn plus(self, other: Self) -> Self {
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

    fn minus(self, other: Self) -> Self {
        match other {
            Self::Constant(by) => {
                by.checked_neg().map_or(Self::Unknown, |by| self.plus(Self::Constant(by)))
            }
            _ => Self::Unknown,
        }
    }

    /// Rounds a pointer down to a multiple of a power of two, as LLVM does to align it.
    fn and(self, other: Self) -> Self {
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

/// Whether other code runs before the next instruction.
fn is_call(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Call { .. } | Operator::CallIndirect { .. } | Operator::CallRef { .. }
    )
}

/// For each loop, in the order of their beginnings: the places that are assigned in it.
fn assigned_in_loops(
    body: &FunctionBody<'_>,
    assigned: impl Fn(&Operator<'_>) -> Option<usize>,
) -> Result<Vec<BTreeSet<usize>>> {
    let mut loops: Vec<BTreeSet<usize>> = Vec::new();
    // For each open block: the number of the loop, if it is one.
    let mut open: Vec<Option<usize>> = vec![None];
    for operator in body.get_operators_reader()? {
        let operator = operator?;
        match operator {
            Operator::Loop { .. } => {
                open.push(Some(loops.len()));
                loops.push(BTreeSet::new());
            }
            Operator::Block { .. }
            | Operator::If { .. }
            | Operator::Try { .. }
            | Operator::TryTable { .. } => open.push(None),
            Operator::End | Operator::Delegate { .. } => {
                open.pop();
            }
            _ => {
                if let Some(place) = assigned(&operator) {
                    for index in open.iter().flatten() {
                        loops[*index].insert(place);
                    }
                }
            }
        }
    }
    Ok(loops)
}
