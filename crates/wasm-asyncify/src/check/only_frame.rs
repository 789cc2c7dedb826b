//! A function in which a rewind begins may take its frame itself, if no other frame is saved. This proves that
//! it does so only in that case, and that it then does what the dispatcher does.
//!
//! - Only then: it is run on unknown memory ([`beginnings`](super::beginnings)). Whether the newest segment
//!   ends with a frame of its size, and whether it begins with its number, is unknown, so both branches are
//!   followed. A path on which both hold ends there. All other paths must call the function that resumes.
//! - Then: for each of its sites, it is run on the frame that it saves there, as if that were the only one. It
//!   must pop that frame, lower the limit of the stack as the dispatcher does, and repeat the call
//!   ([`suspension`](super::suspension)).
//!
//! If both hold, nothing else is saved: the segment ends after that frame, and it is the oldest, because
//! another segment would have a link there.

use super::alone::Memory;
use super::flat::Flat;
use super::operators::Cell;
use super::pair::Pair;
use super::search::Search;
use super::suspension::BEGINS;
use super::values::{Value, Values};
use super::walk::Walk;
use super::wrong::Wrong;

impl Memory {
    /// Memory when a rewind begins in a function; its contents are unknown.
    pub(super) fn at_beginning(
        data: Value,
        flat: &Flat,
        own: Option<(u32, i64)>,
        reserved: i64,
        values: &mut Values,
    ) -> Self {
        let mut memory = Self::to_unwind(data, reserved, values);
        memory.start = values.unknown();
        memory.is_unwinding = false;
        memory.newest = Some(memory.frame);
        memory.search = own.map(|own| Search::new(own, flat.stack, memory.start, values));
        if let Some(search) = &memory.search {
            memory.cells = [(0, (Cell::I32, search.header()))].into();
        }
        memory
    }

    /// The same memory for a rewind that began in this function, with no other frame saved.
    pub(super) fn with_only_frame(
        mut self,
        flat: &Flat,
        own: (u32, i64),
        reserved: i64,
        values: &mut Values,
    ) -> Self {
        self.newest = Some(self.frame);
        self.reserved = reserved;
        self.search = Some(Search::new(own, flat.stack, self.start, values));
        self
    }

    /// Whether the limit of the stack was lowered to the frame, if the dispatcher does that.
    fn is_limited(&self, values: &mut Values) -> bool {
        self.search.as_ref().is_some_and(|search| search.is_limited_to(self.frame, values))
    }

    /// Whether everything is as it was when the rewind began.
    pub(super) fn is_as_it_was(&self, before: &Self) -> bool {
        self.start == before.start
            && self.cells == before.cells
            && self.search.as_ref().is_none_or(Search::is_without_limit)
    }
}

impl Walk<'_, '_> {
    /// Both where the call of a site is repeated, after a rewind that began in this function and found only its
    /// frame.
    pub(super) fn taken(
        &self,
        at: usize,
        values: &mut Values,
    ) -> Result<(Pair, Vec<Value>), Wrong> {
        let wrong = || Wrong::new("when its frame is the only one it is not taken rightly");
        let flat = self.flat.ok_or_else(wrong)?;
        let own = flat.frame_of(self.function).ok_or_else(wrong)?;
        let (original, machine, memory, arguments) = self.entered_again(at, BEGINS, values)?;
        let reserved = self.instrumented.added.map_or(0, |added| added.reserved);
        let memory = memory.with_only_frame(flat, own, reserved, values);
        let (mut machine, memory) = self.run_alone(machine, memory, values)?;
        if !memory.is_limited(values) {
            return Err(wrong());
        }
        self.check_called_again(at, &mut machine, &memory, 0, &arguments, values)?;
        Ok((Pair::new(original, machine, Some(self.sites[&at].number)), arguments))
    }
}
