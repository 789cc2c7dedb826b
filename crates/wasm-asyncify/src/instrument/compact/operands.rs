//! Computes the operands of a call again when a rewind repeats the call.
//!
//! ```text
//!   local.get $x                      i32.load offset=12 …
//!   local.get $y                      local.set $slot
//!   i32.load offset=12 …    becomes   end                ◄── where the rewind continues
//!   call_indirect                     local.get $x
//!                                     local.get $y
//!                                     local.get $slot
//!                                     call_indirect
//! ```
//!
//! An instrumented function reads its parameters only when it is called for the first time. So on a rewind they may
//! have any value. Code that does no harm whatever the locals are is run once more: it is *replayed*. All other code
//! runs before the place where the rewind continues, and its result is kept in a local. That local is in the frame if
//! its value matters, as that of the function that is called indirectly.

use std::collections::BTreeSet;
use std::ops::Range;

use wasmparser::Operator;

use crate::instrument::shape::{Shape, Site};
use crate::module::LocalIndex;

/// The operands of a site.
#[derive(Debug)]
pub(super) struct Operands {
    /// The first instruction of the code of the last operands; the call itself if the code of no operand is known.
    pub(super) begin: usize,
    /// How many operands are on the stack before that instruction.
    pub(super) on_stack: usize,
    /// The other operands.
    pub(super) parts: Vec<Part>,
}

/// The code that an operand comes from.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) code: Range<usize>,
    pub(super) is_replayed: bool,
}

impl Operands {
    /// The operands of a site. `is_site` says whether another call is a site.
    pub(super) fn new(shape: &Shape<'_>, site: &Site, is_site: impl Fn(usize) -> bool) -> Self {
        let mut begin = site.call;
        let mut on_stack = site.operands.len();
        let mut parts = Vec::new();
        // The locals that are assigned to between an operand's code and the call.
        let mut assigned = BTreeSet::new();
        while on_stack > 0 {
            let height = site.below.len() + on_stack - 1;
            let Some(start) = start(shape, begin, height, &is_site) else { break };
            on_stack -= 1;
            let is_needed = on_stack >= site.operands.len() - site.needed();
            let code = &shape.operators[start..begin];
            let is_replayed =
                !is_needed && code.iter().all(|it| can_be_replayed(shape, it, &assigned));
            assigned.extend(code.iter().filter_map(assigned_local));
            parts.push(Part { code: start..begin, is_replayed });
            begin = start;
        }
        parts.reverse();
        Self { begin, on_stack, parts }
    }

    /// Whether the call can be repeated from the first instruction of this code, as if for the first time.
    pub(super) fn are_all_replayed(&self) -> bool {
        self.on_stack == 0 && self.parts.iter().all(|part| part.is_replayed)
    }
}

/// The beginning of the code before `end` that puts an operand at this height; nothing if that code is not
/// straight-line.
fn start(
    shape: &Shape<'_>,
    end: usize,
    height: usize,
    is_site: impl Fn(usize) -> bool,
) -> Option<usize> {
    for index in (0..end).rev() {
        let is_straight = !shape.dead[index]
            && !is_site(index)
            && !is_control(&shape.operators[index])
            && shape.heights[index] >= height;
        if !is_straight {
            return None;
        }
        if shape.heights[index] == height {
            return Some(index);
        }
    }
    None
}

fn is_control(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::Else
            | Operator::End
            | Operator::Try { .. }
            | Operator::TryTable { .. }
            | Operator::Catch { .. }
            | Operator::CatchAll
            | Operator::Delegate { .. }
            | Operator::Rethrow { .. }
            | Operator::Throw { .. }
            | Operator::ThrowRef
            | Operator::Unreachable
            | Operator::Br { .. }
            | Operator::BrIf { .. }
            | Operator::BrTable { .. }
            | Operator::BrOnNull { .. }
            | Operator::BrOnNonNull { .. }
            | Operator::BrOnCast { .. }
            | Operator::BrOnCastFail { .. }
            | Operator::Return
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. }
    )
}

/// Whether the operator neither traps nor changes anything, whatever the locals are. It must not read a local that is
/// assigned to later.
fn can_be_replayed(
    shape: &Shape<'_>,
    operator: &Operator<'_>,
    assigned: &BTreeSet<LocalIndex>,
) -> bool {
    match operator {
        // A local that may be null now, but should not be, traps.
        Operator::LocalGet { local_index } => {
            let local = LocalIndex(*local_index);
            !assigned.contains(&local) && !shape.is_made_nullable(local)
        }
        Operator::I32Const { .. }
        | Operator::I64Const { .. }
        | Operator::F32Const { .. }
        | Operator::F64Const { .. }
        | Operator::I32Eqz
        | Operator::I32Eq
        | Operator::I32Ne
        | Operator::I32Add
        | Operator::I32Sub
        | Operator::I32Mul
        | Operator::I32And
        | Operator::I32Or
        | Operator::I32Xor
        | Operator::I32Shl
        | Operator::I32ShrS
        | Operator::I32ShrU
        | Operator::I64Eqz
        | Operator::I64Add
        | Operator::I64Sub
        | Operator::I64And
        | Operator::I64Or
        | Operator::I64Xor
        | Operator::I64Shl
        | Operator::I64ShrS
        | Operator::I64ShrU
        | Operator::I32WrapI64
        | Operator::I64ExtendI32S
        | Operator::I64ExtendI32U
        | Operator::Select => true,
        _ => false,
    }
}

fn assigned_local(operator: &Operator<'_>) -> Option<LocalIndex> {
    match operator {
        Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
            Some(LocalIndex(*local_index))
        }
        _ => None,
    }
}
