//! What loops assign.

use std::collections::BTreeSet;

use wasmparser::{FunctionBody, Operator};

use crate::error::Result;

/// For each loop, in the order of their beginnings, the locals that are assigned in it.
pub(super) fn assigned_in_loops(body: &FunctionBody<'_>) -> Result<Vec<BTreeSet<u32>>> {
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
    }
    Ok(loops)
}
