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
//!
//! For bounds ([`sizes`]) it also matters how a block is left. LLVM uses the local of the frame for something else where
//! the function ends in a panic, and that is in a block before the epilogue. So there, after a block, only those locals
//! are unknown that are assigned on a path to its end; the others have the values of its beginning again.

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{FunctionBody, Operator};

use super::values::Value;
use crate::error::{Context, Result};
use crate::module::{FunctionIndex, FunctionMap, GlobalIndex, ModuleInfo};

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

/// An open block.
#[derive(Default)]
struct Block {
    /// The places that were assigned in it, on the path to the current instruction, with their values at its beginning.
    assigned: BTreeMap<usize, Value>,
    /// The places that were assigned on a path to its end. None if there is no such path so far.
    exits: Option<BTreeSet<usize>>,
    /// Whether it is an `if` without an `else` so far.
    is_if: bool,
    is_loop: bool,
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
    /// Whether the current instruction cannot be reached. Only known with `follows_branches`.
    is_dead: bool,
    /// Whether values are those of the paths to the end of a block. Otherwise they are those of all paths in it.
    follows_branches: bool,
    frame: Frame,
}

/// By function: the size of its frame in bytes, as [`Frame::size`] has it. An imported function has none.
pub(crate) fn sizes(module: &ModuleInfo<'_>) -> Result<FunctionMap<Option<u64>>> {
    let global = module.global_names.get("__stack_pointer").copied();
    let stack_pointer = global.context("its name section has no global `__stack_pointer`")?;
    let mut sizes = module.signatures.map(|_| Some(0));
    for (function, body) in module.bodies() {
        let (_, parameters) = module.signature(function)?;
        sizes[function] = scan(body, parameters, stack_pointer, !has_handlers(body)?)?.size;
    }
    Ok(sizes)
}

/// Reads a function with this number of parameters.
pub(super) fn read(
    body: &FunctionBody<'_>,
    parameters: u32,
    stack_pointer: GlobalIndex,
) -> Result<Frame> {
    scan(body, parameters, stack_pointer, false)
}

/// The same. `follows_branches`: see [`sizes`].
pub(super) fn scan(
    body: &FunctionBody<'_>,
    parameters: u32,
    stack_pointer: GlobalIndex,
    follows_branches: bool,
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
        is_dead: false,
        follows_branches,
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
            Operator::Block { .. } | Operator::Try { .. } | Operator::TryTable { .. } => {
                scan.enter(Block::default());
            }
            Operator::If { .. } => scan.enter(Block { is_if: true, ..Block::default() }),
            Operator::Loop { .. } => {
                loops.next().into_iter().flatten().for_each(|local| scan.forget(local));
                scan.enter(Block { is_loop: true, ..Block::default() });
            }
            Operator::Else | Operator::Catch { .. } | Operator::CatchAll => scan.other_branch(),
            Operator::End | Operator::Delegate { .. } => scan.leave(),
            _ => {
                scan.branch(&operator)?;
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
        let before = std::mem::replace(&mut self.held[place], value);
        if let Some(block) = self.blocks.last_mut() {
            block.assigned.entry(place).or_insert(before);
        }
    }

    fn forget(&mut self, place: usize) {
        self.assign(place, Value::Unknown);
    }

    fn enter(&mut self, block: Block) {
        self.operands.clear();
        self.blocks.push(Block { floor: self.floor, ..block });
    }

    /// The current path leads to the end of the block that is this many levels out.
    fn exit(&mut self, depth: usize) {
        let Some(at) = self.blocks.len().checked_sub(depth + 1) else { return };
        if !self.is_dead {
            let open = &self.blocks[at..];
            let places: Vec<_> = open.iter().flat_map(|it| it.assigned.keys().copied()).collect();
            self.blocks[at].exits.get_or_insert_default().extend(places);
        }
    }

    fn branch(&mut self, operator: &Operator<'_>) -> Result<()> {
        if !self.follows_branches {
            return Ok(());
        }
        let targets = match operator {
            Operator::Br { relative_depth } | Operator::BrIf { relative_depth } => {
                [*relative_depth].into()
            }
            Operator::BrTable { targets } => {
                targets.targets().chain([Ok(targets.default())]).collect::<Result<_, _>>()?
            }
            _ => BTreeSet::new(),
        };
        for depth in targets {
            let depth = depth as usize;
            // The beginning of a loop is no end.
            if !self.blocks.iter().rev().nth(depth).is_some_and(|block| block.is_loop) {
                self.exit(depth);
            }
        }
        self.is_dead |= matches!(
            operator,
            Operator::Br { .. }
                | Operator::BrTable { .. }
                | Operator::Return
                | Operator::Unreachable
        );
        Ok(())
    }

    /// `else`, `catch`: the code before it in the block may have run, or not.
    fn other_branch(&mut self) {
        self.operands.clear();
        self.exit(0);
        self.is_dead = false;
        let Some(block) = self.blocks.last_mut() else { return };
        self.floor = block.floor;
        block.is_if = false;
        for (place, before) in std::mem::take(&mut block.assigned) {
            self.held[place] = before;
        }
        if !self.follows_branches {
            let exits = block.exits.clone();
            exits.into_iter().flatten().for_each(|place| self.forget(place));
        }
    }

    fn leave(&mut self) {
        let is_if = self.blocks.last().is_some_and(|block| block.is_if);
        self.other_branch();
        let Some(Block { exits, .. }) = self.blocks.pop() else { return };
        let exits = if is_if { Some(exits.unwrap_or_default()) } else { exits };
        self.is_dead = exits.is_none();
        exits.into_iter().flatten().for_each(|place| self.forget(place));
    }
}

/// Whether control can leave a block by more than plain branches.
fn has_handlers(body: &FunctionBody<'_>) -> Result<bool> {
    for operator in body.get_operators_reader()? {
        if matches!(
            operator?,
            Operator::Try { .. }
                | Operator::TryTable { .. }
                | Operator::BrOnNull { .. }
                | Operator::BrOnNonNull { .. }
                | Operator::BrOnCast { .. }
                | Operator::BrOnCastFail { .. }
                | Operator::Resume { .. }
                | Operator::ResumeThrow { .. }
                | Operator::ResumeThrowRef { .. }
                | Operator::BrOnCastDescEq { .. }
                | Operator::BrOnCastDescEqFail { .. }
        ) {
            return Ok(true);
        }
    }
    Ok(false)
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
