//! Dataflow analysis of one function, which finds the writes of a state that have to be checked.
//!
//! At each place in the code the state is joined from all paths that lead there, and loops are analysed again
//! until there is a fixed point. For each byte that can be a state:
//!
//! ```text
//!   not tested ─────a test fails──► found dead ──a call that can suspend──► found dead, has waited
//!        ▲                              ▲  │                                       │
//!        └───────── a write ────────────┼──┘              a test fails             │
//!        │                              └──────────────────────────────────────────┤
//!        └────────────────────── a write, which gets a check ──────────────────────┘
//! ```
//!
//! At a join, a byte was found dead if it was on all paths, and has waited if it has on any path. A byte counts as
//! found dead everywhere in the function if something is computed from it that the pass cannot follow.

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{
    FuncToValidate, FuncValidatorAllocations, FunctionBody, Operator, ValidatorResources,
};

use super::memory::{self, Place};
use super::state::{Open, Scan, State, Step};
use super::statics::Statics;
use super::value::Value;
use crate::error::{Context, Failure, Result};
use crate::module::{FunctionIndex, GlobalIndex};

/// The values that the state gets after an initialisation: `ALIVE` when there is a new value, and `DROPPED` before
/// the old one is dropped.
const ALIVE: u64 = super::ALIVE as u64;
const DROPPED: u64 = 2;

/// The largest number of values of locals that the scan keeps: one per local for each loop, and for each block that
/// is open at a time. That is half a gigabyte.
const MOST_VALUES: usize = 1 << 22;

/// The error if a function writes to what may be a `thread_local!`, after it has waited, and the pass cannot
/// determine to which one.
#[derive(Debug)]
pub(crate) struct Lost {
    pub(crate) function: FunctionIndex,
}

/// The writes in a function, by their numbers among its instructions.
pub(super) fn scan(
    function: FuncToValidate<ValidatorResources>,
    body: &FunctionBody<'_>,
    statics: &Statics,
    can_suspend: impl Fn(&Operator<'_>, u32) -> bool,
) -> Result<BTreeMap<usize, Vec<Place>>, Failure<Lost>> {
    let index = FunctionIndex(function.index);
    let mut validator = function.into_validator(FuncValidatorAllocations::default());
    let parameters = validator.len_locals() as usize;
    validator.read_locals(&mut body.get_binary_reader())?;
    let mut locals = vec![Value::number(0); validator.len_locals() as usize];
    locals[..parameters].fill(Value::Other);
    let mut steps = Vec::new();
    let mut loops = 0;
    let mut indirect = 0;
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        let offset = operators.original_position();
        let operator = operators.read()?;
        loops += usize::from(matches!(operator, Operator::Loop { .. }));
        let places = loops + validator.control_stack_height() as usize;
        if places.saturating_mul(locals.len()) > MOST_VALUES {
            return Err(Failure::Own(Lost { function: index }));
        }
        let before = validator.operand_stack_height() as usize;
        let operands = match operator {
            Operator::End | Operator::Else | Operator::Catch { .. } | Operator::CatchAll => 0,
            _ => operator.operator_arity(&validator).context("an unknown instruction")?.0,
        };
        validator.op(offset, &operator)?;
        steps.push(Step {
            below: before.saturating_sub(operands as usize),
            after: validator.operand_stack_height() as usize,
            can_suspend: can_suspend(&operator, indirect),
            operator,
        });
        indirect += u32::from(crate::instrument::is_indirect(&steps[steps.len() - 1].operator));
    }
    let start = State { locals, dead: BTreeMap::new(), has_waited: false };
    let mut scan = Scan {
        statics,
        steps: &steps,
        state: Some(start.clone()),
        stack: Vec::new(),
        open: Vec::new(),
        at_loops: BTreeMap::new(),
        unclear: BTreeSet::new(),
        looks_somewhere: false,
        writes: BTreeMap::new(),
        is_lost: false,
    };
    loop {
        let before = (scan.at_loops.clone(), scan.unclear.clone(), scan.looks_somewhere);
        scan.state = Some(start.clone());
        scan.stack.clear();
        scan.writes.clear();
        scan.is_lost = false;
        scan.open.clear();
        scan.open.push(Open { is_loop: false, begin: 0, base: 0, brought: None, other: None });
        for at in 0..steps.len() {
            scan.step(at)?;
        }
        let (at_loops, unclear, looks_somewhere) = &before;
        if scan.at_loops == *at_loops
            && scan.unclear == *unclear
            && scan.looks_somewhere == *looks_somewhere
        {
            break;
        }
    }
    if scan.is_lost { Err(Failure::Own(Lost { function: index })) } else { Ok(scan.writes) }
}

impl Scan<'_> {
    fn step(&mut self, at: usize) -> Result<()> {
        let Step { operator, below, after, can_suspend } = &self.steps[at];
        let operands = self.stack.split_off((*below).min(self.stack.len()));
        if self.state.is_some() {
            self.plain(at, operator, &operands);
        }
        if *can_suspend && let Some(state) = &mut self.state {
            state.wait();
            for value in &mut self.stack {
                *value = value.after_wait();
            }
        }
        self.control(at, operator, &operands)?;
        self.stack.resize(*after, Value::Other);
        Ok(())
    }

    /// Applies an instruction that neither opens nor closes a structure. Leaves its result on the stack, if it is
    /// known.
    fn plain(&mut self, at: usize, operator: &Operator<'_>, operands: &[Value]) {
        let Some(state) = &mut self.state else { return };
        let operand = |index: usize| operands.get(index).copied().unwrap_or(Value::Other);
        match *operator {
            Operator::I32Const { value } => {
                self.stack.push(Value::number(value.cast_unsigned().into()));
            }
            Operator::I64Const { value } => self.stack.push(Value::number(value.cast_unsigned())),
            Operator::GlobalGet { global_index } => {
                let global = GlobalIndex(global_index);
                self.stack.push(match self.statics.thread_base == Some(global) {
                    true => Value::Constant(Place { base: Some(global), address: 0 }),
                    false => Value::Other,
                })
            }
            Operator::LocalGet { local_index } => {
                self.stack.push(state.locals[local_index as usize]);
            }
            Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
                state.locals[local_index as usize] = operand(0);
                if matches!(operator, Operator::LocalTee { .. }) {
                    self.stack.push(operand(0));
                }
            }
            Operator::Call { .. } | Operator::CallIndirect { .. } => {
                // `memset` and the like.
                if let [to, _, length] = operands {
                    self.fill(at, *to, *length);
                }
            }
            Operator::MemoryFill { .. }
            | Operator::MemoryCopy { .. }
            | Operator::MemoryInit { .. } => {
                self.fill(at, operand(0), operand(2));
            }
            Operator::Drop | Operator::Return => {}
            // `control` handles these.
            Operator::If { .. } | Operator::BrIf { .. } | Operator::BrTable { .. } => {}
            _ => self.compute(at, operator, operands),
        }
    }

    fn compute(&mut self, at: usize, operator: &Operator<'_>, operands: &[Value]) {
        if let Some(memarg) = memory::loaded_byte(operator) {
            match *operands {
                [Value::Constant(place)] => {
                    let address = place.address.wrapping_add(memarg.offset);
                    let byte = Place { address, ..place };
                    if self.statics.have_state(byte) {
                        let has_waited = false;
                        self.stack.push(Value::OfByte { byte, values: [0, ALIVE], has_waited });
                    }
                }
                [Value::Lost] => self.looks_somewhere = true,
                _ => {}
            }
            return;
        }
        if let Some((memarg, size)) = memory::store(operator) {
            let stored = operands.get(1).copied().unwrap_or(Value::Other);
            match operands.first().copied() {
                Some(Value::Constant(to)) => {
                    let first = to.address.wrapping_add(memarg.offset);
                    self.write(at, Place { address: first, ..to }, size, stored);
                }
                Some(Value::Lost) => self.lose(),
                _ => {}
            }
            return;
        }
        let result = match *operands {
            [one] => one.unary(operator),
            [one, other] => one.binary(other, operator),
            _ => None,
        };
        match result {
            Some(result) => self.stack.push(result),
            None => {
                for operand in operands {
                    self.is_unclear(*operand);
                }
                self.stack.extend(self.of_several(operator, operands));
            }
        }
    }

    /// `Lost`, if an instruction may choose an address in a static, or compute one from a chosen address.
    fn of_several(&self, operator: &Operator<'_>, operands: &[Value]) -> Option<Value> {
        let is_chosen = matches!(operator, Operator::Select | Operator::TypedSelect { .. });
        let is_computed = matches!(
            operator,
            Operator::I32Add | Operator::I32Sub | Operator::I64Add | Operator::I64Sub
        );
        let is_lost = operands.iter().any(|operand| match *operand {
            Value::Constant(place) => is_chosen && self.statics.have(place),
            Value::Lost => is_chosen || is_computed,
            _ => false,
        });
        is_lost.then_some(Value::Lost)
    }

    /// Notes that a value is used in a way that the pass cannot follow.
    pub(super) fn is_unclear(&mut self, value: Value) {
        self.unclear.extend(value.byte());
    }

    /// Handles a write to an unknown address, which may be in a static.
    fn lose(&mut self) {
        let Some(state) = &self.state else { return };
        let has_waited = state.dead.values().any(|has_waited| *has_waited);
        let is_unclear = self.looks_somewhere || !self.unclear.is_empty();
        self.is_lost |= has_waited || (state.has_waited && is_unclear);
    }

    fn fill(&mut self, at: usize, to: Value, length: Value) {
        match (to, length) {
            (Value::Constant(to), Value::Constant(Place { base: None, address: length })) => {
                self.write(at, to, length, Value::Other);
            }
            (Value::Constant(to), _) if self.statics.have(to) => {
                self.write(at, to, u64::MAX, Value::Other);
            }
            (Value::Lost, _) => self.lose(),
            _ => {}
        }
    }

    /// Handles a write of `size` bytes from `first` on.
    fn write(&mut self, at: usize, first: Place, size: u64, stored: Value) {
        let Some(state) = &mut self.state else { return };
        let last = first.address.saturating_add(size - u64::from(size > 0));
        let is_written = |byte: &Place| {
            size > 0 && byte.base == first.base && (first.address..=last).contains(&byte.address)
        };
        let unclear = self.unclear.iter().filter(|_| state.has_waited);
        let waited = state.dead.iter().filter(|(_, has_waited)| **has_waited).map(|(byte, _)| byte);
        let bytes: BTreeSet<Place> = unclear.chain(waited).copied().filter(is_written).collect();
        for byte in bytes {
            let new = match stored {
                Value::Constant(Place { base: None, address }) => {
                    let shift = 8 * (byte.address - first.address);
                    Some(address.checked_shr(shift as u32).unwrap_or_default() & 0xff)
                }
                _ => None,
            };
            let is_ours = match new {
                Some(ALIVE) | None => !self.statics.is_alone(byte),
                Some(new) => new == DROPPED,
            };
            if is_ours {
                self.writes.entry(at).or_default().push(byte);
            }
        }
        state.dead.retain(|byte, _| !is_written(byte));
    }
}
