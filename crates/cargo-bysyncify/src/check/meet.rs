//! What is known of both functions where ways meet: what is true on all of them.

use super::classes::Classes;
use super::lockstep::Walk;
use super::machine::{Activation, Machine};
use super::operators::Op;
use super::pair::{Known, Pair, Places};
use super::values::{Integer, Values};
use super::wrong::Wrong;

impl Walk<'_, '_> {
    pub(super) fn known_at(&self, places: Places, values: &mut Values) -> Pair {
        let known = &self.known[&places];
        let mut rest = known.classes.values(values).into_iter();
        let [a, b, c, d, e, f] = known.shape;
        let mut next = |count| rest.by_ref().take(count).collect::<Vec<_>>();
        let original = Machine {
            function: Activation {
                at: places.original,
                locals: next(a),
                stack: next(b),
                caught: next(c),
                ..Activation::default()
            },
            ..Machine::default()
        };
        let function = Activation {
            at: places.instrumented,
            locals: next(d),
            stack: next(e),
            caught: next(f),
            ..Activation::default()
        };
        let instrumented = Machine { function, globals: rest.collect(), ..Machine::default() };
        let mut pair = Pair { is_known: true, ..Pair::new(original, instrumented, None) };
        for (function, is_inverted) in pair.functions().into_iter().zip(places.inverted) {
            if let Some(condition) = function.stack.last_mut().filter(|_| is_inverted) {
                *condition = values.integer(Integer::Eqz, [*condition; 2]);
            }
        }
        pair
    }

    /// Remembers what is known here, and what was known already that is not true on this way.
    pub(super) fn join(&mut self, mut pair: Pair, values: &Values) -> Result<(), Wrong> {
        let mut inverted = [false; 2];
        let codes = [self.original.code, self.instrumented.code];
        for (index, (function, code)) in pair.functions().into_iter().zip(codes).enumerate() {
            if matches!(code.steps[function.at].op, Op::If { .. } | Op::BranchIf(_))
                && let Some(condition) = function.stack.last_mut()
            {
                (*condition, inverted[index]) = values.without_eqz(*condition);
            }
        }
        let (original, instrumented) = (&pair.original.function, &pair.instrumented.function);
        let parts = [
            &original.locals,
            &original.stack,
            &original.caught,
            &instrumented.locals,
            &instrumented.stack,
            &instrumented.caught,
        ];
        let shape = parts.map(Vec::len);
        let places = Places {
            original: original.at,
            is_rewound: false,
            instrumented: instrumented.at,
            inverted,
        };
        let all: Vec<_> =
            parts.into_iter().chain([&pair.instrumented.globals]).flatten().copied().collect();
        let operands: Vec<_> = original.stack.iter().chain(&instrumented.stack).copied().collect();
        let classes = Classes::of(&all, &operands, values);
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
