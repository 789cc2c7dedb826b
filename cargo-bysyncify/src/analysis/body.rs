//! What one function calls.
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
//! or keeps the pointer in a local meanwhile. So we follow what the operands and the locals
//! hold, as far as it matters here ([`Value`]), through the function, in order. Where branches
//! meet, what they bring is joined. What a loop assigns is unknown at its beginning when we come
//! there first; if that leaves an indirect call of unknown origin we go through the function once
//! more, with what came back to each loop's beginning the first time. That is true, if not all
//! that is: it was found while less was known.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use wasmparser::{
    BlockType, CompositeInnerType, ContType, FrameKind, FuncType, FunctionBody, ModuleArity,
    Operator, RefType, SubType,
};

use super::program::{FunctionIndex, TypeId};
use super::relocations::Vtables;
use super::types::Types;
use super::value::Value;

/// The calls in one function, and what Asyncify could not instrument in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Calls {
    pub(crate) direct: BTreeSet<FunctionIndex>,
    pub(crate) indirect: BTreeSet<IndirectCall>,
    /// The first tail call, by its offset in the file.
    pub(crate) tail_call: Option<u64>,
    /// The first `try_table`, likewise.
    pub(crate) try_table: Option<u64>,
    /// The first parameter or local that holds a reference.
    pub(crate) reference_local: Option<u32>,
}

/// What an indirect call can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct IndirectCall {
    pub(crate) type_id: TypeId,
    pub(crate) through: Through,
}

/// Where the pointer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Through {
    /// This is not known.
    Any,
    /// From memory, this many bytes from the beginning of some object.
    Slot(u64),
    /// It is this table index.
    Entry(u64),
}

/// What [`read`] finds.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) calls: Calls,
    /// Functions in a `ref.func`.
    pub(super) references: BTreeSet<FunctionIndex>,
    /// Whether it can change a table.
    pub(super) writes_table: bool,
}

/// What must be known of the module to read a body.
#[derive(Debug)]
pub(super) struct Module {
    pub(super) types: Types,
    /// The type index of each function.
    pub(super) signatures: Vec<u32>,
    pub(super) vtables: Vtables,
}

/// Reads the body of function `index`.
pub(super) fn read(body: &FunctionBody<'_>, index: FunctionIndex, module: &Module) -> Result<Read> {
    let assigned = assigned_in_loops(body)?;
    let first = Scan::run(body, index, module, &assigned, Vec::new())?;
    if first.read.calls.indirect.iter().all(|call| call.through != Through::Any) {
        return Ok(first.read);
    }
    Ok(Scan::run(body, index, module, &assigned, first.brought_back)?.read)
}
/// For each loop, in the order of their beginnings, the locals that are assigned in it.
fn assigned_in_loops(body: &FunctionBody<'_>) -> Result<Vec<BTreeSet<u32>>> {
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

/// A control structure that is open.
struct Frame {
    block: BlockType,
    kind: FrameKind,
    /// How many operands lie below it.
    height: usize,
    /// Whether the instruction that comes next can be reached.
    reachable: bool,
    /// What branches to its end bring in the locals.
    brought: Option<Vec<Value>>,
    /// What the locals held at the beginning of an `if`, for its `else`.
    at_start: Option<Vec<Value>>,
    /// Which loop it is, if it is one.
    loop_index: Option<usize>,
}

struct Scan<'a> {
    module: &'a Module,
    assigned_in_loops: &'a [BTreeSet<u32>],
    /// For each loop, what came back to its beginning the last time; empty the first time.
    known: Vec<Option<Vec<Value>>>,
    /// The same, this time.
    brought_back: Vec<Option<Vec<Value>>>,
    /// How many have begun.
    loops: usize,
    /// What they hold now.
    locals: Vec<Value>,
    stack: Vec<Value>,
    frames: Vec<Frame>,
    read: Read,
}

impl<'a> Scan<'a> {
    /// Goes through a function once. `brought_back` is empty, or comes from the last time.
    fn run(
        body: &FunctionBody<'_>,
        index: FunctionIndex,
        module: &'a Module,
        assigned_in_loops: &'a [BTreeSet<u32>],
        brought_back: Vec<Option<Vec<Value>>>,
    ) -> Result<Self> {
        let signature = module.signatures[index as usize];
        let mut read = Read::default();
        let mut locals = Vec::new();
        let parameters = module.types.function(signature)?.params().iter();
        locals.extend(parameters.map(|ty| (*ty, Value::Whole)));
        for group in body.get_locals_reader()? {
            let (count, ty) = group?;
            locals.extend((0..count).map(|_| (ty, Value::Constant(0))));
        }
        let reference = locals.iter().position(|(ty, _)| ty.is_reference_type());
        read.calls.reference_local = reference.map(|local| local as u32);
        let known = brought_back;
        let mut scan = Self {
            module,
            assigned_in_loops,
            known,
            brought_back: vec![None; assigned_in_loops.len()],
            loops: 0,
            locals: locals.into_iter().map(|(_, value)| value).collect(),
            stack: Vec::new(),
            frames: Vec::new(),
            read,
        };
        scan.frames.push(Frame {
            block: BlockType::FuncType(signature),
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
            // What is caught may come from anywhere within: nothing is known of a local then.
            Operator::TryTable { ref try_table } => {
                self.locals.fill(Value::Computed);
                self.enter(try_table.ty, FrameKind::TryTable)?;
                self.read.calls.try_table.get_or_insert(offset);
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

    /// Notes what matters wherever it stands, in code that is not reached, too: Binaryen reads
    /// that as well.
    fn note(&mut self, operator: &Operator<'_>, offset: u64) -> Result<()> {
        let calls = &mut self.read.calls;
        match *operator {
            Operator::Call { function_index } => {
                calls.direct.insert(function_index);
            }
            Operator::ReturnCall { function_index } => {
                calls.direct.insert(function_index);
                calls.tail_call.get_or_insert(offset);
            }
            Operator::ReturnCallIndirect { type_index, .. }
            | Operator::CallRef { type_index }
            | Operator::ReturnCallRef { type_index } => {
                let type_id = self.module.types.id(type_index)?;
                calls.indirect.insert(IndirectCall { type_id, through: Through::Any });
                if !matches!(operator, Operator::CallRef { .. }) {
                    calls.tail_call.get_or_insert(offset);
                }
            }
            Operator::RefFunc { function_index } => {
                self.read.references.insert(function_index);
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

    /// An instruction that opens and closes nothing.
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
            Operator::I32Const { value } => self.constant(value.cast_unsigned().into()),
            Operator::I64Const { value } => self.constant(value.cast_unsigned()),
            Operator::I32Load { memarg } | Operator::I64Load { memarg } => {
                let value = self.pop().load(memarg.offset);
                self.stack.push(value);
            }
            Operator::Select | Operator::TypedSelect { .. } => {
                self.pop();
                let either = self.pop().join(self.pop());
                self.stack.push(either);
            }
            Operator::CallIndirect { type_index, table_index } => {
                let callee = self.pop();
                let type_id = self.module.types.id(type_index)?;
                // Only of table 0 do we know what is in it.
                let through = if table_index == 0 { callee.callee() } else { Through::Any };
                self.read.calls.indirect.insert(IndirectCall { type_id, through });
                let (operands, results) = self.module.types.arity(type_index)?;
                self.replace(operands, results, Value::Whole);
            }
            // LLVM may load two pointers at once, and take them apart.
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
                self.replace(operands, results, result);
                self.branch(operator)?;
            }
        }
        Ok(())
    }

    /// Brings the locals to wherever this instruction can go on.
    fn branch(&mut self, operator: &Operator<'_>) -> Result<()> {
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

    /// Brings the locals to the end of a block, or back to the beginning of a loop.
    fn bring(&mut self, depth: u32) -> Result<()> {
        let frame = self.frames.iter_mut().rev().nth(depth as usize).context("no such block")?;
        match frame.loop_index {
            Some(index) => join_into(&mut self.brought_back[index], &self.locals),
            None => join_into(&mut frame.brought, &self.locals),
        }
        Ok(())
    }

    fn begin_loop(&mut self) {
        let known = self.known.get(self.loops);
        for local in &self.assigned_in_loops[self.loops] {
            let held = &mut self.locals[*local as usize];
            *held = match known {
                Some(Some(back)) => held.join(back[*local as usize]),
                // Nothing ever comes back.
                Some(None) => *held,
                None => Value::Computed,
            };
        }
        self.loops += 1;
    }

    fn constant(&mut self, number: u64) {
        let is_inside = self.module.vtables.contains_inside(number);
        self.stack.push(if is_inside { Value::Computed } else { Value::Constant(number) });
    }

    fn local(&self, local: u32) -> Value {
        self.locals.get(local as usize).copied().unwrap_or(Value::Computed)
    }

    fn assign(&mut self, local: u32, value: Value) {
        if let Some(held) = self.locals.get_mut(local as usize) {
            *held = value;
        }
    }

    fn pop(&mut self) -> Value {
        self.stack.pop().unwrap_or(Value::Computed)
    }

    fn replace(&mut self, operands: u32, results: u32, by: Value) {
        self.stack.truncate(self.stack.len().saturating_sub(operands as usize));
        self.stack.extend((0..results).map(|_| by));
    }

    fn block_arity(&self, block: BlockType) -> Result<(u32, u32)> {
        self.block_type_arity(block).context("a block of an unknown type")
    }

    fn enter(&mut self, block: BlockType, kind: FrameKind) -> Result<()> {
        let reachable = self.frames.last().is_some_and(|frame| frame.reachable);
        let (operands, _) = if reachable { self.block_arity(block)? } else { (0, 0) };
        let height = self.stack.len().saturating_sub(operands as usize);
        // What branches bring to a loop's beginning is not followed.
        self.replace(operands, operands, Value::Computed);
        let at_start = (kind == FrameKind::If).then(|| self.locals.clone());
        let loop_index = (kind == FrameKind::Loop).then(|| self.loops - 1);
        let brought = None;
        self.frames.push(Frame { block, kind, height, reachable, brought, at_start, loop_index });
        Ok(())
    }

    /// `else`, `catch`: the block begins anew, with these operands.
    fn other_branch(&mut self, operands: u32) -> Result<()> {
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

    fn leave(&mut self) -> Result<()> {
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

impl ModuleArity for Scan<'_> {
    fn sub_type_at(&self, type_index: u32) -> Option<&SubType> {
        self.module.types.sub_type(type_index)
    }

    fn tag_type_arity(&self, tag: u32) -> Option<(u32, u32)> {
        self.module.types.arity(self.module.types.tag(tag)?).ok()
    }

    fn type_index_of_function(&self, function: u32) -> Option<u32> {
        self.module.signatures.get(function as usize).copied()
    }

    fn func_type_of_cont_type(&self, continuation: &ContType) -> Option<&FuncType> {
        match &self.sub_type_at(continuation.0.as_module_index()?)?.composite_type.inner {
            CompositeInnerType::Func(function) => Some(function),
            _ => None,
        }
    }

    fn sub_type_of_ref_type(&self, reference: &RefType) -> Option<&SubType> {
        self.sub_type_at(reference.type_index()?.as_module_index()?)
    }

    fn control_stack_height(&self) -> u32 {
        u32::try_from(self.frames.len()).unwrap_or(u32::MAX)
    }

    fn label_block(&self, depth: u32) -> Option<(BlockType, FrameKind)> {
        let frame = self.frames.iter().rev().nth(depth as usize)?;
        Some((frame.block, frame.kind))
    }
}

/// Whether nothing that follows in the block is reached.
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
