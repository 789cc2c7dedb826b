//! Symbolic execution of a function, as long as it has no effect that is visible from outside: it moves values,
//! computes with integers, and takes branches with a known condition.
//!
//! A machine stops *before* an instruction with a visible effect, or with an unknown outcome.

use std::collections::{BTreeMap, BTreeSet};

use super::code::Code;
use super::kept::Reference;
use super::operators::Op;
use super::values::{Computation, Constant, Operand, Value, Values};
use super::wrong::Wrong;

/// The code that a machine runs.
#[derive(Debug)]
pub(super) struct Program<'a, 'm> {
    pub(super) code: &'m Code<'a>,
    /// What the transform has added to the module; none for the original function.
    pub(super) added: Option<&'m Added<'a>>,
}

/// What the transform has added to a module.
#[derive(Debug)]
pub(super) struct Added<'a> {
    /// The functions whose bodies are run at their calls.
    pub(super) functions: BTreeMap<u32, Code<'a>>,
    /// Those of the added functions that keep references and take them back. They are not run.
    pub(super) references: BTreeMap<u32, Reference>,
    /// The globals that the added functions use. The first is the state, the next holds the argument of the
    /// last `start_*`.
    pub(super) globals: Vec<u32>,
    /// Those of the added globals that never change: they hold stand-ins for references.
    pub(super) stand_ins: BTreeSet<u32>,
    /// The memory of the frames.
    pub(super) memory: u32,
    /// Whether its addresses have 64 bits.
    pub(super) memory64: bool,
    /// The number of bytes before `end` that are kept free of frames.
    pub(super) reserved: i64,
}

/// The activation of a function that is being run.
#[derive(Clone, Debug, Default)]
pub(super) struct Activation {
    /// The index of the function, if it was added.
    pub(super) added: Option<u32>,
    pub(super) at: usize,
    pub(super) locals: Vec<Value>,
    pub(super) stack: Vec<Operand>,
    /// The exceptions that were caught by handlers that can rethrow.
    pub(super) caught: Vec<Value>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Machine {
    pub(super) function: Activation,
    /// The activations of added functions, the innermost last.
    pub(super) inner: Vec<Activation>,
    /// The added globals.
    pub(super) globals: Vec<Value>,
    /// Whether the machine has passed a join.
    pub(super) has_joined: bool,
    /// Whether the machine stops when it sets the state to 0: then the resumed function is past its call.
    pub(super) stops_when_normal: bool,
    /// Whether it has stopped there.
    pub(super) has_arrived: bool,
    /// Whether it runs alone. Then its loops and branches need not match those of another function.
    pub(super) is_alone: bool,
}

/// The most steps before an event, per instruction of the function.
const PATIENCE: usize = 64;

impl Activation {
    /// The activation at the beginning of a function.
    pub(super) fn begin(code: &Code<'_>, parameters: Vec<Value>, values: &mut Values) -> Self {
        let mut locals = parameters;
        locals.extend(code.zeroes.iter().map(|zero| values.constant(*zero)));
        Self { locals, ..Self::default() }
    }

    pub(super) fn pop(&mut self) -> Result<Value, Wrong> {
        self.pop_operand().map(|operand| operand.value)
    }

    /// Pops an operand: its value, and how it was computed.
    pub(super) fn pop_operand(&mut self) -> Result<Operand, Wrong> {
        self.stack.pop().ok_or_else(|| Wrong::new("an operand is missing"))
    }

    /// Whether the predicate holds for the operand on top of the stack.
    fn is_top(&self, is_so: impl Fn(Value) -> bool) -> bool {
        self.stack.last().is_some_and(|operand| is_so(operand.value))
    }

    pub(super) fn push(&mut self, value: Value) {
        self.stack.push(value.into());
    }

    /// Pops this many operands.
    pub(super) fn take(&mut self, count: usize) -> Result<Vec<Value>, Wrong> {
        let below = self.below(count)?;
        Ok(self.stack.drain(below..).map(|operand| operand.value).collect())
    }

    /// The number of operands below the topmost `count`.
    fn below(&self, count: usize) -> Result<usize, Wrong> {
        self.stack.len().checked_sub(count).ok_or_else(|| Wrong::new("an operand is missing"))
    }

    /// Branches to a label.
    pub(super) fn branch(&mut self, code: &Code<'_>, label: usize) -> Result<(), Wrong> {
        let label = code.labels[label];
        let below = self.below(label.arity)?;
        // Drops the operands between the label's height and those that the branch takes.
        self.stack.drain(label.height..below);
        self.caught.truncate(label.caught);
        self.at = label.at;
        Ok(())
    }
}

impl Machine {
    /// The innermost activation.
    pub(super) fn current(&mut self) -> &mut Activation {
        self.inner.last_mut().unwrap_or(&mut self.function)
    }

    /// Runs up to the next instruction that is an event.
    pub(super) fn run(
        &mut self,
        program: &Program<'_, '_>,
        values: &mut Values,
    ) -> Result<(), Wrong> {
        let mut patience = PATIENCE * (program.code.steps.len() + 64);
        while self.step(program, values)? {
            patience -= 1;
            if patience == 0 {
                return Err(Wrong::new("the code that was added goes on for ever"));
            }
        }
        Ok(())
    }

    /// Runs an instruction, unless it is an event.
    fn step(&mut self, program: &Program<'_, '_>, values: &mut Values) -> Result<bool, Wrong> {
        let is_inner = !self.inner.is_empty();
        let passes_loops = is_inner || self.is_alone;
        let stops_to_choose = self.is_alone;
        let code = program.code_of(self.current().added)?;
        let current = self.inner.last_mut().unwrap_or(&mut self.function);
        let step = &code.steps[current.at];
        self.has_joined |= step.is_join;
        for (height, ty) in &step.references {
            if let Some(operand) = current.stack.get(*height as usize) {
                values.is_of(operand.value, *ty);
            }
        }
        match &step.op {
            Op::Nothing => {}
            Op::EndHandler(caught) => current.caught.truncate(*caught),
            Op::Loop(label) if passes_loops || code.labels[*label].branches == 0 => {}
            Op::LocalGet(local) => current.push(current.locals[*local as usize]),
            Op::LocalSet(local) => current.locals[*local as usize] = current.pop()?,
            Op::LocalTee(local) => {
                let operand = current.pop_operand()?;
                current.stack.push(operand);
                current.locals[*local as usize] = operand.value;
            }
            Op::Constant(constant) => current.push(values.constant(*constant)),
            Op::Drop => {
                current.pop()?;
            }
            Op::AsNonNull if current.is_top(|value| values.is_non_null(value)) => {}
            // Only the instrumented function, run alone: a cast of the original is an event.
            Op::Cast(ty) if stops_to_choose && current.is_top(|it| values.has_type(it, *ty)) => {}
            Op::Integer(operator) => {
                let b = current.pop_operand()?;
                let a = if operator.is_unary() { b } else { current.pop_operand()? };
                current.stack.push(values.compute(Computation::Integer(*operator, [a, b])));
            }
            Op::Select => {
                let condition = current.stack.last().copied();
                let is_open = condition.is_some_and(|it| values.as_constant(it.value).is_none());
                if stops_to_choose && is_open {
                    return Ok(false);
                }
                current.select(values)?;
            }
            Op::Jump(label) => {
                current.branch(code, *label)?;
                return Ok(true);
            }
            Op::If { .. } | Op::BranchIf(_) | Op::Table(_) => {
                let condition = current.stack.last().copied();
                let Some(known) = condition.and_then(|it| values.as_constant(it.value)) else {
                    return Ok(false);
                };
                current.choose(code, &step.op, known)?;
                return Ok(true);
            }
            Op::GlobalGet(global) => {
                let value = match program.added_global(*global) {
                    Some(global) => self.globals[global],
                    None if program.is_stand_in(*global) => values.unknown(),
                    None => return Ok(false),
                };
                self.current().push(value);
                self.current().at += 1;
                return Ok(true);
            }
            Op::GlobalSet(global) => {
                let Some(global) = program.added_global(*global) else { return Ok(false) };
                let value = current.pop()?;
                current.at += 1;
                self.globals[global] = value;
                let is_state = global == 0 && self.stops_when_normal;
                self.has_arrived |= is_state && values.as_constant(value) == Some(Constant::I32(0));
                return Ok(!self.has_arrived);
            }
            Op::Call(function) => {
                let Some(callee) = program.added.and_then(|it| it.functions.get(function)) else {
                    return Ok(false);
                };
                let parameters = current.take(callee.parameters)?;
                current.at += 1;
                let mut called = Activation::begin(callee, parameters, values);
                called.added = Some(*function);
                self.inner.push(called);
                return Ok(true);
            }
            Op::Return => {
                let Some(mut returned) = self.inner.pop() else { return Ok(false) };
                let results = returned.take(code.labels[0].arity)?;
                self.current().stack.extend(results.into_iter().map(Operand::from));
                return Ok(true);
            }
            _ => return Ok(false),
        }
        self.current().at += 1;
        Ok(true)
    }
}

impl Activation {
    /// Selects one of two operands.
    pub(super) fn select(&mut self, values: &mut Values) -> Result<(), Wrong> {
        let condition = self.pop_operand()?;
        let if_false = self.pop_operand()?;
        let if_true = self.pop_operand()?;
        let computation = Computation::Select([if_true, if_false, condition]);
        self.stack.push(values.compute(computation));
        Ok(())
    }

    /// Continues from a branch whose condition is known, and is on the stack.
    pub(super) fn choose(
        &mut self,
        code: &Code<'_>,
        op: &Op,
        condition: Constant,
    ) -> Result<(), Wrong> {
        self.pop()?;
        match op {
            Op::BranchIf(label) if condition.is_true() => return self.branch(code, *label),
            Op::If { otherwise } if !condition.is_true() => self.at = *otherwise,
            Op::Table(labels) => {
                let Constant::I32(index) = condition else {
                    return Err(Wrong::new("a table of branches has an index of another type"));
                };
                let last = labels.len() - 1;
                return self.branch(code, labels[last.min(index as usize)]);
            }
            _ => self.at += 1,
        }
        Ok(())
    }
}

impl<'a> Program<'a, '_> {
    /// The code of the function, or of one that was added.
    pub(super) fn code_of(&self, added: Option<u32>) -> Result<&Code<'a>, Wrong> {
        let Some(function) = added else { return Ok(self.code) };
        let code = self.added.and_then(|it| it.functions.get(&function));
        code.ok_or_else(|| Wrong::new("an added function is missing"))
    }

    /// The position of a global among the added ones.
    fn added_global(&self, global: u32) -> Option<usize> {
        self.added?.globals.iter().position(|added| *added == global)
    }

    /// Whether an added global holds a stand-in for a reference that is not used.
    fn is_stand_in(&self, global: u32) -> bool {
        self.added.is_some_and(|added| added.stand_ins.contains(&global))
    }

    /// What an added function does with a reference, if that is its purpose.
    pub(super) fn reference(&self, function: u32) -> Option<Reference> {
        self.added?.references.get(&function).copied()
    }
}
