//! The dataflow state of a site while it is suspended: what the frame holds, compared with the locals and
//! operands of the original.
//!
//! It follows from how the function unwinds there, on all paths to the site, including those that begin with a
//! rewind. A rewind has nothing else to rely on.

use std::collections::BTreeMap;

use wasmparser::{Operator, ValType};

use super::alone::{self, Memory};
use super::classes::Classes;
use super::machine::{Activation, Machine};
use super::operators::Op;
use super::pair::Pair;
use super::protocol;
use super::shown::{described, held, without_tail};
use super::values::{Constant, Integer, Operand, Value, Values};
use super::walk::{Needed, Site, Suspended, Walk};
use super::wrong::Wrong;

/// The state in which a rewind begins.
pub(super) const BEGINS: u32 = 2;

impl Walk<'_, '_> {
    /// The dataflow state of a site that unwinds, whose call has just returned. Its operands were taken.
    pub(super) fn suspends(
        &self,
        pair: &Pair,
        arguments: &[Value],
        results: usize,
        values: &mut Values,
    ) -> Result<Option<Suspended>, Wrong> {
        let mut machine = pair.instrumented.clone();
        machine.function.at += 1;
        // What a call returns while it unwinds is unknown.
        for _ in 0..results {
            machine.function.push(values.unknown());
        }
        machine.globals = self.globals(1, values);
        let reserved = self.instrumented.added.map_or(0, |added| added.reserved);
        let memory = Memory::to_unwind(self.data(&machine)?, reserved, values);
        let mut fits = None;
        let mut sizes = Vec::new();
        for (machine, memory) in alone::run(machine, memory, &self.instrumented, values)? {
            self.check_returned(&machine, 1, values)?;
            let size = memory.size(values).filter(|size| *size >= 0);
            let size = size.ok_or_else(|| {
                Wrong::new("after its frame was saved, `start` is not where the frame ends")
            })?;
            match memory.room.lacks {
                // Its reader sees that there was no room. `start` may have moved by the reserved bytes as well.
                Some(lacks) if lacks <= size && reserved > 0 => continue,
                Some(lacks) if lacks <= size => {}
                Some(lacks) => {
                    return Err(Wrong::new(format!(
                        "a frame of {size} bytes is pushed, and is given up for want of {lacks}"
                    )));
                }
                None if memory.room.fits < size + reserved
                    && !(self.flat.is_some() && size == 0) =>
                {
                    return Err(Wrong::new(format!(
                        "a frame of {size} bytes is pushed, and room was looked for {} bytes",
                        memory.room.fits
                    )));
                }
                None => fits = Some(memory),
            }
            sizes.push(size);
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
        if let Some(flat) = self.flat {
            if size == 0 {
                return self.check_passed_on(pair, results, values).map(|()| None);
            }
            let number = memory.cells.get(&0).and_then(|(_, value)| values.as_constant(*value));
            flat.check_frame(self.function, number, size)?;
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
        Ok(Some(Suspended {
            shape: [function.stack.len(), function.caught.len(), arguments.len()],
            size,
            cells: memory.cells.iter().map(|(offset, (ty, _))| (*offset, *ty)).collect(),
            classes: Classes::new(&places, values),
        }))
    }

    /// Checks that the program traps if a call that has just returned is unwinding.
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
        let memory = Memory::to_unwind(self.data(&machine)?, 0, values);
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

    /// Rewinds a suspended site: in the original its call returns, the instrumented function is entered again.
    /// From there on, both do the same.
    pub(super) fn rewind(&mut self, at: usize, values: &mut Values) -> Result<(), Wrong> {
        let Site { number, needed } = self.sites[&at];
        let mut open = Vec::new();
        if self.flat.is_some() {
            let call = without_tail(&self.original.code.steps[at].operator);
            let is_sure = matches!(call, Operator::Call { .. });
            let is_sure = is_sure || !self.can_be_resumed(at);
            if needed != Needed::All || !is_sure {
                let pair = self.resumed(at, values);
                open.push(pair.map_err(|wrong| self.at_site(wrong, Some(number)))?);
                let thrown = self.thrown(at, values, &mut open);
                thrown.map_err(|wrong| self.at_site(wrong, Some(number)))?;
            }
            if needed != Needed::All {
                return self.go_on(open, values);
            }
        }
        let (pair, arguments) =
            self.rewound(at, values).map_err(|wrong| self.at_site(wrong, Some(number)))?;
        let called = self.returns(pair, self.sites[&at], arguments, values, &mut open);
        called.map_err(|wrong| self.at_site(wrong, Some(number)))?;
        if self.takes_only_frame {
            let taken = self.taken(at, values);
            let (pair, arguments) = taken.map_err(|wrong| self.at_site(wrong, Some(number)))?;
            let called = self.returns(pair, self.sites[&at], arguments, values, &mut open);
            called.map_err(|wrong| self.at_site(wrong, Some(number)))?;
        }
        self.go_on(open, values)
    }

    /// Whether a function that is resumed can have the results of this call: then there are globals for them.
    fn can_be_resumed(&self, at: usize) -> bool {
        let results = self.original.code.results.get(&at);
        results.zip(self.flat).is_some_and(|(results, flat)| flat.globals(results).is_ok())
    }

    /// Both after the call of a site that has returned earlier: its results were saved.
    fn resumed(&self, at: usize, values: &mut Values) -> Result<Pair, Wrong> {
        let (original, mut machine, memory, _) =
            self.entered_again(at, protocol::RESULT, values)?;
        let flat = self.flat.ok_or_else(|| Wrong::new("nobody puts results aside"))?;
        let types = self.original.code.results.get(&at);
        let types = types.ok_or_else(|| Wrong::new("the types of its results are not known"))?;
        let results = values.unknowns(types.len());
        for (global, (result, ty)) in
            flat.globals(types)?.into_iter().zip(results.iter().zip(types))
        {
            machine.globals[global] = *result;
            if let ValType::Ref(reference) = ty {
                // The result that it holds is one of this call, so it has its type.
                values.is_of(*result, *reference);
            }
        }
        machine.stops_when_normal = true;
        let (mut machine, _) = self.run_alone(machine, memory, values)?;
        if !machine.has_arrived || !machine.inner.is_empty() {
            return Err(Wrong::new("when it is resumed it does not go on after the call"));
        }
        machine.has_arrived = false;
        machine.stops_when_normal = false;
        machine.globals = self.globals(0, values);
        let mut pair = Pair::new(original, machine, Some(self.sites[&at].number));
        self.go_past_call(&mut pair.original.function);
        pair.original.function.stack.extend(results.into_iter().map(Operand::from));
        pair.original.has_joined = true;
        Ok(pair)
    }

    /// Moves past the call of a site, or to the end of the function after a tail call.
    pub(super) fn go_past_call(&self, function: &mut Activation) {
        let step = &self.original.code.steps[function.at];
        function.at += 1;
        if matches!(step.op, Op::Last) {
            function.stack.clear();
            function.at = self.original.code.labels[0].at;
        }
    }

    /// Checks that the original only returns the results of a call.
    fn check_passed_on(
        &self,
        pair: &Pair,
        results: usize,
        values: &mut Values,
    ) -> Result<(), Wrong> {
        let mut original = pair.original.clone();
        let at = original.function.at;
        let results = values.unknowns(results);
        self.go_past_call(&mut original.function);
        original.function.stack.extend(results.iter().map(|it| Operand::from(*it)));
        original.run(&self.original, values)?;
        let returns = matches!(self.original.code.steps[original.function.at].op, Op::Return);
        let returned = original.function.take(self.original.code.labels[0].arity)?;
        let is_caught = !self.original.code.clauses(at).is_empty();
        if returns && returned == results && !is_caught {
            return Ok(());
        }
        Err(Wrong::new("no frame is saved while it unwinds, and it has more to do after the call"))
    }

    /// Both where the call of a site is repeated, its operands taken.
    fn rewound(&self, at: usize, values: &mut Values) -> Result<(Pair, Vec<Value>), Wrong> {
        let state = if self.flat.is_some() { protocol::INNERMOST } else { BEGINS };
        let (original, machine, memory, arguments) = self.entered_again(at, state, values)?;
        let (mut machine, memory) = self.run_alone(machine, memory, values)?;
        // Where functions are resumed one by one, the dispatcher has popped the frame.
        let left = if self.flat.is_some() { self.suspended[&at].size } else { 0 };
        self.check_called_again(at, &mut machine, &memory, left, &arguments, values)?;
        Ok((Pair::new(original, machine, Some(self.sites[&at].number)), arguments))
    }

    /// Runs a function that is rewound, as long as there is only one path.
    pub(super) fn run_alone(
        &self,
        machine: Machine,
        memory: Memory,
        values: &mut Values,
    ) -> Result<(Machine, Memory), Wrong> {
        let mut ended = alone::run(machine, memory, &self.instrumented, values)?;
        match (ended.pop(), ended.is_empty()) {
            (Some(only), true) => Ok(only),
            _ => Err(Wrong::new("how it is rewound depends on what is not known")),
        }
    }

    /// The original at the call of a site, and the instrumented function, entered again in this state; with
    /// what was saved, and the call's arguments.
    pub(super) fn entered_again(
        &self,
        at: usize,
        state: u32,
        values: &mut Values,
    ) -> Result<(Machine, Machine, Memory, Vec<Value>), Wrong> {
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
        // Its parameters are unknown now.
        let parameters = values.unknowns(self.instrumented.code.parameters);
        let mut machine = Machine {
            function: Activation::begin(self.instrumented.code, parameters, values),
            globals: self.globals(state, values),
            ..Machine::default()
        };
        let memory64 = self.instrumented.added.is_some_and(|added| added.memory64);
        let memory =
            Memory::to_rewind(self.data(&machine)?, suspended.size, memory64, cells, values);
        if self.flat.is_some() && state != BEGINS {
            // The dispatcher tells where the frame is.
            let number = match memory64 {
                true => Constant::I64(protocol::NUMBER.cast_unsigned()),
                false => Constant::I32(protocol::NUMBER as u32),
            };
            let number = values.constant(number);
            machine.globals[protocol::FRAME] = values.integer(Integer::Add, [memory.frame, number]);
        }
        Ok((original, machine, memory, arguments))
    }

    /// Checks that a rewind repeats the suspended call with its operands. `left` bytes of its frame must
    /// remain.
    pub(super) fn check_called_again(
        &self,
        at: usize,
        machine: &mut Machine,
        memory: &Memory,
        left: i64,
        arguments: &[Value],
        values: &Values,
    ) -> Result<(), Wrong> {
        let step = &self.original.code.steps[at];
        let added = machine.current().added;
        let code = self.instrumented.code_of(added)?;
        let other = &code.steps[machine.current().at];
        let call = without_tail(&step.operator);
        let arrives = self.flat.is_some_and(|flat| flat.arrives(&call, &other.operator));
        if added.is_some() || !(arrives || (self.is_same)(&call, &other.operator)) {
            return Err(Wrong::new(format!(
                "when it is rewound there is {} in the place of {}",
                described(&other.operator, other.offset),
                described(&call, step.offset)
            )));
        }
        // The function that is called in its place does not test the state.
        if !arrives {
            self.check_state(machine, 2, values)?;
        }
        if machine.globals.get(1) != Some(&memory.data) {
            return Err(Wrong::new("when it is called again it is not known what is resumed"));
        }
        match memory.size(values) {
            Some(size) if size == left => {}
            Some(size) => {
                let left = size - left;
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

    /// Checks that a function has returned, and that this is the state.
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

    /// The value of the global with the argument of the last `start_*`.
    fn data(&self, machine: &Machine) -> Result<Value, Wrong> {
        let data = machine.globals.get(1);
        data.copied().ok_or_else(|| Wrong::new("the globals of the state are missing"))
    }
}
