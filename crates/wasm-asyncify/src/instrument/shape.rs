//! The properties of a function that instrumentation needs: its instructions, its structures, and the calls in it
//! that can suspend.

use std::collections::HashMap;
use std::ops::Range;

use wasmparser::{BlockType, Operator, ValType};

use super::types::{Types, is_non_null};
use super::{Callee, Reason};
use crate::module::{FunctionIndex, LocalIndex};

/// The body of a function, as far as instrumentation needs it.
#[derive(Debug)]
pub(super) struct Shape<'a> {
    pub(super) function: FunctionIndex,
    /// All instructions. The last is the function's `end`. A tail call that can suspend becomes a call and a
    /// `return`, because there must be a frame that can be suspended.
    pub(super) operators: Vec<Operator<'a>>,
    /// By instruction: its position in the file.
    pub(super) positions: Vec<u64>,
    /// By instruction: whether it is unreachable, and left out.
    pub(super) dead: Vec<bool>,
    /// By instruction: how many operands are on the stack before it, if it is reachable.
    pub(super) heights: Vec<usize>,
    /// In the order of their beginnings. The first is the function itself.
    pub(super) structures: Vec<Structure>,
    /// The structure that an instruction begins.
    pub(super) begins: HashMap<usize, usize>,
    /// The calls that can suspend, in order.
    pub(super) sites: Vec<Site>,
    /// The parameters' types, then the locals'.
    pub(super) locals: Vec<ValType>,
    pub(super) parameters: usize,
    /// The types of the module.
    pub(super) types: &'a Types<'a>,
}

/// The function's body, a `block`, a `loop`, an `if`, or a `try`.
#[derive(Debug)]
pub(super) struct Structure {
    pub(super) kind: Kind,
    /// The instructions that begin and end it. No instruction begins the function: this is 0 then.
    pub(super) begin: usize,
    /// The `else` of an `if`, or the first `catch` of a `try`.
    pub(super) alternative: Option<usize>,
    pub(super) end: usize,
    /// The operands on the stack at its beginning, without its own.
    pub(super) below: Vec<ValType>,
    /// How many of them were on the stack before the enclosing structure began.
    pub(super) base: usize,
    pub(super) ty: BlockType,
    pub(super) has_parameters: bool,
    pub(super) results: Vec<ValType>,
    /// The sites in it.
    pub(super) sites: Range<usize>,
}

impl Structure {
    pub(super) fn is_level(&self) -> bool {
        !matches!(self.kind, Kind::Block | Kind::If) && !self.sites.is_empty()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Function,
    Block,
    Loop,
    If,
    Try,
}

/// A call that can suspend.
#[derive(Debug)]
pub(super) struct Site {
    /// The instruction.
    pub(super) call: usize,
    pub(super) callee: Callee,
    /// Whether it was a tail call.
    pub(super) is_tail: bool,
    /// The operands that stay on the stack, below its own.
    pub(super) below: Vec<ValType>,
    /// How many of them were on the stack before the innermost structure began.
    pub(super) base: usize,
    /// Its own operands.
    pub(super) operands: Vec<ValType>,
    pub(super) results: Vec<ValType>,
}

impl Site {
    /// How many of the last operands must be the same when the call is repeated. An instrumented function restores
    /// its parameters from its frame.
    pub(super) fn needed(&self) -> usize {
        match self.callee {
            Callee::Instrumented => 0,
            // The operand that says which function it is.
            Callee::Indirect => 1,
            Callee::Topmost => self.operands.len(),
        }
    }

    /// The height of several results. It is above the operands: results are put into slots before the test whether
    /// the call has suspended, and then its operands must still be saved.
    pub(super) fn results_at(&self) -> usize {
        self.below.len() + self.operands.len()
    }

    /// The operands that are kept while the call is suspended, by their heights on the stack.
    pub(super) fn kept(&self) -> impl Iterator<Item = (usize, ValType)> {
        let unneeded = self.below.len()..self.below.len() + self.operands.len() - self.needed();
        let all = self.below.iter().chain(&self.operands).copied().enumerate();
        all.filter(move |(height, _)| !unneeded.contains(height))
    }
}

impl Shape<'_> {
    /// The structure that an instruction begins.
    pub(super) fn begun_at(&self, index: usize) -> Option<usize> {
        let begins = matches!(
            self.operators[index],
            Operator::Block { .. }
                | Operator::Loop { .. }
                | Operator::If { .. }
                | Operator::Try { .. }
                | Operator::TryTable { .. }
        );
        if begins { self.begins.get(&index).copied() } else { None }
    }

    /// The function's body, and the loops and `try`s that contain sites. A rewind can enter each of these only at its
    /// beginning.
    pub(super) fn levels(&self) -> impl Iterator<Item = usize> {
        (0..).zip(&self.structures).filter(|(_, it)| it.is_level()).map(|(index, _)| index)
    }

    /// The levels around a site, innermost first.
    pub(super) fn levels_around(&self, site: usize) -> Vec<usize> {
        let levels = self.levels().filter(|level| self.structures[*level].sites.contains(&site));
        let mut levels: Vec<_> = levels.collect();
        levels.reverse();
        levels
    }

    /// Whether this is a local, but no parameter, that cannot be null. In the code that is written it can be null:
    /// assignments and uses may be in different blocks there.
    pub(super) fn is_made_nullable(&self, local: LocalIndex) -> bool {
        usize::from(local) >= self.parameters && is_non_null(self.locals[usize::from(local)])
    }

    /// The local that the only operand of a topmost function was just read from or assigned to. Then the local is
    /// saved, and not the operand besides.
    pub(super) fn operand_in(&self, site: usize) -> Option<LocalIndex> {
        let site = &self.sites[site];
        let is_alone = site.callee == Callee::Topmost && site.below.len() == site.base;
        let [ty] = site.operands[..] else { return None };
        match self.operators[site.call.checked_sub(1)?] {
            Operator::LocalGet { local_index } | Operator::LocalTee { local_index } => {
                (is_alone && !ty.is_reference_type()).then_some(LocalIndex(local_index))
            }
            _ => None,
        }
    }

    /// The types of values that are passed or returned where nothing reads them.
    pub(super) fn unseen(&self) -> impl Iterator<Item = ValType> {
        let results = self.structures.first().map(|it| &it.results).into_iter().flatten();
        let unneeded = |site: &Site| site.operands.len() - site.needed();
        let operands = self.sites.iter().flat_map(move |site| &site.operands[..unneeded(site)]);
        results.chain(operands).copied()
    }

    /// The reason why the function cannot be instrumented, if any.
    pub(super) fn unsupported(&self) -> Option<Reason> {
        for structure in self.structures.iter().filter(|structure| !structure.sites.is_empty()) {
            if structure.has_parameters {
                return Some(Reason::InBlockWithParameters);
            }
            let has_tail_call = || self.sites[structure.sites.clone()].iter().any(|it| it.is_tail);
            if structure.kind == Kind::Try && has_tail_call() {
                return Some(Reason::TailCallInTry);
            }
            let last = &self.sites[structure.sites.end - 1];
            let handler = structure.alternative.filter(|_| structure.kind == Kind::Try);
            if handler.is_some_and(|handler| handler < last.call) {
                return Some(Reason::InHandler);
            }
        }
        None
    }
}
