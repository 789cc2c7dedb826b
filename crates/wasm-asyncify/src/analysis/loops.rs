//! Finds the locals that are assigned in each loop.

use std::collections::BTreeSet;

use wasmparser::{FunctionBody, Operator};

use crate::error::Result;

/// The most values of locals that are kept for a function: one of each local for each loop, and for each block
/// that is open at a time. That is a quarter of a gigabyte. Functions of compilers need a hundredth of it.
const MOST_VALUES: usize = 1 << 24;

/// The locals that are assigned in each loop, in the order in which the loops begin. None if the function has
/// too many loops and locals to follow them.
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
