//! Writes the code at calls that can suspend: before and after a call, and where it is repeated. This is the fast
//! form; for the small form see [`compact`](super::compact). How the function is left is in [`leave`](super::leave).

use core::convert::Infallible;

use wasm_encoder::reencode::Reencode;
use wasm_encoder::{BlockType, Instruction};
use wasmparser::ValType;

use super::emit::Emitter;
use super::labels::{Label, of_level};
use super::levels::{SPLIT, Ways};
use super::shape::Site;
use super::types::is_non_null;
use crate::error::{Context, Result};
use crate::module::zero;

impl<R: Reencode<Error = Infallible>> Emitter<'_, '_, R> {
    pub(super) fn begin_function(&mut self) -> Result<()> {
        self.begin_exits();
        self.begin_level(0)
    }

    /// Begins all blocks of a level, and writes what a rewind does there. It restores locals. Then it repeats the
    /// call and branches to after it, or branches to the inner level that contains the call.
    pub(super) fn begin_level(&mut self, level: usize) -> Result<()> {
        self.begin_blocks(level)?;
        let frame_at = self.frame_at.context("no local for a frame")?;
        let restore = self.frame.restore(self.runtime, self.helpers, frame_at, level);
        let Ways { first, to } = self.numbers.ways(level);
        match self.position {
            Some(position) if level != 0 => self.write(&position.get()),
            _ => self.write(&self.runtime.state.get()),
        }
        if let [(way @ Label::Level(_), _)] = to[..]
            && level != 0
            && restore.is_empty()
        {
            let depth = self.labels.depth(way)?;
            self.write(&Instruction::BrIf(depth));
            return Ok(());
        }
        self.write(&Instruction::If(BlockType::Empty));
        self.labels.open(Label::Nothing);
        if level == 0 && self.frame.size > 0 {
            self.write_all(&[
                self.runtime.constant(self.frame.size),
                Instruction::Call(self.runtime.pop),
                frame_at.set(),
            ]);
        }
        self.write_all(&restore);
        self.dispatch(first, &to)?;
        self.write(&Instruction::End);
        self.close(Label::Nothing)
    }

    /// Begins all blocks of a level.
    pub(super) fn begin_blocks(&mut self, level: usize) -> Result<()> {
        let shape = self.shape;
        let labels = of_level(shape, level);
        for label in labels.iter().rev() {
            let ty = match label {
                Label::Structure(inner) => {
                    self.reencoder.block_type(shape.structures[*inner].ty)?
                }
                Label::Site(site) => match shape.sites[*site].results[..] {
                    [ty] if self.compact.is_none() => {
                        BlockType::Result(self.reencoder.val_type(ty)?)
                    }
                    // Several results stay in their slots.
                    _ => BlockType::Empty,
                },
                _ => BlockType::Empty,
            };
            self.block(*label, ty);
        }
        Ok(())
    }

    /// Branches to where the number in `position` leads. The first of these targets has number `first`.
    fn dispatch(&mut self, first: u32, ways: &[(Label, usize)]) -> Result<()> {
        let (last, others) = ways.split_last().context("a level without a site")?;
        let Some((_, before)) = others.last() else { return self.go(last.0) };
        let position = self.position.context("several sites without a position")?;
        if others.len() == 1 || *before > SPLIT {
            let least = first + others.iter().map(|(_, count)| *count as u32).sum::<u32>();
            self.write_all(&[
                position.get(),
                Instruction::I32Const(least.cast_signed()),
                Instruction::I32GeU,
            ]);
            if let Label::Level(_) = last.0 {
                let depth = self.labels.depth(last.0)?;
                self.write(&Instruction::BrIf(depth));
            } else {
                self.write(&Instruction::If(BlockType::Empty));
                self.labels.open(Label::Nothing);
                self.go(last.0)?;
                self.write(&Instruction::End);
                self.close(Label::Nothing)?;
            }
            return self.dispatch(first, others);
        }
        let again = |way: &Label| match way {
            Label::Site(site) => Label::Again(*site),
            other => *other,
        };
        let calls: Vec<_> = ways
            .iter()
            .filter_map(|(way, _)| match way {
                Label::Site(site) => Some(*site),
                _ => None,
            })
            .collect();
        for site in calls.iter().rev() {
            self.block(Label::Again(*site), BlockType::Empty);
        }
        self.write(&position.get());
        if first > 0 {
            self.write_all(&[Instruction::I32Const(first.cast_signed()), Instruction::I32Sub]);
        }
        let mut targets = Vec::new();
        for (way, count) in others {
            let depth = self.labels.depth(again(way))?;
            targets.extend(core::iter::repeat_n(depth, *count));
        }
        let last = self.labels.depth(again(&last.0))?;
        self.write(&Instruction::BrTable(targets.into(), last));
        for site in calls {
            self.write(&Instruction::End);
            self.close(Label::Again(site))?;
            self.call_again(site, None)?;
        }
        Ok(())
    }

    /// Branches to a level, or repeats the call of a site.
    fn go(&mut self, way: Label) -> Result<()> {
        if let Label::Site(site) = way {
            return self.call_again(site, None);
        }
        let depth = self.labels.depth(way)?;
        self.write(&Instruction::Br(depth));
        Ok(())
    }

    /// Sets the position to its value when nothing is rewound, if it is read again.
    pub(super) fn forget_position(&mut self) {
        if let Some(position) = self.position
            && self.has_levels
            && self.flat.is_none()
        {
            self.write_all(&[Instruction::I32Const(0), position.set()]);
        }
    }

    /// Repeats the call of a site, to rewind the callee; or calls `in_place` instead of the callee.
    pub(super) fn call_again(&mut self, site: usize, in_place: Option<u32>) -> Result<()> {
        let shape = self.shape;
        let called @ Site { below, operands, results, .. } = &shape.sites[site];
        // No inner dispatch needs it any more. Set before the call, because the callee may throw after it is resumed.
        self.forget_position();
        let (unneeded, needed) = operands.split_at(operands.len() - called.needed());
        for ty in unneeded {
            self.zero(*ty)?;
        }
        match shape.operand_in(site) {
            Some(local) => self.write(&local.get()),
            None => self.fetch(needed, below.len() + unneeded.len()),
        }
        let call = match in_place {
            Some(function) => Instruction::Call(function),
            None => self.reencoder.instruction(shape.operators[called.call].clone())?,
        };
        self.mark(called.call);
        self.write(&call);
        if results.len() > 1 {
            self.spill(results, shape.sites[site].results_at());
        }
        let depth = self.labels.depth(Label::Site(site))?;
        self.write(&Instruction::Br(depth));
        Ok(())
    }

    /// Makes the call of a site for the first time. A rewind continues after it, too.
    pub(super) fn call(&mut self, site: usize) -> Result<()> {
        let shape = self.shape;
        let called @ Site { below, base, operands, results, .. } = &shape.sites[site];
        let waiting = &below[*base..];
        let height = below.len();
        let (unneeded, needed) = operands.split_at(operands.len() - called.needed());
        let needed_at = height + unneeded.len();
        if !waiting.is_empty() {
            self.spill(operands, height);
            self.spill(waiting, *base);
            self.fetch(operands, height);
        } else if shape.operand_in(site).is_some() {
            // The operand is saved as that local.
        } else if let [one] = needed {
            let slot = self.slots.of(needed_at, *one);
            self.write(&slot.tee());
            if is_non_null(*one) {
                self.write(&Instruction::RefAsNonNull);
            }
        } else {
            self.spill(needed, needed_at);
            self.fetch(needed, needed_at);
        }
        let call = self.reencoder.instruction(shape.operators[called.call].clone())?;
        self.mark_call(site);
        self.write(&call);
        let are_spilled = results.len() > 1;
        let results_at = if are_spilled { shape.sites[site].results_at() } else { height };
        if are_spilled {
            self.spill(results, results_at);
        }
        // A function that is resumed in the normal state continues after the test.
        let is_known = self.goes_on_in_normal_state(site)?;
        if is_known {
            self.leave_if_unwinding(site)?;
        }
        self.write(&Instruction::End);
        self.close(Label::Site(site))?;
        if !is_known {
            self.leave_if_unwinding(site)?;
        }
        if !waiting.is_empty() && !are_spilled {
            self.spill(results, results_at);
        }
        self.fetch(waiting, *base);
        if !waiting.is_empty() || are_spilled {
            self.fetch(results, results_at);
        }
        Ok(())
    }

    /// Returns, or saves a frame and returns.
    pub(super) fn end_function(&mut self) -> Result<()> {
        self.end_exits()?;
        self.save_frame(None)?;
        for ty in &self.shape.structures[0].results {
            self.zero(*ty)?;
        }
        Ok(())
    }

    /// The value that is passed, returned or saved where nothing reads it.
    pub(super) fn zero(&mut self, ty: ValType) -> Result<()> {
        let zero = match ty {
            ValType::Ref(reference) if !reference.is_nullable() => {
                let global = self.helpers.stand_in(reference, self.shape.types);
                global.context("nothing stands in for a reference")?.get()
            }
            ValType::Ref(reference) => {
                Instruction::RefNull(self.reencoder.heap_type(reference.heap_type())?)
            }
            number => zero(number).context("a number that is not known")?,
        };
        self.write(&zero);
        Ok(())
    }
}
