//! What lies on a function's stack: a value, and how it was computed.
//!
//! The transform may compute an operand later than the original does. Where ways meet in between,
//! only one of the two functions has it, and all that is known of it is how it was computed. That
//! must not depend on what is known of the values: on one way `x + 602` may be 602, since `x` is 0
//! there, and on another 607.

use super::values::{Integer, Value, Values};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operand {
    pub(super) value: Value,
    /// How it was computed, if it was.
    pub(super) term: Option<Term>,
}

/// The number of a computation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Term(u32);

/// How a value is computed from others.
#[derive(Clone, Copy, Debug)]
pub(super) enum Computation {
    /// If the operator has but one operand, the second is the first again.
    Integer(Integer, [Operand; 2]),
    /// The first if the third is not 0, else the second.
    Select([Operand; 3]),
}

/// All computations of one walk through a function.
#[derive(Debug, Default)]
pub(super) struct Terms(Vec<Computation>);

impl From<Value> for Operand {
    fn from(value: Value) -> Self {
        Self { value, term: None }
    }
}

impl Terms {
    fn push(&mut self, computation: Computation) -> Term {
        self.0.push(computation);
        Term(self.0.len() as u32 - 1)
    }
}

impl Values {
    pub(super) fn computation(&self, term: Term) -> Computation {
        self.terms.0[term.0 as usize]
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
