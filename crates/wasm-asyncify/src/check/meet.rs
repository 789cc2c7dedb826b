//! Joins: where paths meet, the state is what holds on all of these paths.

use super::classes::Classes;
use super::machine::{Activation, Machine};
use super::operators::Op;
use super::pair::{Known, Pair, Places};
use super::values::{Computation, Integer, Operand, Value, Values};
use super::walk::Walk;
use super::wrong::Wrong;

impl Walk<'_, '_> {
    pub(super) fn known_at(&self, places: Places, values: &mut Values) -> Pair {
        let known = &self.known[&places];
        let mut rest = known.classes.operands(values).into_iter();
        let [a, b, c, d, e, f] = known.shape;
        let original = Machine {
            function: Activation {
                at: places.original,
                locals: values_of(rest.by_ref().take(a)),
                stack: rest.by_ref().take(b).collect(),
                caught: values_of(rest.by_ref().take(c)),
                ..Activation::default()
            },
            ..Machine::default()
        };
        let function = Activation {
            at: places.instrumented,
            locals: values_of(rest.by_ref().take(d)),
            stack: rest.by_ref().take(e).collect(),
            caught: values_of(rest.by_ref().take(f)),
            ..Activation::default()
        };
        let instrumented = Machine { function, globals: values_of(rest), ..Machine::default() };
        let mut pair = Pair { is_known: true, ..Pair::new(original, instrumented, None) };
        for (function, is_inverted) in pair.functions().into_iter().zip(places.inverted) {
            if let Some(condition) = function.stack.last_mut().filter(|_| is_inverted) {
                *condition = values.compute(Computation::Integer(Integer::Eqz, [*condition; 2]));
            }
        }
        pair
    }

    /// Joins the state of a pair with the one that is recorded at its positions.
    pub(super) fn join(&mut self, mut pair: Pair, values: &Values) -> Result<(), Wrong> {
        let mut inverted = [false; 2];
        let codes = [self.original.code, self.instrumented.code];
        for (index, (function, code)) in pair.functions().into_iter().zip(codes).enumerate() {
            if matches!(code.steps[function.at].op, Op::If { .. } | Op::BranchIf(_))
                && let Some(condition) = function.stack.last_mut()
            {
                (*condition, inverted[index]) = values.operand_without_eqz(*condition);
            }
        }
        let (original, instrumented) = (&pair.original.function, &pair.instrumented.function);
        let mut places = Vec::new();
        let mut shape = [0; 6];
        for (function, counts) in [original, instrumented].into_iter().zip(shape.chunks_mut(3)) {
            places.extend(function.locals.iter().copied().map(Operand::from));
            places.extend(&function.stack);
            places.extend(function.caught.iter().copied().map(Operand::from));
            counts.copy_from_slice(&[
                function.locals.len(),
                function.stack.len(),
                function.caught.len(),
            ]);
        }
        places.extend(pair.instrumented.globals.iter().copied().map(Operand::from));
        let classes = Classes::new(&places, values);
        let places = Places {
            original: original.at,
            is_rewound: false,
            instrumented: instrumented.at,
            inverted,
        };
        let is_news = match self.known.get_mut(&places) {
            Some(known) if known.shape != shape => {
                return Err(Wrong::new("ways meet with different numbers of operands"));
            }
            Some(known) => known.classes.join(&classes, pair.rewound),
            None => {
                self.known.insert(places, Known { shape, classes });
                true
            }
        };
        if is_news {
            self.pending.insert(places);
        }
        Ok(())
    }
}

fn values_of(operands: impl Iterator<Item = Operand>) -> Vec<Value> {
    operands.map(|operand| operand.value).collect()
}
