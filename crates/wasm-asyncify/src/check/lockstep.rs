//! Walks through the original and the instrumented function side by side.
//!
//! Both run up to the next event: an effect, a loop, a branch, the end. The event must be the same in both,
//! with the same operands; then its results are the same. Where paths join in either function, the states of
//! both are joined, for each pair of positions; see [`classes`](super::classes).

use std::collections::BTreeSet;

use wasmparser::Operator;

use super::machine::{Activation, Machine};
use super::operators::{Op, can_throw};
use super::pair::{Pair, Places, go_past, leave};
use super::shown::{described, name, without_depth, without_tail};
use super::values::{Constant, Value, Values};
use super::walk::{Site, Walk};
use super::wrong::Wrong;

/// The most consecutive loops that only the instrumented function has.
const MOST_LOOPS: usize = 100;

impl<'a, 'm> Walk<'a, 'm> {
    /// Proves that the instrumented function does what the original does.
    pub(super) fn check(mut self) -> Result<(), Wrong> {
        let mut values = Values::default();
        let pair = self.entered(&mut values);
        self.go_on(vec![pair], &mut values)?;
        while let Some(places) = self.pending.pop_first() {
            let mut values = Values::default();
            match places {
                Places { original, is_rewound: true, .. } => {
                    self.rewind(original, &mut values)?;
                }
                _ => {
                    let pair = self.known_at(places, &mut values);
                    self.go_on(vec![pair], &mut values)?;
                }
            }
        }
        Ok(())
    }

    fn entered(&self, values: &mut Values) -> Pair {
        let code = self.original.code;
        let parameters = values.unknowns(code.parameters);
        let begin = |code, values: &mut Values| Machine {
            function: Activation::begin(code, parameters.clone(), values),
            ..Machine::default()
        };
        let original = begin(code, values);
        let mut instrumented = begin(self.instrumented.code, values);
        instrumented.globals = self.globals(0, values);
        Pair::new(original, instrumented, None)
    }

    /// The added globals; only the state is known.
    pub(super) fn globals(&self, state: u32, values: &mut Values) -> Vec<Value> {
        let count = self.instrumented.added.map_or(0, |added| added.globals.len());
        let mut globals = values.unknowns(count);
        if let Some(first) = globals.first_mut() {
            *first = values.constant(Constant::I32(state));
        }
        globals
    }

    /// Continues on all paths, as far as the next joins.
    pub(super) fn go_on(&mut self, mut open: Vec<Pair>, values: &mut Values) -> Result<(), Wrong> {
        while let Some(pair) = open.pop() {
            let rewound = pair.rewound;
            let gone = self.advance(pair, values, &mut open);
            gone.map_err(|wrong| self.at_site(wrong, rewound))?;
        }
        Ok(())
    }

    /// Adds the site to blame, if it is known and not yet set.
    pub(super) fn at_site(&self, mut wrong: Wrong, number: Option<usize>) -> Wrong {
        let site = number.filter(|_| wrong.site.is_none());
        if let Some((at, site)) =
            site.and_then(|number| self.sites.iter().find(|(_, site)| site.number == number))
        {
            wrong.site = Some((site.number, self.original.code.steps[*at].offset));
        }
        wrong
    }

    /// Runs to the next event, and handles it.
    fn advance(
        &mut self,
        mut pair: Pair,
        values: &mut Values,
        open: &mut Vec<Pair>,
    ) -> Result<(), Wrong> {
        pair.original.run(&self.original, values)?;
        pair.instrumented.run(&self.instrumented, values)?;
        // The instrumented function may have shown that a reference is not null, which the original waits for.
        pair.original.run(&self.original, values)?;
        let (original, instrumented) = (self.original.code, self.instrumented.code);
        let step = &original.steps[pair.original.function.at];
        // A null here contradicts the operand's type: this path is infeasible.
        if step.references.iter().any(|(height, ty)| {
            let held = pair.original.function.stack.get(*height as usize);
            held.is_some_and(|held| values.as_constant(held.value).is_some() && !ty.is_nullable())
        }) {
            return Ok(());
        }
        if let Some(inner) = pair.instrumented.inner.last() {
            let code = self.instrumented.code_of(inner.added)?;
            return Err(Wrong::new(format!(
                "what saves and restores frames does `{}` while nothing is suspended, before {}",
                name(&code.steps[inner.at].operator),
                described(&step.operator, step.offset)
            )));
        }
        let other = &instrumented.steps[pair.instrumented.function.at];
        if values.as_constant(pair.instrumented.globals[0]) != Some(Constant::I32(0)) {
            return Err(Wrong::new("the state is changed while nothing is suspended"));
        }
        match (&step.op, &other.op) {
            (Op::Loop(_), Op::Loop(_)) if pair.is_known => {
                pair.original.function.at += 1;
                pair.instrumented.function.at += 1;
                pair.is_known = false;
                open.push(pair);
                return Ok(());
            }
            (Op::Loop(_), Op::Loop(_)) => return self.join(pair, values),
            (_, Op::Loop(_)) if pair.loops < MOST_LOOPS => {
                pair.instrumented.function.at += 1;
                pair.loops += 1;
                open.push(pair);
                return Ok(());
            }
            (Op::Never, _) | (_, Op::Never) => {
                return Err(Wrong::new("code is reached that never should be"));
            }
            _ => {}
        }
        let has_joined = pair.original.has_joined || pair.instrumented.has_joined;
        if has_joined && !pair.is_known {
            return self.join(pair, values);
        }
        pair.original.has_joined = false;
        pair.instrumented.has_joined = false;
        pair.is_known = false;
        pair.loops = 0;
        self.event(pair, values, open)
    }

    /// Handles an event in both functions.
    fn event(
        &mut self,
        mut pair: Pair,
        values: &mut Values,
        open: &mut Vec<Pair>,
    ) -> Result<(), Wrong> {
        let (original, instrumented) = (self.original.code, self.instrumented.code);
        let step = &original.steps[pair.original.function.at];
        let other = &instrumented.steps[pair.instrumented.function.at];
        if let Some(site) = self.sites.get(&pair.original.function.at) {
            let call = without_tail(&step.operator);
            if self.flat.is_some() && matches!((&step.op, &other.op), (Op::Last, Op::Last)) {
                // The next frame is the caller's.
                self.check_same(&step.operator, step.offset, &other.operator)?;
                return self.operands(&mut pair, step.operands, values).map(drop);
            }
            self.check_same(&call, step.offset, &other.operator)?;
            let arguments = self.operands(&mut pair, step.operands, values)?;
            return self.returns(pair, *site, arguments, values, open);
        }
        match (&step.op, &other.op) {
            (Op::If { .. } | Op::BranchIf(_), Op::If { .. } | Op::BranchIf(_)) => {
                let conditions = [&mut pair.original.function, &mut pair.instrumented.function]
                    .map(|machine| machine.stack.last().map(|operand| operand.value));
                let [Some(ours), Some(theirs)] = conditions else {
                    return Err(Wrong::new("a condition is missing"));
                };
                let (ours, is_inverted) = values.without_eqz(ours);
                let (theirs, is_inverted_there) = values.without_eqz(theirs);
                if ours != theirs {
                    return Err(self.differs(&pair, (ours, theirs), "the condition", values));
                }
                for is_true in [false, true] {
                    let mut pair = pair.clone();
                    let condition = |is_true: bool| Constant::I32(is_true.into());
                    pair.original.function.choose(
                        original,
                        &step.op,
                        condition(is_true != is_inverted),
                    )?;
                    pair.instrumented.function.choose(
                        instrumented,
                        &other.op,
                        condition(is_true != is_inverted_there),
                    )?;
                    open.push(pair);
                }
                Ok(())
            }
            (Op::Table(ours), Op::Table(theirs)) if ours.len() == theirs.len() => {
                self.operands(&mut pair, 1, values)?;
                let ways: BTreeSet<_> = ours.iter().zip(theirs.iter()).collect();
                for (ours, theirs) in ways {
                    let mut pair = pair.clone();
                    pair.original.function.branch(original, *ours)?;
                    pair.instrumented.function.branch(instrumented, *theirs)?;
                    open.push(pair);
                }
                Ok(())
            }
            (Op::BranchOn(ours), Op::BranchOn(theirs)) => {
                self.check_same(
                    &without_depth(&step.operator),
                    step.offset,
                    &without_depth(&other.operator),
                )?;
                let reference = self.operands(&mut pair, 1, values)?;
                let mut taken = pair.clone();
                let (when_taken, when_not) = match step.operator {
                    Operator::BrOnNull { .. } => (false, true),
                    Operator::BrOnNonNull { .. } => (true, false),
                    _ => (true, true),
                };
                if when_taken {
                    leave(&mut taken, &reference);
                }
                taken.original.function.branch(original, *ours)?;
                taken.instrumented.function.branch(instrumented, *theirs)?;
                open.push(taken);
                if when_not {
                    leave(&mut pair, &reference);
                }
                go_past(&mut pair);
                open.push(pair);
                Ok(())
            }
            (Op::Return, Op::Return) => {
                let results = original.labels[0].arity;
                self.operands(&mut pair, results, values).map(drop)
            }
            (Op::Rethrow(ours), Op::Rethrow(theirs)) => {
                let caught = (
                    pair.original.function.caught[*ours],
                    pair.instrumented.function.caught[*theirs],
                );
                if caught.0 != caught.1 {
                    return Err(self.differs(&pair, caught, "the exception", values));
                }
                self.throws(&pair, values, open)
            }
            (_, Op::If { .. } | Op::BranchIf(_) | Op::Table(_) | Op::BranchOn(_) | Op::Return) => {
                Err(self.other(&step.operator, step.offset, &other.operator))
            }
            _ => {
                self.check_same(&step.operator, step.offset, &other.operator)?;
                self.operands(&mut pair, step.operands, values)?;
                if can_throw(&step.operator) {
                    self.throws(&pair, values, open)?;
                }
                if matches!(step.op, Op::Last) {
                    return Ok(());
                }
                let results = values.unknowns(step.results);
                if self.is_barrier && can_throw(&step.operator) {
                    self.check_stopped(&pair, &results, values)?;
                }
                leave(&mut pair, &results);
                if can_throw(&step.operator) {
                    pair.instrumented.globals = self.globals(0, values);
                }
                go_past(&mut pair);
                open.push(pair);
                Ok(())
            }
        }
    }

    /// Continues after the call of a site: it has returned or thrown, or it unwinds.
    pub(super) fn returns(
        &mut self,
        mut pair: Pair,
        site: Site,
        arguments: Vec<Value>,
        values: &mut Values,
        open: &mut Vec<Pair>,
    ) -> Result<(), Wrong> {
        let step = &self.original.code.steps[pair.original.function.at];
        let is_tail = matches!(step.op, Op::Last);
        let results = self.instrumented.code.steps[pair.instrumented.function.at].results;
        let at = pair.original.function.at;
        let other = &self.instrumented.code.steps[pair.instrumented.function.at].operator;
        let arrives = self.flat.is_some_and(|flat| flat.arrives(&step.operator, other));
        if pair.rewound.is_some() && arrives {
            // The callee only ends the rewind.
            self.has_returned(&mut pair, results, values);
            open.push(pair);
            return Ok(());
        }
        if !is_tail {
            self.throws(&pair, values, open)?;
        }
        let suspended = self.suspends(&pair, &arguments, results, values);
        let suspended = suspended.map_err(|wrong| self.at_site(wrong, Some(site.number)))?;
        let is_news = match (suspended, self.suspended.get_mut(&at)) {
            // This function is never resumed: its caller is.
            (None, _) => false,
            (Some(suspended), Some(known)) => known
                .join(suspended, pair.rewound)
                .map_err(|wrong| self.at_site(wrong, Some(site.number)))?,
            (Some(suspended), None) => {
                self.suspended.insert(at, suspended);
                true
            }
        };
        if is_news {
            self.pending.insert(Places {
                original: at,
                is_rewound: true,
                instrumented: 0,
                inverted: [false; 2],
            });
        }
        self.has_returned(&mut pair, results, values);
        open.push(pair);
        Ok(())
    }

    /// Continues after the call of a site that has returned this many results: nothing is suspended.
    fn has_returned(&self, pair: &mut Pair, results: usize, values: &mut Values) {
        let results = values.unknowns(results);
        pair.instrumented.globals = self.globals(0, values);
        self.go_past_call(&mut pair.original.function);
        pair.instrumented.function.at += 1;
        leave(pair, &results);
        pair.original.has_joined = true;
    }
}
