//! Both functions at once: their positions, and what their places hold.

use super::classes::Classes;
use super::machine::{Activation, Machine};
use super::values::{Operand, Value};

/// The positions of both functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Places {
    pub(super) original: usize,
    /// Whether a site is rewound there. Such places are ordered after all paths that lead to the site.
    pub(super) is_rewound: bool,
    pub(super) instrumented: usize,
    /// Whether each stands before a branch that is taken if the operand on top of the stack is 0. A function
    /// may have inverted its condition; only what is compared with 0 must be the same.
    pub(super) inverted: [bool; 2],
}

/// The dataflow state at a pair of positions.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) shape: [usize; 6],
    pub(super) classes: Classes,
}

/// Both functions.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) original: Machine,
    pub(super) instrumented: Machine,
    /// The site whose rewind led here.
    pub(super) rewound: Option<usize>,
    /// Whether the state at these positions is already recorded.
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

/// Leaves the same results on both stacks.
pub(super) fn leave(pair: &mut Pair, results: &[Value]) {
    for function in pair.functions() {
        function.stack.extend(results.iter().copied().map(Operand::from));
    }
}

pub(super) fn go_past(pair: &mut Pair) {
    pair.original.function.at += 1;
    pair.instrumented.function.at += 1;
}
