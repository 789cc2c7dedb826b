//! Walks through a function's body to find its calls.
//!
//! For an indirect call the question is where the function pointer comes from. LLVM writes a
//! call of a trait object's method as
//!
//! ```text
//!   local.get $vtable
//!   i32.load offset=12
//!   call_indirect (type $t)
//! ```
//!
//! or keeps the pointer in a local meanwhile. So this follows the operands and locals through the function, as
//! far as it matters here ([`Value`]). At joins, their values are joined. In the first pass, what a loop
//! assigns is unknown at its beginning. If that leaves an indirect call of unknown origin, there is a second
//! pass: each loop begins with the values that came back to it in the first pass. That is sound, but not the
//! most precise result, because these values were found with less knowledge.

use std::collections::BTreeSet;

use wasmparser::{BlockType, FrameKind, FunctionBody, ModuleArity, Operator};

use super::blocks::caught_at;
use super::calls::{IndirectCall, Origin};
use super::loops::assigned_in_loops;
use super::scan::{Frame, Module, Read, Scan};
use super::value::Value;
use crate::error::{Context, Result};
use crate::module::{FunctionIndex, TypeIndex};

/// Reads the body of function `index`.
pub(super) fn read(body: &FunctionBody<'_>, index: FunctionIndex, module: &Module) -> Result<Read> {
    let locals = locals(body, index, module)?;
    let Some(assigned) = assigned_in_loops(body, locals.len())? else {
        // Without their initial values, locals are not followed: they are unknown.
        return Ok(Scan::run(body, index, module, &[], Vec::new(), Vec::new())?.read);
    };
    let first = Scan::run(body, index, module, &assigned, locals.clone(), Vec::new())?;
    if first.read.calls.indirect.values().all(|call| call.origin != Origin::Any) {
        return Ok(first.read);
    }
    Ok(Scan::run(body, index, module, &assigned, locals, first.brought_back)?.read)
}

/// The initial values of the locals.
fn locals(body: &FunctionBody<'_>, index: FunctionIndex, module: &Module) -> Result<Vec<Value>> {
    let signature = module.signatures[index];
    let parameters = module.types.function(signature)?.params().iter();
    let mut locals: Vec<_> = parameters.map(|_| Value::Whole).collect();
    for group in body.get_locals_reader()? {
        let (count, _) = group?;
        locals.extend((0..count).map(|_| Value::Constant(0)));
    }
    Ok(locals)
}

impl<'a> Scan<'a> {
    /// Walks through a function once. `locals` are their initial values, or empty if they are not followed.
    /// `brought_back` is empty, or comes from the previous pass.
    fn run(
        body: &FunctionBody<'_>,
        index: FunctionIndex,
        module: &'a Module,
        assigned_in_loops: &'a [BTreeSet<u32>],
        locals: Vec<Value>,
        brought_back: Vec<Option<Vec<Value>>>,
    ) -> Result<Self> {
        let signature = module.signatures[index];
        let known = brought_back;
        let mut scan = Self {
            module,
            assigned_in_loops,
            known,
            brought_back: vec![None; assigned_in_loops.len()],
            loops: 0,
            locals,
            stack: Vec::new(),
            frames: Vec::new(),
            indirect: 0,
            read: Read::default(),
        };
        scan.frames.push(Frame {
            block: BlockType::FuncType(signature.0),
            kind: FrameKind::Block,
            height: 0,
            reachable: true,
            brought: None,
            at_start: None,
            loop_index: None,
        });
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let offset = operators.original_position();
            let operator = operators.read()?;
            scan.operator(&operator, offset).with_context(|| format!("at offset {offset:#x}"))?;
        }
        Ok(scan)
    }

    fn operator(&mut self, operator: &Operator<'_>, offset: u64) -> Result<()> {
        self.note(operator, offset)?;
        let reachable = self.frames.last().is_some_and(|frame| frame.reachable);
        match *operator {
            Operator::Block { blockty } => self.enter(blockty, FrameKind::Block)?,
            Operator::Loop { blockty } => {
                self.begin_loop();
                self.enter(blockty, FrameKind::Loop)?;
            }
            Operator::If { blockty } => {
                if reachable {
                    self.pop();
                }
                self.enter(blockty, FrameKind::If)?;
            }
            // An exception may come from any point within, so the locals are unknown in its handler.
            Operator::TryTable { ref try_table } => {
                self.locals.fill(Value::Computed);
                if reachable {
                    for catch in &try_table.catches {
                        self.bring(caught_at(catch))?;
                    }
                }
                self.enter(try_table.ty, FrameKind::TryTable)?;
            }
            Operator::Try { blockty } => self.enter(blockty, FrameKind::LegacyTry)?,
            Operator::Else => {
                let block = self.frames.last().context("no block is open")?.block;
                let (operands, _) = self.block_arity(block)?;
                self.other_branch(operands)?;
            }
            Operator::Catch { tag_index } => {
                let (operands, _) = self.tag_type_arity(tag_index).context("an unknown tag")?;
                self.other_branch(operands)?;
            }
            Operator::CatchAll => self.other_branch(0)?,
            Operator::End | Operator::Delegate { .. } => self.leave()?,
            _ if !reachable => {}
            _ => self.plain(operator)?,
        }
        Ok(())
    }

    /// Records calls, references and writes of tables, also in unreachable code: Binaryen reads that as well.
    fn note(&mut self, operator: &Operator<'_>, offset: u64) -> Result<()> {
        let calls = &mut self.read.calls;
        match *operator {
            Operator::Call { function_index } => {
                calls.direct.insert(FunctionIndex(function_index));
            }
            Operator::ReturnCall { function_index } => {
                calls.direct.insert(FunctionIndex(function_index));
                calls.tail_call.get_or_insert(offset);
            }
            Operator::CallIndirect { .. } => self.indirect += 1,
            Operator::ReturnCallIndirect { type_index, .. }
            | Operator::CallRef { type_index }
            | Operator::ReturnCallRef { type_index } => {
                let type_id = self.module.types.id(TypeIndex(type_index))?;
                let call = IndirectCall { type_id, origin: Origin::Any };
                self.read.calls_references |=
                    !matches!(operator, Operator::ReturnCallIndirect { .. });
                calls.indirect.insert(self.indirect, call);
                self.indirect += 1;
                if !matches!(operator, Operator::CallRef { .. }) {
                    calls.tail_call.get_or_insert(offset);
                }
            }
            Operator::RefFunc { function_index } => {
                self.read.references.insert(FunctionIndex(function_index));
            }
            Operator::TableSet { .. }
            | Operator::TableGrow { .. }
            | Operator::TableFill { .. }
            | Operator::TableCopy { .. }
            | Operator::TableInit { .. } => self.read.writes_table = true,
            _ => {}
        }
        Ok(())
    }

    /// Handles an instruction that opens and closes no block.
    fn plain(&mut self, operator: &Operator<'_>) -> Result<()> {
        match *operator {
            Operator::LocalGet { local_index } => self.stack.push(self.local(local_index)),
            Operator::LocalSet { local_index } => {
                let value = self.pop();
                self.assign(local_index, value);
            }
            Operator::LocalTee { local_index } => {
                let value = self.pop();
                self.assign(local_index, value);
                self.stack.push(value);
            }
            Operator::I32Const { value } => {
                self.stack.push(Value::Constant(value.cast_unsigned().into()));
            }
            Operator::I64Const { value } => {
                self.stack.push(Value::Constant(value.cast_unsigned()));
            }
            Operator::I32Load { memarg } | Operator::I64Load { memarg } => {
                let address = self.pop();
                self.note_read(address, memarg.offset);
                self.stack.push(address.load(memarg.offset));
            }
            Operator::Select | Operator::TypedSelect { .. } => {
                self.pop();
                let either = self.pop().join(self.pop());
                self.stack.push(either);
            }
            Operator::CallIndirect { type_index, table_index } => {
                let callee = self.pop();
                let type_id = self.module.types.id(TypeIndex(type_index))?;
                // Only the entries of table 0 are known.
                let through = if table_index == 0 { callee.callee() } else { Origin::Any };
                self.read
                    .calls
                    .indirect
                    .insert(self.indirect - 1, IndirectCall { type_id, origin: through });
                let (operands, results) = self.module.types.arity(TypeIndex(type_index))?;
                self.replace(operands, results, Value::Whole);
            }
            // LLVM may load two pointers at once, and split them.
            Operator::I32WrapI64 => {
                let half = self.pop().half();
                self.stack.push(half);
            }
            Operator::I64ShrU => {
                let half = match (self.pop(), self.pop()) {
                    (Value::Constant(32), both) => both.half(),
                    _ => Value::Computed,
                };
                self.stack.push(half);
            }
            _ => {
                let (operands, results) =
                    operator.operator_arity(self).context("an unknown instruction")?;
                let result = match operator {
                    Operator::Call { .. } => Value::Whole,
                    _ => Value::Computed,
                };
                // The source is below the length, and above the destination.
                let source = self.stack.len().checked_sub(2).map(|at| self.stack[at]);
                match *operator {
                    Operator::MemoryCopy { .. } => self.note_read(source, 0),
                    Operator::Call { function_index }
                        if self.module.copying.contains(&FunctionIndex(function_index)) =>
                    {
                        self.note_read(source, 0);
                    }
                    Operator::V128Load { memarg } => {
                        self.note_read(self.stack.last().copied(), memarg.offset);
                    }
                    _ => {}
                }
                self.replace(operands, results, result);
                self.branch(operator)?;
            }
        }
        Ok(())
    }

    fn note_read(&mut self, address: impl Into<Option<Value>>, offset: u64) {
        if let Some(Value::Constant(address)) = address.into() {
            self.read.read_addresses.insert(address.wrapping_add(offset));
        }
    }
}
