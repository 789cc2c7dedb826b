//! Control flow in the analysis of function pointers: joins the values of locals at joins of branches.

use std::collections::BTreeSet;

use wasmparser::{BlockType, Catch, FrameKind, ModuleArity, Operator};

use super::scan::{Frame, Scan};
use super::value::Value;
use crate::error::{Context, Result};

impl Scan<'_> {
    /// Joins the locals into the state at each target of a branch.
    pub(super) fn branch(&mut self, operator: &Operator<'_>) -> Result<()> {
        match operator {
            Operator::Br { relative_depth }
            | Operator::BrIf { relative_depth }
            | Operator::BrOnNull { relative_depth }
            | Operator::BrOnNonNull { relative_depth }
            | Operator::BrOnCast { relative_depth, .. }
            | Operator::BrOnCastFail { relative_depth, .. } => self.bring(*relative_depth)?,
            Operator::BrTable { targets } => {
                let mut depths = BTreeSet::from([targets.default()]);
                for depth in targets.targets() {
                    depths.insert(depth?);
                }
                for depth in depths {
                    self.bring(depth)?;
                }
            }
            _ => {}
        }
        if is_end_of_path(operator) {
            self.frames.last_mut().context("no block is open")?.reachable = false;
        }
        Ok(())
    }

    /// Joins the locals into the state at the end of a block, or at the beginning of a loop.
    pub(super) fn bring(&mut self, depth: u32) -> Result<()> {
        let frame = self.frames.iter_mut().rev().nth(depth as usize).context("no such block")?;
        match frame.loop_index {
            Some(index) => {
                // There is no entry if the locals are not followed.
                if let Some(brought_back) = self.brought_back.get_mut(index) {
                    join_into(brought_back, &self.locals);
                }
            }
            None => join_into(&mut frame.brought, &self.locals),
        }
        Ok(())
    }

    pub(super) fn begin_loop(&mut self) {
        let known = self.known.get(self.loops);
        for local in self.assigned_in_loops.get(self.loops).into_iter().flatten() {
            let held = &mut self.locals[*local as usize];
            *held = match known {
                Some(Some(back)) => held.join(back[*local as usize]),
                // No branch goes back to this loop.
                Some(None) => *held,
                None => Value::Computed,
            };
        }
        self.loops += 1;
    }

    pub(super) fn block_arity(&self, block: BlockType) -> Result<(u32, u32)> {
        self.block_type_arity(block).context("a block of an unknown type")
    }

    pub(super) fn enter(&mut self, block: BlockType, kind: FrameKind) -> Result<()> {
        let reachable = self.frames.last().is_some_and(|frame| frame.reachable);
        let (operands, _) = if reachable { self.block_arity(block)? } else { (0, 0) };
        let height = self.stack.len().saturating_sub(operands as usize);
        // Operands that branches bring to a loop's beginning are not followed.
        self.replace(operands, operands, Value::Computed);
        let at_start = (kind == FrameKind::If).then(|| self.locals.clone());
        let loop_index = (kind == FrameKind::Loop).then(|| self.loops - 1);
        let brought = None;
        self.frames.push(Frame { block, kind, height, reachable, brought, at_start, loop_index });
        Ok(())
    }

    /// Handles `else` and `catch`: the block begins anew, with these operands.
    pub(super) fn other_branch(&mut self, operands: u32) -> Result<()> {
        let reachable = self.frames.iter().rev().nth(1).is_some_and(|outer| outer.reachable);
        let frame = self.frames.last_mut().context("no block is open")?;
        if frame.reachable {
            join_into(&mut frame.brought, &self.locals);
        }
        frame.reachable = reachable;
        match frame.at_start.take() {
            Some(at_start) => self.locals = at_start,
            None => self.locals.fill(Value::Computed),
        }
        self.stack.truncate(frame.height);
        self.replace(0, operands, Value::Computed);
        Ok(())
    }

    pub(super) fn leave(&mut self) -> Result<()> {
        let mut frame = self.frames.pop().context("no block is open")?;
        if frame.reachable {
            join_into(&mut frame.brought, &self.locals);
        }
        // An `if` without an `else`.
        if let Some(at_start) = &frame.at_start {
            join_into(&mut frame.brought, at_start);
        }
        let (_, results) = self.block_arity(frame.block)?;
        self.stack.truncate(frame.height);
        self.replace(0, results, Value::Computed);
        if let Some(outer) = self.frames.last_mut() {
            outer.reachable &= frame.brought.is_some();
        }
        if let Some(brought) = frame.brought {
            self.locals = brought;
        }
        Ok(())
    }
}

/// Joins `from` into `into`, local by local.
fn join_into(into: &mut Option<Vec<Value>>, from: &[Value]) {
    match into {
        Some(into) => {
            for (into, from) in into.iter_mut().zip(from) {
                *into = into.join(*from);
            }
        }
        None => *into = Some(from.to_vec()),
    }
}

/// The label at which code continues with a caught exception.
pub(super) fn caught_at(catch: &Catch) -> u32 {
    match *catch {
        Catch::One { label, .. }
        | Catch::OneRef { label, .. }
        | Catch::All { label }
        | Catch::AllRef { label } => label,
    }
}

/// Whether the rest of the block is unreachable.
fn is_end_of_path(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Unreachable
            | Operator::Br { .. }
            | Operator::BrTable { .. }
            | Operator::Return
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. }
            | Operator::Throw { .. }
            | Operator::ThrowRef
            | Operator::Rethrow { .. }
    )
}
