//! What is known of a site while it is suspended: what is in the frame, compared with what the
//! original has in its locals and operands.
//!
//! It is known from how the function unwinds there, on all ways that it can come there, those that
//! begin with a rewind among them. It is all that a rewind has to go by.

use std::collections::BTreeMap;

use wasmparser::Operator;

use super::alone::{self, Memory};
use super::classes::Classes;
use super::machine::{Activation, Machine};
use super::operators::Op;
use super::pair::Pair;
use super::shown::{described, held, without_tail};
use super::values::{Constant, Operand, Value, Values};
use super::walk::{Needed, Suspended, Walk};
use super::wrong::Wrong;

impl Walk<'_, '_> {
    /// What is known when a site unwinds, whose call has just returned. Its operands were taken.
    pub(super) fn suspends(
        &self,
        pair: &Pair,
        arguments: &[Value],
        results: usize,
        values: &mut Values,
    ) -> Result<Suspended, Wrong> {
        let mut machine = pair.instrumented.clone();
        machine.function.at += 1;
        // Nobody knows what is returned while it unwinds.
        for _ in 0..results {
            machine.function.push(values.unknown());
        }
        machine.globals = self.globals(1, values);
        let memory = Memory::to_unwind(self.data(&machine)?, values);
        let mut fits = None;
        let mut sizes = Vec::new();
        for (machine, memory) in alone::run(machine, memory, &self.instrumented, values)? {
            self.check_returned(&machine, 1, values)?;
            let size = memory.size(values).filter(|size| *size >= 0);
            let size = size.ok_or_else(|| {
                Wrong::new("after its frame was saved, `start` is not where the frame ends")
            })?;
            sizes.push(size);
            match memory.room.lacks {
                // Who was to have it sees that there was no room.
                Some(lacks) if lacks <= size => {}
                Some(lacks) => {
                    return Err(Wrong::new(format!(
                        "a frame of {size} bytes is pushed, and is given up for want of {lacks}"
                    )));
                }
                None if memory.room.fits < size => {
                    return Err(Wrong::new(format!(
                        "a frame of {size} bytes is pushed, and room was looked for {} bytes",
                        memory.room.fits
                    )));
                }
                None => fits = Some(memory),
            }
        }
        let mut memory = fits.ok_or_else(|| Wrong::new("no frame is saved while it unwinds"))?;
        for cell in memory.cells.values_mut() {
            *cell = memory.kept.suspended(cell.0, cell.1);
        }
        if !memory.kept.is_empty() {
            return Err(Wrong::new("a reference is kept, and its frame does not say where"));
        }
        let size = sizes[0];
        if sizes.iter().any(|other| *other != size) {
            return Err(Wrong::new(format!("frames of these sizes are pushed: {sizes:?}")));
        }
        let function = &pair.original.function;
        let saved = memory.cells.values().map(|(_, value)| value);
        let waiting = function.stack.iter().map(|operand| &operand.value);
        let places: Vec<_> = function
            .locals
            .iter()
            .chain(waiting)
            .chain(&function.caught)
            .chain(arguments)
            .chain(saved)
            .map(|value| Operand::from(*value))
            .collect();
        Ok(Suspended {
            shape: [function.stack.len(), function.caught.len(), arguments.len()],
            size,
            cells: memory.cells.iter().map(|(offset, (ty, _))| (*offset, *ty)).collect(),
            classes: Classes::of(&places, values),
        })
    }

    /// Checks that the program is ended if a call that has just returned is unwinding.
    pub(super) fn check_stopped(
        &self,
        pair: &Pair,
        results: &[Value],
        values: &mut Values,
    ) -> Result<(), Wrong> {
        let mut machine = pair.instrumented.clone();
        machine.function.at += 1;
        machine.function.stack.extend(results.iter().copied().map(Operand::from));
        machine.globals = self.globals(1, values);
        let memory = Memory::to_unwind(self.data(&machine)?, values);
        for (machine, _) in alone::run(machine, memory, &self.instrumented, values)? {
            let current = machine.inner.last().unwrap_or(&machine.function);
            let step = &self.instrumented.code_of(current.added)?.steps[current.at];
            if !matches!(step.operator, Operator::Unreachable) {
                return Err(Wrong::new(format!(
                    "nothing may be suspended through it, and there is {} when something is",
                    described(&step.operator, step.offset)
                )));
            }
        }
        Ok(())
    }

    /// Rewinds a suspended site: in the original its call returns, the instrumented function is
    /// entered anew. From there on both do the same.
    pub(super) fn rewind(&mut self, at: usize, values: &mut Values) -> Result<(), Wrong> {
        let number = self.sites[&at].number;
        let mut open = Vec::new();
        let (pair, arguments) =
            self.rewound(at, values).map_err(|wrong| self.at_site(wrong, Some(number)))?;
        let called = self.returns(pair, self.sites[&at], arguments, values, &mut open);
        called.map_err(|wrong| self.at_site(wrong, Some(number)))?;
        self.go_on(open, values)
    }

    /// Both where the call of a site is made again, its operands taken.
    fn rewound(&self, at: usize, values: &mut Values) -> Result<(Pair, Vec<Value>), Wrong> {
        let site = self.sites[&at];
        let suspended = &self.suspended[&at];
        let mut rest = suspended.classes.operands(values).into_iter().map(|it| it.value);
        let mut next = |count| rest.by_ref().take(count).collect::<Vec<_>>();
        let code = self.original.code;
        let locals = next(code.parameters + code.zeroes.len());
        let [stack, caught, arguments] = suspended.shape;
        let stack = next(stack).into_iter().map(Operand::from).collect();
        let (caught, arguments) = (next(caught), next(arguments));
        let cells: BTreeMap<_, _> = suspended
            .cells
            .iter()
            .zip(rest)
            .map(|((offset, ty), value)| (*offset, (*ty, value)))
            .collect();
        let original = Machine {
            function: Activation { at, locals, stack, caught, ..Activation::default() },
            ..Machine::default()
        };
        // Its parameters can be anything now.
        let parameters = values.unknowns(self.instrumented.code.parameters);
        let machine = Machine {
            function: Activation::begin(self.instrumented.code, parameters, values),
            globals: self.globals(2, values),
            ..Machine::default()
        };
        let memory64 = self.instrumented.added.is_some_and(|added| added.memory64);
        let memory =
            Memory::to_rewind(self.data(&machine)?, suspended.size, memory64, cells, values);
        let mut ended = alone::run(machine, memory, &self.instrumented, values)?;
        let (Some((mut machine, memory)), true) = (ended.pop(), ended.is_empty()) else {
            return Err(Wrong::new("how it is rewound depends on what is not known"));
        };
        self.check_called_again(at, &mut machine, &memory, &arguments, values)?;
        Ok((Pair::new(original, machine, Some(site.number)), arguments))
    }

    /// Checks that a rewind makes the call again that is suspended, and takes its operands.
    fn check_called_again(
        &self,
        at: usize,
        machine: &mut Machine,
        memory: &Memory,
        arguments: &[Value],
        values: &Values,
    ) -> Result<(), Wrong> {
        let step = &self.original.code.steps[at];
        let added = machine.current().added;
        let code = self.instrumented.code_of(added)?;
        let other = &code.steps[machine.current().at];
        let call = without_tail(&step.operator);
        if added.is_some() || !(self.is_same)(&call, &other.operator) {
            return Err(Wrong::new(format!(
                "when it is rewound there is {} in the place of {}",
                described(&other.operator, other.offset),
                described(&call, step.offset)
            )));
        }
        self.check_state(machine, 2, values)?;
        match memory.size(values) {
            Some(0) => {}
            Some(left) => {
                return Err(Wrong::new(format!(
                    "when it is called again {left} bytes of its frame are left"
                )));
            }
            None => return Err(Wrong::new("when it is called again `start` is lost")),
        }
        if !memory.kept.is_empty() {
            return Err(Wrong::new("when it is called again a reference is not taken back"));
        }
        let passed = machine.function.take(other.operands)?;
        let needed = match self.sites[&at].needed {
            Needed::Nothing => 0,
            Needed::Callee => 1,
            Needed::All => arguments.len(),
        };
        let both = arguments.iter().zip(&passed).enumerate();
        for (index, (argument, passed)) in both.skip(arguments.len().saturating_sub(needed)) {
            if argument != passed {
                return Err(Wrong::new(format!(
                    "when it is called again, operand {index} is not what it was: {}",
                    held(*passed, &machine.function, values)
                )));
            }
        }
        Ok(())
    }

    /// Checks that a function has returned, and the state.
    fn check_returned(&self, machine: &Machine, state: u32, values: &Values) -> Result<(), Wrong> {
        let current = machine.inner.last().unwrap_or(&machine.function);
        let step = &self.instrumented.code_of(current.added)?.steps[current.at];
        if !matches!(step.op, Op::Return) {
            return Err(Wrong::new(format!(
                "there is {} while it unwinds",
                described(&step.operator, step.offset)
            )));
        }
        self.check_state(machine, state, values)
    }

    fn check_state(&self, machine: &Machine, state: u32, values: &Values) -> Result<(), Wrong> {
        let held = machine.globals.first().and_then(|state| values.as_constant(*state));
        if held == Some(Constant::I32(state)) {
            return Ok(());
        }
        Err(Wrong::new("the state is changed by a function that does not begin or end anything"))
    }

    /// The global with what the last `start_*` was given.
    fn data(&self, machine: &Machine) -> Result<Value, Wrong> {
        let data = machine.globals.get(1);
        data.copied().ok_or_else(|| Wrong::new("the globals of the state are missing"))
    }
}
