//! Writes functions in compact form. It is for functions that hardly ever suspend, such as the many that are suspects
//! only because of the types of indirect calls.
//!
//! ```text
//!   f(x):                       f(x):
//!     a = x + 1                   if state ≠ normal:                   (rewinding)
//!     g(a)        becomes           restore a
//!     b = h(a, a)                   go to restore(): 0 or 1
//!     return b                    a = x + 1
//!                              0: g(a)
//!                                 if state ≠ normal: go to 2 with 0    (unwinding)
//!                              1: b = h(a, a)
//!                                 if state ≠ normal: go to 2 with 1
//!                                 return b
//!                              2: save(0 or 1, a)
//!                                 return 0
//! ```
//!
//! The differences to the fast form ([`calls`](super::calls)):
//!
//! - A rewind continues *before* a call, not after it, so the code has the call only once. Its operands are computed
//!   again, as far as they matter ([`operands`]).
//! - Shared functions save and restore ([`helpers`]).
//! - Everything is restored at the function's beginning, and dead locals are saved as they are.
//! - The number of the site is a constant on the path out. On the way back it is in a local only if a loop has sites.
//!   In the loop, the state says whether the number counts: from the function's beginning to the repeated call, the
//!   state is not normal.
//!
//! ```text
//!            site    local 0   local 4         local 2
//!   frame ─► ┌───────┬─────────┬─────────┬───────────────┐
//!            │  i32  │   i32   │   i32   │      f64      │
//!            └───────┴─────────┴─────────┴───────────────┘
//! ```
//!
//! With one site, the frame does not say which site is suspended; with nothing to save, there is no frame. If such a
//! function returns what the call returns, no code follows the call. If it begins with the call, no code precedes it.

mod operands;
pub(super) mod plan;

use core::convert::Infallible;
use std::collections::BTreeMap;

use wasm_encoder::reencode::Reencode;
use wasm_encoder::{BlockType, Instruction, ValType};

use operands::{Operands, Part};
use plan::{Compact, Exit};

use super::emit::Emitter;
use super::helpers::{Helper, MOST, Number};
use super::labels::Label;
use super::levels::Ways;
use super::references::Kind;
use super::shape::Site;
use super::types::{cast, is_non_null};
use crate::error::{Context, Result};
use crate::module::LocalIndex;

impl<R: Reencode<Error = Infallible>> Emitter<'_, '_, R> {
    fn compact(&self) -> Result<&Compact> {
        self.compact.as_ref().context("a function in fast form")
    }

    pub(super) fn begin_compact_function(&mut self) -> Result<()> {
        let &Compact { is_numbered, exit, begins_with_call, .. } = self.compact()?;
        if exit == Exit::Unwind {
            let ty = match is_numbered {
                true => BlockType::Result(ValType::I32),
                false => BlockType::Empty,
            };
            self.block(Label::Unwind, ty);
        }
        if begins_with_call {
            return Ok(());
        }
        self.begin_compact_level(0)
    }

    /// Begins all blocks of a level, and writes what a rewind does there. It restores locals, and branches to before
    /// the call or to the level that contains the call.
    pub(super) fn begin_compact_level(&mut self, level: usize) -> Result<()> {
        let is_numbered = self.compact()?.is_numbered;
        self.begin_blocks(level)?;
        let Ways { first, to } = self.numbers.ways(level);
        let ((last, _), others) = to.split_last().context("a level without a site")?;
        let only = others.is_empty().then_some(*last);
        let locals: Vec<_> = self.frame.locals().collect();
        let unset = if level == 0 { self.unset()? } else { BTreeMap::new() };
        let restores = level == 0 && (is_numbered || !locals.is_empty() || !unset.is_empty());
        self.write(&self.runtime.state.get());
        if let Some(way) = only
            && !restores
        {
            let depth = self.labels.depth(way)?;
            self.write(&Instruction::BrIf(depth));
            return Ok(());
        }
        self.write(&Instruction::If(BlockType::Empty));
        self.labels.open(Label::Nothing);
        for (slot, ty) in unset {
            self.zero(ty)?;
            self.write(&slot.set());
        }
        if restores {
            for (local, ty, number) in saved(&locals)?.into_iter().rev() {
                let restore = self.helpers.call(Helper::Restore(number));
                self.write(&restore);
                if let Number::Reference(kind) = number
                    && let Some(cast) = cast(ty, Some(kind))
                {
                    self.write(&cast);
                }
                self.write(&local.set());
            }
            if is_numbered {
                let restore = self.helpers.call(Helper::Restore(Number::I32));
                self.write(&restore);
            }
        }
        // At the function's level, the number of the site is on the stack now, if sites are numbered.
        match (only, self.position) {
            (Some(way), position) => {
                if let Some(position) = position {
                    self.write(&position.set());
                }
                let depth = self.labels.depth(way)?;
                self.write(&Instruction::Br(depth));
            }
            (None, position) => {
                if let Some(position) = position {
                    self.write(&match level {
                        0 => position.tee(),
                        _ => position.get(),
                    });
                }
                if first > 0 {
                    let first = Instruction::I32Const(first.cast_signed());
                    self.write_all(&[first, Instruction::I32Sub]);
                }
                let mut targets = Vec::new();
                for (way, count) in others {
                    let depth = self.labels.depth(*way)?;
                    targets.extend(core::iter::repeat_n(depth, *count));
                }
                let last = self.labels.depth(*last)?;
                self.write(&Instruction::BrTable(targets.into(), last));
            }
        }
        self.write(&Instruction::End);
        self.close(Label::Nothing)
    }

    /// The slots that must not be null when a call is repeated, but are not restored. They are for operands that may
    /// have any other value then, and are not replayed.
    fn unset(&mut self) -> Result<BTreeMap<LocalIndex, wasmparser::ValType>> {
        let shape = self.shape;
        let compact = self.compact.take().context("a function in fast form")?;
        let mut unset = BTreeMap::new();
        for (site, Operands { on_stack, parts, .. }) in shape.sites.iter().zip(&compact.operands) {
            let unneeded = site.operands.len() - site.needed();
            for (at, ty) in site.operands[..unneeded].iter().enumerate() {
                let part = at.checked_sub(*on_stack).and_then(|part| parts.get(part));
                if is_non_null(*ty) && !part.is_some_and(|part| part.is_replayed) {
                    unset.insert(self.slots.of(site.below.len() + at, *ty), *ty);
                }
            }
        }
        for (local, ..) in self.frame.locals() {
            unset.remove(&local);
        }
        self.compact = Some(compact);
        Ok(unset)
    }

    /// Makes the call of a site, for the first time or repeated, with the code of its operands.
    pub(super) fn compact_call(&mut self, site: usize) -> Result<()> {
        let shape = self.shape;
        let Site { call, below, base, operands, .. } = &shape.sites[site];
        let compact = self.compact.take().context("a function in fast form")?;
        let Operands { on_stack, parts, .. } = &compact.operands[site];
        let (height, waiting) = (below.len(), &below[*base..]);
        let types = &operands[*on_stack..];
        let parts_at = height + on_stack;
        for ((at, ty), Part { code, is_replayed }) in (parts_at..).zip(types).zip(parts) {
            if !is_replayed {
                self.copy(code.clone())?;
                self.spill(&[*ty], at);
            }
        }
        if !compact.begins_with_call {
            self.spill(&operands[..*on_stack], height);
            self.spill(waiting, *base);
            self.write(&Instruction::End);
            self.close(Label::Site(site))?;
            self.fetch(waiting, *base);
            self.fetch(&operands[..*on_stack], height);
        }
        for ((at, ty), Part { code, is_replayed }) in (parts_at..).zip(types).zip(parts) {
            if *is_replayed {
                self.copy(code.clone())?;
            } else {
                self.fetch(&[*ty], at);
            }
        }
        let again = self.reencoder.instruction(shape.operators[*call].clone())?;
        self.mark_call(site);
        self.write(&again);
        let (state, is_numbered) = (self.runtime.state, compact.is_numbered);
        let exit = match compact.exit {
            Exit::Unwind => Some(Label::Unwind),
            Exit::Function => Some(Label::Structure(0)),
            Exit::Falls => None,
        };
        if let Some(exit) = exit {
            if is_numbered {
                self.write(&Instruction::I32Const(self.numbers.of(site).cast_signed()));
            }
            let depth = self.labels.depth(exit)?;
            self.write_all(&[state.get(), Instruction::BrIf(depth)]);
            if is_numbered {
                self.write(&Instruction::Drop);
            }
        }
        self.compact = Some(compact);
        Ok(())
    }

    /// Copies instructions unchanged.
    fn copy(&mut self, code: core::ops::Range<usize>) -> Result<()> {
        for index in code {
            self.operator(index, &self.shape.operators[index])?;
        }
        Ok(())
    }

    /// Returns, or saves the frame and returns.
    pub(super) fn end_compact_function(&mut self) -> Result<()> {
        let &Compact { is_numbered, exit, .. } = self.compact()?;
        if exit != Exit::Unwind {
            return Ok(());
        }
        self.write_all(&[Instruction::Return, Instruction::End]);
        self.close(Label::Unwind)?;
        let mut waiting = u8::from(is_numbered);
        let locals: Vec<_> = self.frame.locals().collect();
        for (local, _, number) in saved(&locals)? {
            if waiting > 0 && (number != Number::I32 || waiting == MOST) {
                let save = self.helpers.call(Helper::SaveI32(waiting));
                self.write(&save);
                waiting = 0;
            }
            self.write(&local.get());
            if number == Number::I32 {
                waiting += 1;
            } else {
                let save = self.helpers.call(Helper::Save(number));
                self.write(&save);
            }
        }
        if waiting > 0 {
            let save = self.helpers.call(Helper::SaveI32(waiting));
            self.write(&save);
        }
        for ty in &self.shape.structures[0].results {
            self.zero(*ty)?;
        }
        Ok(())
    }
}

/// A local, its type, and its kind if it is a reference.
type Local = (LocalIndex, wasmparser::ValType, Option<Kind>);

/// The saved locals in the order of saving: first all `i32`s.
pub(super) fn saved(locals: &[Local]) -> Result<Vec<(LocalIndex, wasmparser::ValType, Number)>> {
    let number = |(local, ty, kind): &Local| {
        let number = kind.map(Number::Reference).or_else(|| Number::for_type(*ty));
        number.map(|number| (*local, *ty, number)).context("a local that cannot be saved")
    };
    let mut saved = locals.iter().map(number).collect::<Result<Vec<_>>>()?;
    saved.sort_by_key(|(local, _, number)| (*number, *local));
    Ok(saved)
}
