//! Writes how a function in fast form is left while it unwinds: the paths from a site to one of the entries to the
//! code that saves its frame. See [`exits`](super::exits).
//!
//! ```text
//!   block $saved
//!     block $save
//!       block $entry
//!         block $unwind
//!           …                                    the function's code, with its sites
//!           return
//!         end $unwind                            here with the number of a site
//!         push, br_if $saved if there is no room
//!         save a, save b
//!         br $save
//!       end $entry                               here with the number of another site
//!       push, br_if $saved if there is no room
//!     end $save
//!     save the number, save c
//!   end $saved
//!   0
//! ```
//!
//! With one entry, there is only the innermost block, and the rest is in an `if`.
//!
//! Locals that are dead at a site are set to 0 outside all loops, in blocks within `$unwind`. To the engine's
//! compiler, a local that is assigned to in a loop has another value in each iteration. It is copied at the end of
//! one. For the order see [`zeroes`](super::zeroes).
//!
//! ```text
//!   block $unwind
//!     block $zero
//!       …
//!       return
//!     end $zero                                  here with the number of a site
//!     a = 0
//!     br $entry, or to another block or exit
//!   end $unwind
//! ```

use core::convert::Infallible;
use std::collections::BTreeSet;

use wasm_encoder::reencode::Reencode;
use wasm_encoder::{BlockType, Instruction};
use wasmparser::ValType;

use super::Callee;
use super::emit::{Emitter, Form};
use super::flat::segment;
use super::labels::Label;
use super::shape::Site;
use super::zeroes::{Locals, Ways};
use crate::error::{Context, Result};

/// The header of a frame, before the saved locals.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) bytes: u32,
    /// The word in it.
    pub(super) word: Instruction<'static>,
}

impl<R: Reencode<Error = Infallible>> Emitter<'_, '_, R> {
    /// Begins the blocks that end where frames are saved. They begin before all others.
    pub(super) fn begin_exits(&mut self) {
        // The result is the number of the suspended site.
        let ty = match self.position {
            Some(_) => BlockType::Result(wasm_encoder::ValType::I32),
            None => BlockType::Empty,
        };
        let entries = match self.form {
            Form::Fast => self.frame.entries(),
            Form::Compact => 1,
        };
        if entries > 1 {
            self.block(Label::Saved, BlockType::Empty);
        }
        for entry in (1..entries).rev() {
            self.block(Label::Save(entry), ty);
            self.block(Label::Entry(entry), ty);
        }
        self.block(Label::Unwind, ty);
        if self.form == Form::Fast {
            let sites = 0..self.shape.sites.len();
            let left: Vec<_> =
                sites.map(|site| (self.exit(site), self.frame.zeroed(site))).collect();
            self.ways_out = Ways::new(&left);
        }
        for number in (0..self.ways_out.count()).rev() {
            self.block(Label::Zeroes(number), ty);
        }
    }

    /// The label of a site's entry to the code that saves.
    fn exit(&self, site: usize) -> Label {
        match (self.form, self.frame.entry(site)) {
            (Form::Compact, _) | (_, 0) => Label::Unwind,
            (Form::Fast, entry) => Label::Entry(entry),
        }
    }

    /// Leaves the function if the call of a site unwinds.
    pub(super) fn leave_if_unwinding(&mut self, site: usize) -> Result<()> {
        let number = match (self.position, &self.flat) {
            (None, _) => None,
            (Some(_), Some(_)) => Some(self.number_of(site)?),
            (Some(_), None) => Some(self.numbers.of(site).cast_signed()),
        };
        let number = number.map(Instruction::I32Const);
        let way = self.ways_out.of(site).unwrap_or_else(|| self.exit(site));
        let depth = self.labels.depth(way)?;
        self.write_all(number.as_slice());
        self.write_all(&[self.runtime.state.get(), Instruction::BrIf(depth)]);
        if number.is_some() {
            self.write(&Instruction::Drop);
        }
        Ok(())
    }

    /// Returns. Ends the blocks before code that sets locals to 0, and the innermost block before code that saves a
    /// frame.
    pub(super) fn end_exits(&mut self) -> Result<()> {
        self.write(&Instruction::Return);
        for (number, way) in core::mem::take(&mut self.ways_out).into_ways().into_iter().enumerate()
        {
            self.write(&Instruction::End);
            self.close(Label::Zeroes(number))?;
            self.set_to_zero(&way.own)?;
            // Falls through if the target is next.
            match self.labels.depth(way.next)? {
                0 => {}
                depth => self.write(&Instruction::Br(depth)),
            }
        }
        self.write(&Instruction::End);
        self.close(Label::Unwind)
    }

    fn set_to_zero(&mut self, locals: &Locals) -> Result<()> {
        let types: BTreeSet<ValType> = locals.iter().map(|(_, ty)| *ty).collect();
        for ty in types {
            self.zero(ty)?;
            let those = locals.iter().filter(|(_, other)| *other == ty);
            let mut those = those.map(|(local, _)| *local).peekable();
            while let Some(local) = those.next() {
                let is_last = those.peek().is_none();
                self.write(&if is_last { local.set() } else { local.tee() });
            }
        }
        Ok(())
    }

    /// Saves a frame, for all entries.
    pub(super) fn save_frame(&mut self, header: Option<Header>) -> Result<()> {
        let bytes = header.as_ref().map_or(0, |header| header.bytes);
        let entries = self.frame.entries();
        if entries == 1 {
            self.set_position();
            if self.is_pushed_in_place(0) {
                self.block(Label::Saved, BlockType::Empty);
                self.push_in_place(bytes)?;
                self.save_from(0, bytes, header)?;
                self.write(&Instruction::End);
                self.close(Label::Saved)?;
            } else if bytes + self.frame.size > 0 {
                self.push(bytes)?;
                if self.runtime.memory64 {
                    self.write_all(&[Instruction::I64Eqz, Instruction::I32Eqz]);
                }
                self.write(&Instruction::If(BlockType::Empty));
                self.save_from(0, bytes, header)?;
                self.write(&Instruction::End);
            }
            return Ok(());
        }
        for entry in 0..entries {
            if self.is_pushed_in_place(entry) {
                self.push_in_place(bytes)?;
            } else {
                self.push(bytes)?;
                let is_null = match self.runtime.memory64 {
                    true => Instruction::I64Eqz,
                    false => Instruction::I32Eqz,
                };
                let depth = self.labels.depth(Label::Saved)?;
                self.write_all(&[is_null, Instruction::BrIf(depth)]);
            }
            if entry > 0 {
                self.write(&Instruction::End);
                self.close(Label::Save(entry))?;
            }
            if entry + 1 < entries {
                self.save_from(entry, bytes, None)?;
                let depth = self.labels.depth(Label::Save(entry + 1))?;
                self.write_all(&[Instruction::Br(depth), Instruction::End]);
                self.close(Label::Entry(entry + 1))?;
            }
        }
        self.set_position();
        self.save_from(entries - 1, bytes, header)?;
        self.write(&Instruction::End);
        self.close(Label::Saved)
    }

    /// Sets the position to the number on the stack, if there is one.
    fn set_position(&mut self) {
        if let Some(position) = self.position {
            self.write(&position.set());
        }
    }

    /// Makes room for a frame with a header of this many bytes. Leaves the frame's address also on the stack.
    fn push(&mut self, header: u32) -> Result<()> {
        let frame_at = self.frame_at.context("no local for a frame")?;
        self.write_all(&[
            self.runtime.constant(header + self.frame.size),
            Instruction::Call(self.runtime.push),
            frame_at.tee(),
        ]);
        Ok(())
    }

    /// Whether room is made without a call for this entry. It is if functions are resumed one by one, and a site with
    /// this entry calls a topmost function: of all frames of a wait, this one is pushed each time.
    fn is_pushed_in_place(&self, entry: usize) -> bool {
        let waits = |(site, it): (usize, &Site)| {
            it.callee == Callee::Topmost && self.frame.entry(site) == entry
        };
        self.runtime.is_flat && self.shape.sites.iter().enumerate().any(waits)
    }

    /// Like [`Self::push`], but inline. Branches to after the code that saves, if there is no room.
    fn push_in_place(&mut self, header: u32) -> Result<()> {
        let frame_at = self.frame_at.context("no local for a frame")?;
        let (runtime, size) = (self.runtime, header + self.frame.size);
        self.write_all(&segment::has_no_room(runtime, size, frame_at));
        self.write(&Instruction::If(BlockType::Empty));
        self.labels.open(Label::Nothing);
        // Moves `start` all the same, so that it tells how much room was needed.
        let depth = self.labels.depth(Label::Saved)?;
        self.write_all(&[
            runtime.constant(size),
            Instruction::Call(runtime.push),
            Instruction::Drop,
            Instruction::Br(depth),
            Instruction::End,
        ]);
        self.close(Label::Nothing)?;
        self.write_all(&segment::make_room(runtime, size, frame_at));
        Ok(())
    }

    /// Saves the header, and behind its `bytes` the locals between an entry and the next.
    fn save_from(&mut self, entry: usize, bytes: u32, header: Option<Header>) -> Result<()> {
        let frame_at = self.frame_at.context("no local for a frame")?;
        if let Some(Header { word, .. }) = header {
            let store = Instruction::I32Store(self.runtime.at(0));
            self.write_all(&[frame_at.get(), word, store]);
        }
        let save = self.frame.save(self.runtime, self.helpers, frame_at, bytes, entry);
        self.write_all(&save);
        Ok(())
    }
}
