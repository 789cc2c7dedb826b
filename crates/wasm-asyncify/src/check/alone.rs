//! Runs an instrumented function while it unwinds or rewinds: alone, because the original does nothing then. It
//! may access only its frame, and the two pointers that say where it is.
//!
//! ```text
//!   data ─► ┌───────┬─────┐        unwinding: a frame is written from `start` on, which moves up
//!           │ start │ end │        rewinding: it is read, and `start` moves down
//!           └───┬───┴──┬──┘
//!               ▼      ▼
//!       ────────┬──────┬
//!        frames │ room │
//!       ────────┴──────┴
//! ```
//!
//! The frame is not at address 0, and does not overlap `start` and `end`: the caller of `start_unwind` ensures
//! that.

use std::collections::BTreeMap;

use super::kept::{Kept, Reference};
use super::machine::{Added, Machine, Program};
use super::operators::{Access, Cell, Op};
use super::search::{Fact, Search};
use super::values::{Constant, Integer, Node, Value, Values};
use super::wrong::Wrong;

/// The memory that the function may access.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    /// The address of `start` and `end`.
    pub(super) data: Value,
    pub(super) start: Value,
    end: Value,
    /// Where the frame begins.
    pub(super) frame: Value,
    /// The contents of the frame, by offset.
    pub(super) cells: BTreeMap<i64, (Cell, Value)>,
    pub(super) room: Room,
    /// The references whose places in a table are not in a frame.
    pub(super) kept: Kept,
    /// The word before `end`, which tells where the newest segment begins.
    pub(super) newest: Option<Value>,
    /// The size of that word in bytes; 0 if there is none.
    pub(super) reserved: i64,
    /// What was learnt about the only frame, if a rewind begins in its function.
    pub(super) search: Option<Search>,
    /// Whether frames are written.
    pub(super) is_unwinding: bool,
}

/// What was learnt about the room for frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// There is room for this many bytes before `end`.
    pub(super) fits: i64,
    /// There is no room for this many.
    pub(super) lacks: Option<i64>,
}

/// The most accesses and branches on one path: more than there can be locals.
const PATIENCE: usize = 1_000_000;
/// The same on all paths together. In compact form each local adds a path, because each is saved by itself.
const PATIENCE_FOR_ALL: usize = 100 * PATIENCE;

/// The value of a condition, as far as it is known.
enum Condition {
    Known(bool),
    /// Whether there is room for this many bytes, or whether there is not.
    Room {
        size: i64,
        is_room: bool,
    },
    /// Whether this fact holds for the only frame, or whether it does not.
    Only {
        fact: Fact,
        is_so: bool,
    },
}

impl Memory {
    /// Memory to unwind to. Nothing else is accessible but what `data` points to.
    pub(super) fn to_unwind(data: Value, reserved: i64, values: &mut Values) -> Self {
        let frame = values.unknown();
        Self {
            data,
            start: frame,
            end: values.unknown(),
            frame,
            cells: BTreeMap::new(),
            // `start_unwind` has checked that `start` has not passed `end`.
            room: Room { fits: 0, lacks: None },
            kept: Kept::default(),
            newest: None,
            reserved,
            search: None,
            is_unwinding: true,
        }
    }

    /// Memory to rewind from, with a frame of this size.
    pub(super) fn to_rewind(
        data: Value,
        size: i64,
        memory64: bool,
        cells: BTreeMap<i64, (Cell, Value)>,
        values: &mut Values,
    ) -> Self {
        let mut memory = Self { is_unwinding: false, ..Self::to_unwind(data, 0, values) };
        for (offset, (ty, value)) in cells {
            memory.cells.insert(offset, memory.kept.rewound(ty, value, values));
        }
        memory.room.fits = size;
        let size = match memory64 {
            true => Constant::I64(size.cast_unsigned()),
            false => Constant::I32(size as u32),
        };
        let size = values.constant(size);
        memory.start = values.integer(Integer::Add, [memory.frame, size]);
        memory
    }

    /// The number of bytes that were pushed and not popped. None if `start` no longer points to frames.
    pub(super) fn size(&self, values: &Values) -> Option<i64> {
        let (base, size) = values.as_sum(self.start)?;
        (base == self.frame).then_some(size)
    }

    fn access(
        &mut self,
        machine: &mut Machine,
        access: Access,
        added: &Added<'_>,
        values: &mut Values,
    ) -> Result<(), Wrong> {
        let current = machine.current();
        let stored = if access.is_store { Some(current.pop()?) } else { None };
        let address = current.pop()?;
        let (base, offset) = values
            .as_sum(address)
            .filter(|_| access.memory == Some(added.memory))
            .ok_or_else(|| Wrong::new("memory is accessed that is not a frame"))?;
        let offset = offset + access.offset.cast_signed();
        let (pointer, width) = if added.memory64 { (Cell::I64, 8) } else { (Cell::I32, 4) };
        if base == self.data && access.ty == pointer && offset == 0 {
            match stored {
                Some(stored) => self.start = stored,
                None => current.push(self.start),
            }
        } else if base == self.data && access.ty == pointer && offset == width && stored.is_none() {
            current.push(self.end);
        } else if base == self.end
            && offset == -self.reserved
            && access.ty == pointer
            && let (Some(stored), true) = (stored, self.is_unwinding)
            && self.room.fits >= self.reserved
        {
            self.newest = Some(stored);
        } else if base == self.end
            && offset == -self.reserved
            && access.ty == pointer
            && let (None, Some(newest)) = (stored, self.newest)
        {
            current.push(newest);
        } else if base != self.frame {
            return Err(Wrong::new("memory is accessed that is not a frame"));
        } else if let Some(stored) = stored {
            self.store(offset, access.ty, stored)?;
        } else {
            let held = self.cells.get(&offset).filter(|(ty, _)| *ty == access.ty);
            let value = held.map(|(_, value)| *value);
            current.push(value.unwrap_or_else(|| values.unknown()));
        }
        current.at += 1;
        Ok(())
    }

    /// Runs the call of a function that keeps a reference or takes it back.
    fn call(
        &mut self,
        reference: Reference,
        machine: &mut Machine,
        values: &mut Values,
    ) -> Result<(), Wrong> {
        let current = machine.current();
        let operand = current.pop()?;
        let result = self.kept.call(reference, operand, self.is_unwinding, values)?;
        current.push(result);
        current.at += 1;
        Ok(())
    }

    fn store(&mut self, offset: i64, ty: Cell, stored: Value) -> Result<(), Wrong> {
        if !self.is_unwinding {
            return Err(Wrong::new("a frame is written to while it is rewound"));
        }
        let end = offset + ty.size();
        if offset < 0 || end + self.reserved > self.room.fits {
            return Err(Wrong::new(format!(
                "bytes {offset} to {end} of a frame are written, and nothing says that there is \
                 room for them"
            )));
        }
        // No cell is larger than 16 bytes.
        let near = self.cells.range(offset - 15..end);
        let over = near.filter(|(at, (ty, _))| **at + ty.size() > offset).map(|(at, _)| *at);
        for at in over.collect::<Vec<_>>() {
            self.cells.remove(&at);
        }
        self.cells.insert(offset, (ty, stored));
        Ok(())
    }

    fn condition(&self, condition: Value, values: &Values) -> Option<Condition> {
        let (condition, is_inverted) = values.without_eqz(condition);
        let result = match values.node(condition) {
            Node::Constant(constant) => Condition::Known(constant.is_true()),
            Node::Unknown | Node::Sum(..) => {
                let (base, offset) = values.as_sum(condition)?;
                // Frames are not at address 0.
                (base == self.frame && offset >= 0).then_some(Condition::Known(true))?
            }
            Node::Integer(operator @ (Integer::Eq | Integer::Ne), [a, b]) => {
                let is_inverted = is_inverted != (operator == Integer::Ne);
                if let (Some((one, more)), Some((other, less))) =
                    (values.as_sum(a), values.as_sum(b))
                    && one == other
                {
                    return Some(Condition::Known((more == less) != is_inverted));
                }
                let fact = self.search.as_ref()?.fact(self.frame, [a, b], values)?;
                return Some(Condition::Only { fact, is_so: !is_inverted });
            }
            Node::Integer(operator, [a, b]) => {
                let room = |start: Value, end: Value| {
                    let (base, size) = values.as_sum(start)?;
                    let (limit, more) = values.as_sum(end)?;
                    let is_room = base == self.frame && limit == self.end && size >= 0 && more <= 0;
                    is_room.then_some(size - more)
                };
                let (size, is_room) = match operator {
                    Integer::GtU => (room(a, b)?, false),
                    Integer::LtU => (room(b, a)?, false),
                    Integer::LeU => (room(a, b)?, true),
                    Integer::GeU => (room(b, a)?, true),
                    _ => return None,
                };
                if size <= self.room.fits {
                    Condition::Known(is_room)
                } else if self.room.lacks.is_some_and(|lacks| size >= lacks) {
                    Condition::Known(!is_room)
                } else {
                    Condition::Room { size, is_room }
                }
            }
            Node::Select(_) => return None,
        };
        Some(match result {
            Condition::Known(is_true) => Condition::Known(is_true != is_inverted),
            Condition::Room { size, is_room } => {
                Condition::Room { size, is_room: is_room != is_inverted }
            }
            only @ Condition::Only { .. } => only,
        })
    }
}

/// Runs a machine on all paths, up to an instruction that it cannot run alone.
pub(super) fn run(
    machine: Machine,
    memory: Memory,
    program: &Program<'_, '_>,
    values: &mut Values,
) -> Result<Vec<(Machine, Memory)>, Wrong> {
    let mut ended = Vec::new();
    // A stack of paths, each with the steps that it may still take.
    let mut open = vec![(machine, memory, PATIENCE)];
    let all_added = program.added.ok_or_else(|| Wrong::new("the original is run alone"))?;
    let mut patience_for_all = PATIENCE_FOR_ALL;
    while let Some((mut machine, mut memory, patience)) = open.pop() {
        let patience = patience - 1;
        patience_for_all -= 1;
        if patience == 0 || patience_for_all == 0 {
            return Err(Wrong::new("the code that was added goes on for ever"));
        }
        machine.is_alone = true;
        machine.run(program, values)?;
        if machine.has_arrived {
            machine.is_alone = false;
            ended.push((machine, memory));
            continue;
        }
        let added = machine.current().added;
        let code = program.code_of(added)?;
        let step = &code.steps[machine.current().at];
        match &step.op {
            Op::Access(access) => {
                memory.access(&mut machine, *access, all_added, values)?;
                open.push((machine, memory, patience));
            }
            Op::If { .. } | Op::BranchIf(_) | Op::Select => {
                let operand = machine.current().pop_operand()?;
                let Some(condition) = memory.condition(operand.value, values) else {
                    if !matches!(step.op, Op::Select) {
                        let offset = step.offset;
                        return Err(Wrong::new(format!(
                            "the test at {offset:#x} is of what is not known while it unwinds or rewinds"
                        )));
                    }
                    // It selects an operand that is computed again: control flow does not depend on it.
                    machine.current().stack.push(operand);
                    machine.current().select(values)?;
                    machine.current().at += 1;
                    open.push((machine, memory, patience));
                    continue;
                };
                let is_true = match condition {
                    Condition::Known(is_true) => is_true,
                    Condition::Room { size, is_room } => {
                        // Without room nothing is written.
                        let room = Room { lacks: Some(size), ..memory.room };
                        let without = Memory { room, cells: BTreeMap::new(), ..memory.clone() };
                        let mut other = machine.clone();
                        let condition = values.constant(Constant::I32((!is_room).into()));
                        other.current().push(condition);
                        open.push((other, without, patience));
                        memory.room.fits = size;
                        is_room
                    }
                    Condition::Only { fact, is_so } => {
                        let mut other = machine.clone();
                        let condition = values.constant(Constant::I32((!is_so).into()));
                        other.current().push(condition);
                        open.push((other, memory.clone(), patience));
                        if let Some(search) = &mut memory.search
                            && search.learns(fact)
                        {
                            // What it does then needs the contents of the frame, which are not known here.
                            ended.push((machine, memory));
                            continue;
                        }
                        is_so
                    }
                };
                let condition = values.constant(Constant::I32(is_true.into()));
                machine.current().push(condition);
                open.push((machine, memory, patience));
            }
            Op::Call(function) if program.reference(*function).is_some() => {
                if let Some(reference) = program.reference(*function) {
                    memory.call(reference, &mut machine, values)?;
                }
                open.push((machine, memory, patience));
            }
            Op::GlobalGet(global) | Op::GlobalSet(global)
                if memory.search.as_ref().is_some_and(|it| it.is_of_stack(&step.op)) =>
            {
                if let Some(search) = &mut memory.search {
                    search.access(*global, machine.current())?;
                }
                open.push((machine, memory, patience));
            }
            _ => {
                machine.is_alone = false;
                ended.push((machine, memory));
            }
        }
    }
    Ok(ended)
}
