//! Saves and restores the frame of a function that is resumed by itself.
//!
//! ```text
//!            number  position  local 0   local 4         local 2
//!   frame ─► ┌──────┬────────┬─────────┬─────────┬───────────────┐      a function in fast form
//!            │ i32  │  i32   │   i32   │   i32   │      f64      │
//!            └──────┴────────┴─────────┴─────────┴───────────────┘
//!            ┌──────┬─────────┬─────────┬────────┬───────────────┐      in compact form
//!            │ i32  │   i32   │   i32   │  i32   │      f64      │
//!            └──────┴─────────┴─────────┴────────┴───────────────┘
//!            number   local 4   local 0  position     local 2
//! ```
//!
//! In compact form, the functions that save write their last argument first. So the position, which is pushed before
//! all else, need not be put into a local.

use core::convert::Infallible;

use wasm_encoder::Instruction;
use wasm_encoder::reencode::Reencode;
use wasmparser::ValType;

use super::super::compact::saved;
use super::super::emit::{Emitter, Form};
use super::super::frame::Frame;
use super::super::helpers::{Helper, MOST, Number};
use super::super::leave::Header;
use super::super::types::cast;
use crate::error::{Context, Result};
use crate::module::LocalIndex;

/// The size of the function's number in a frame, in bytes.
pub(in crate::instrument) const HEADER: u32 = 4;

/// A frame as it is in memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Own {
    /// The frame's size in bytes, with the function's number.
    pub(super) size: u32,
    pub(super) number: u32,
}

impl<R: Reencode<Error = Infallible>> Emitter<'_, '_, R> {
    /// Restores everything, in the order of saving. Of the words that one call saves, the last comes first.
    pub(super) fn restore_compactly(&mut self) -> Result<()> {
        let Order { words, others } = Order::new(self.position, &self.frame)?;
        let words = words.chunks(MOST.into()).flat_map(|words| words.iter().rev());
        for local in words.flatten() {
            let restore = self.helpers.call(Helper::Restore(Number::I32));
            self.write_all(&[restore, local.set()]);
        }
        for (local, ty, number) in others {
            let restore = self.helpers.call(Helper::Restore(number));
            self.write(&restore);
            if let Number::Reference(kind) = number
                && let Some(cast) = cast(ty, Some(kind))
            {
                self.write(&cast);
            }
            self.write(&local.set());
        }
        Ok(())
    }

    /// The frame as it is in memory, with the number that the function will have.
    pub(super) fn own_frame(&self) -> Result<Own> {
        let size = match self.form {
            Form::Fast => self.frame.size,
            Form::Compact => Order::new(self.position, &self.frame)?.size(),
        };
        // The function is put into the table after it has been written, and no other function before that.
        let number = self.flat()?.plan.functions().len() as u32;
        Ok(Own { size: HEADER + size, number })
    }

    /// The offset of the position in compact form: the first call saves its last word first.
    pub(in crate::instrument) fn compact_position(&self) -> Result<u32> {
        let words = Order::new(self.position, &self.frame)?.words.len();
        Ok(4 * (words.min(MOST.into()) as u32 - 1))
    }

    /// Puts the function into the table. Returns its number there.
    fn add_to_table(&mut self, size: u32) -> Result<Instruction<'static>> {
        let catches = super::catches(self.shape);
        let flat = self.flat.as_mut().context("a function of another form")?;
        let number = flat.plan.add(flat.function, HEADER + size, catches)?;
        Ok(Instruction::I32Const(number.cast_signed()))
    }

    pub(super) fn save_quickly(&mut self) -> Result<()> {
        let word = self.add_to_table(self.frame.size)?;
        self.save_frame(Some(Header { bytes: HEADER, word }))
    }

    pub(super) fn save_compactly(&mut self) -> Result<()> {
        let order = Order::new(self.position, &self.frame)?;
        let header = self.add_to_table(order.size())?;
        let Order { words, others } = order;
        // The position is on the stack.
        let mut on_stack = usize::from(self.position.is_some());
        for words in words.chunks(MOST.into()) {
            for word in &words[core::mem::take(&mut on_stack)..] {
                self.write(&word.map_or(header.clone(), LocalIndex::get));
            }
            let save = self.helpers.call(Helper::SaveI32(words.len() as u8));
            self.write(&save);
        }
        for (local, _, number) in others {
            let save = self.helpers.call(Helper::Save(number));
            self.write_all(&[local.get(), save]);
        }
        Ok(())
    }
}

/// What is saved in compact form, in order.
struct Order {
    /// First the words of 4 bytes: locals, and the function's number (`None`), which is the last argument of the
    /// first call.
    words: Vec<Option<LocalIndex>>,
    /// Then values of other sizes, and references.
    others: Vec<(LocalIndex, ValType, Number)>,
}

impl Order {
    fn new(position: Option<LocalIndex>, frame: &Frame) -> Result<Self> {
        let locals: Vec<_> = frame.locals().collect();
        let (words, others): (Vec<_>, Vec<_>) =
            saved(&locals)?.into_iter().partition(|(_, _, number)| *number == Number::I32);
        let words = words.into_iter().map(|(local, ..)| local);
        let mut words: Vec<_> = position.into_iter().chain(words).map(Some).collect();
        words.insert(words.len().min(usize::from(MOST) - 1), None);
        Ok(Self { words, others })
    }

    /// The size in bytes, without the function's number.
    fn size(&self) -> u32 {
        let others: u32 = self.others.iter().map(|(_, _, number)| number.bytes()).sum();
        4 * (self.words.len() as u32 - 1) + others
    }
}
