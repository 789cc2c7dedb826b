//! Both functions at once: where they are, and what they hold.

use super::classes::Classes;
use super::machine::{Activation, Machine};
use super::values::{Operand, Value};

/// Where both are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Places {
    pub(super) original: usize,
    /// Whether a site is rewound there, which comes after all that leads to it.
    pub(super) is_rewound: bool,
    pub(super) instrumented: usize,
    /// Whether they stand before a branch that is taken if what is on the stack is 0. What matters
    /// is what is 0, and not that one of them has inverted it.
    pub(super) inverted: [bool; 2],
}

/// What is known at a pair of places.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) shape: [usize; 6],
    pub(super) classes: Classes,
}

/// Both.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) original: Machine,
    pub(super) instrumented: Machine,
    /// The site that was rewound to come here.
    pub(super) rewound: Option<usize>,
    /// Whether it was known before that they come here.
    pub(super) is_known: bool,
    pub(super) loops: usize,
}

impl Pair {
    pub(super) fn new(original: Machine, instrumented: Machine, rewound: Option<usize>) -> Self {
        Self { original, instrumented, rewound, is_known: false, loops: 0 }
    }

    pub(super) fn functions(&mut self) -> [&mut Activation; 2] {
        [&mut self.original.function, &mut self.instrumented.function]
    }
}

/// Leaves results, the same in both.
pub(super) fn leave(pair: &mut Pair, results: &[Value]) {
    for function in pair.functions() {
        function.stack.extend(results.iter().copied().map(Operand::from));
    }
}

pub(super) fn go_past(pair: &mut Pair) {
    pair.original.function.at += 1;
    pair.instrumented.function.at += 1;
}
