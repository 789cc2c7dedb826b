//! Control flow in the search for initialisers: joins the state where branches meet.

use std::collections::BTreeSet;

use wasmparser::{Catch, Operator};

use super::memory::Place;
use super::state::{Open, Scan, State};
use super::statics::Statics;
use super::value::Value;
use crate::error::{Context, Result};

impl Scan<'_> {
    /// Applies an instruction of control flow to the state.
    pub(super) fn control(
        &mut self,
        at: usize,
        operator: &Operator<'_>,
        operands: &[Value],
    ) -> Result<()> {
        let condition = operands.last().copied().unwrap_or(Value::Other);
        match operator {
            Operator::Block { .. } => self.begin(at, false, None),
            Operator::Loop { .. } => {
                if let Some(state) = self.state.take() {
                    self.join_at_loop(at, &state);
                }
                self.state = self.at_loops.get(&at).cloned();
                self.begin(at, true, None);
            }
            Operator::If { .. } => {
                let other = self.state_if(condition, |value| value == 0);
                self.state = self.state_if(condition, |value| value != 0);
                self.is_condition(condition);
                self.begin(at, false, other);
            }
            Operator::Try { .. } | Operator::TryTable { .. } => {
                let handler = self.handler();
                if let Operator::TryTable { try_table } = operator {
                    for catch in &try_table.catches {
                        self.bring(caught_at(catch), handler.clone())?;
                    }
                }
                self.begin(at, false, handler);
            }
            Operator::Else | Operator::Catch { .. } | Operator::CatchAll => {
                self.leave_values();
                let state = self.state.take();
                let open = self.open.last_mut().context("no block is open")?;
                join_into(&mut open.brought, state, self.statics, &mut self.unclear);
                // It stays for further handlers.
                self.state = open.other.clone();
                if matches!(operator, Operator::Else) {
                    open.other = None;
                }
            }
            Operator::End | Operator::Delegate { .. } => {
                self.leave_values();
                let mut open = self.open.pop().context("no block is open")?;
                join_into(&mut open.brought, self.state.take(), self.statics, &mut self.unclear);
                if matches!(self.steps[open.begin].operator, Operator::If { .. }) {
                    join_into(&mut open.brought, open.other, self.statics, &mut self.unclear);
                }
                self.state = open.brought;
            }
            Operator::Br { relative_depth } => {
                let state = self.state.take();
                self.bring(*relative_depth, state)?;
            }
            Operator::BrIf { relative_depth } => {
                let taken = self.state_if(condition, |value| value != 0);
                self.bring(*relative_depth, taken)?;
                self.state = self.state_if(condition, |value| value == 0);
                self.is_condition(condition);
            }
            Operator::BrTable { targets } => {
                let mut depths = targets.targets().collect::<Result<Vec<_>, _>>()?;
                depths.push(targets.default());
                let last = depths.len() as u64 - 1;
                for depth in depths.iter().collect::<BTreeSet<_>>() {
                    let goes_there = |value: u64| depths[value.min(last) as usize] == *depth;
                    let state = self.state_if(condition, goes_there);
                    self.bring(*depth, state)?;
                }
                self.is_condition(condition);
                self.state = None;
            }
            Operator::BrOnNull { relative_depth }
            | Operator::BrOnNonNull { relative_depth }
            | Operator::BrOnCast { relative_depth, .. }
            | Operator::BrOnCastFail { relative_depth, .. } => {
                let state = self.state.clone();
                self.bring(*relative_depth, state)?;
            }
            Operator::Unreachable
            | Operator::Return
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. }
            | Operator::Throw { .. }
            | Operator::ThrowRef
            | Operator::Rethrow { .. } => self.state = None,
            _ => {}
        }
        Ok(())
    }

    /// The state on a path that is taken if `is_taken` of a condition. If the path is not taken for a byte that is
    /// alive, but is for one that is new, the byte was found dead.
    fn state_if(&self, condition: Value, is_taken: impl Fn(u64) -> bool) -> Option<State> {
        let mut state = self.state.clone()?;
        if let Value::OfByte { byte, values: [new, alive], has_waited } = condition
            && is_taken(new)
            && !is_taken(alive)
        {
            state.dead.insert(byte, has_waited);
        }
        Some(state)
    }

    fn is_condition(&mut self, value: Value) {
        if let Value::Mixed(byte) = value {
            self.unclear.insert(byte);
        }
    }

    fn begin(&mut self, at: usize, is_loop: bool, other: Option<State>) {
        let base = self.stack.len();
        self.open.push(Open { is_loop, begin: at, base, brought: None, other });
    }

    /// The state at the beginning of a handler of the block that begins here.
    fn handler(&self) -> Option<State> {
        let mut state = self.state.clone()?;
        // In the block, any local may have been assigned, and the coroutine may have waited.
        state.wait();
        for value in &mut state.locals {
            *value = match *value {
                Value::Constant(place) if self.statics.have(place) => Value::Lost,
                value => value.byte().map_or(Value::Other, Value::Mixed),
            };
        }
        Some(state)
    }

    /// Removes the results of a block, if it has any: they are not followed.
    fn leave_values(&mut self) {
        let base = self.open.last().map_or(0, |open| open.base);
        let left = self.stack.split_off(base.min(self.stack.len()));
        if self.state.is_some() {
            for value in left {
                self.is_unclear(value);
            }
        }
    }

    fn bring(&mut self, depth: u32, state: Option<State>) -> Result<()> {
        let Some(state) = state else { return Ok(()) };
        let at = self.open.len().checked_sub(depth as usize + 1).context("no such block")?;
        for index in self.open[at].base.min(self.stack.len())..self.stack.len() {
            self.is_unclear(self.stack[index]);
        }
        if self.open[at].is_loop {
            self.join_at_loop(self.open[at].begin, &state);
        } else {
            let brought = &mut self.open[at].brought;
            join_into(brought, Some(state), self.statics, &mut self.unclear);
        }
        Ok(())
    }

    fn join_at_loop(&mut self, begin: usize, state: &State) {
        match self.at_loops.get_mut(&begin) {
            Some(known) => known.join(state, self.statics, &mut self.unclear),
            None => drop(self.at_loops.insert(begin, state.clone())),
        }
    }
}

fn join_into(
    into: &mut Option<State>,
    from: Option<State>,
    statics: &Statics,
    unclear: &mut BTreeSet<Place>,
) {
    match (into, from) {
        (Some(into), Some(from)) => into.join(&from, statics, unclear),
        (into, from) => {
            if into.is_none() {
                *into = from;
            }
        }
    }
}

/// The label of a catch clause.
fn caught_at(catch: &Catch) -> u32 {
    match *catch {
        Catch::One { label, .. }
        | Catch::OneRef { label, .. }
        | Catch::All { label }
        | Catch::AllRef { label } => label,
    }
}
