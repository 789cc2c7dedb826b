//! Operands on the stack: a value, and how it was computed.
//!
//! The transform may compute an operand later than the original does. At a join in between, only one of the two
//! functions has it, and all that is known of it is how it was computed. That must not depend on the values: on
//! one path `x + 602` may be 602, because `x` is 0 there, and on another 607.

use super::values::{Computation, Integer, Operand, Term, Values};

impl Values {
    pub(super) fn computation(&self, term: Term) -> Computation {
        self.terms.get(term)
    }

    /// Computes an operand.
    pub(super) fn compute(&mut self, computation: Computation) -> Operand {
        let value = match computation {
            Computation::Integer(operator, operands) => {
                self.integer(operator, operands.map(|operand| operand.value))
            }
            Computation::Select([if_true, if_false, condition]) => {
                self.select(if_true.value, if_false.value, condition.value)
            }
        };
        Operand { value, term: Some(self.terms.push(computation)) }
    }

    /// An operand without the `eqz`s around it, and whether there is an odd number of them.
    pub(super) fn operand_without_eqz(&self, operand: Operand) -> (Operand, bool) {
        let (value, is_inverted) = self.without_eqz(operand.value);
        let mut term = operand.term;
        while let Some(outer) = term
            && let Computation::Integer(Integer::Eqz, [inner, _]) = self.computation(outer)
        {
            term = inner.term;
        }
        (Operand { value, term }, is_inverted)
    }
}
