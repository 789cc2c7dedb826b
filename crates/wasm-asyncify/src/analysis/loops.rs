//! For each loop, the locals that are assigned in it.

use std::collections::BTreeSet;

use wasmparser::{FunctionBody, Operator};

use crate::error::Result;

/// How many values are kept of a function's locals, at most: one of each for each loop, and for each
/// block that is open at a time. That is a quarter of a gigabyte. Functions of compilers have a
/// hundredth of it.
const MOST_VALUES: usize = 1 << 24;

/// For each loop, in the order of their beginnings, the locals that are assigned in it. Nothing if the
/// function has so many loops and locals that these cannot be followed.
pub(super) fn assigned_in_loops(
    body: &FunctionBody<'_>,
    locals: usize,
) -> Result<Option<Vec<BTreeSet<u32>>>> {
    let mut loops: Vec<BTreeSet<u32>> = Vec::new();
    // The innermost loop around each open block.
    let mut open: Vec<Option<usize>> = Vec::new();
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        match operators.read()? {
            Operator::Loop { .. } => {
                open.push(Some(loops.len()));
                loops.push(BTreeSet::new());
            }
            Operator::Block { .. }
            | Operator::If { .. }
            | Operator::Try { .. }
            | Operator::TryTable { .. } => open.push(open.last().copied().flatten()),
            Operator::End | Operator::Delegate { .. } => {
                let inner = open.pop().flatten();
                let outer = open.last().copied().flatten();
                if let (Some(inner), Some(outer)) = (inner, outer)
                    && inner != outer
                {
                    let assigned = loops[inner].clone();
                    loops[outer].extend(assigned);
                }
            }
            Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
                if let Some(innermost) = open.last().copied().flatten() {
                    loops[innermost].insert(local_index);
                }
            }
            _ => {}
        }
        if (loops.len() + open.len()).saturating_mul(locals) > MOST_VALUES {
            return Ok(None);
        }
    }
    Ok(Some(loops))
}
