//! The new code of a function, while it is written: its locals, and the open control structures.

use std::collections::BTreeSet;

use crate::module::{LocalIndex, Locals};
use wasm_encoder::{BlockType, Encode, Instruction, ValType};

/// An open control structure.
#[derive(Default)]
pub(super) struct Open {
    /// The locals that hold its parameters.
    pub(super) parameters: Vec<LocalIndex>,
    pub(super) is_loop: bool,
    /// Whether it is an `if`. After its `else`, `parameters` is empty.
    pub(super) is_if: bool,
}

/// The new code of a function.
pub(super) struct Code {
    pub(super) bytes: Vec<u8>,
    pub(super) locals: Locals,
    pub(super) open: Vec<Open>,
}

impl Code {
    pub(super) fn push(&mut self, instruction: &Instruction<'_>) {
        instruction.encode(&mut self.bytes);
    }

    pub(super) fn set(&mut self, locals: &[LocalIndex]) {
        for local in locals.iter().rev() {
            self.push(&local.set());
        }
    }

    pub(super) fn get(&mut self, locals: &[LocalIndex]) {
        for local in locals {
            self.push(&local.get());
        }
    }

    /// The locals in which a branch to the structure at this depth passes values: none, unless it is a loop.
    pub(super) fn passed(&self, depth: u32) -> Vec<LocalIndex> {
        let at = self.open.len().checked_sub(1 + depth as usize);
        let open = at.and_then(|at| self.open.get(at)).filter(|open| open.is_loop);
        open.map(|open| open.parameters.clone()).unwrap_or_default()
    }

    /// Writes a `br_table`.
    pub(super) fn table(&mut self, depths: &[u32], default: u32) {
        let all: BTreeSet<u32> = depths.iter().copied().chain([default]).collect();
        let Some(values) =
            all.iter().map(|depth| self.passed(*depth)).find(|passed| !passed.is_empty())
        else {
            self.push(&Instruction::BrTable(depths.to_vec().into(), default));
            return;
        };
        // All targets get the same values. They are kept in the locals of the first of the loops.
        let condition = self.locals.add(ValType::I32);
        self.set(&[condition]);
        self.set(&values);
        for _ in &all {
            self.push(&Instruction::Block(BlockType::Empty));
        }
        self.get(&[condition]);
        let place = |depth: u32| all.range(..depth).count() as u32;
        let places = depths.iter().map(|depth| place(*depth)).collect::<Vec<_>>();
        self.push(&Instruction::BrTable(places.into(), place(default)));
        for (number, depth) in (1..).zip(&all) {
            self.push(&Instruction::End);
            self.get(&values);
            self.set(&self.passed(*depth));
            self.push(&Instruction::Br(depth + all.len() as u32 - number));
        }
    }
}
