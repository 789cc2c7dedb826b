//! If a rewind begins in the only function that is suspended, this function may take its frame itself. Proves
//! that it does so in no other case, and that it then does what the dispatcher does.
//!
//! - In no other case: it is run on memory of which nothing is known ([`beginnings`](super::beginnings)).
//!   Whether the newest segment ends with a frame of its size, and has its number, is unknown, and both
//!   ways are gone. Where both are so the run ends. All others must call what resumes.
//! - Then: of each of its sites it is run on the frame that it saves there, as if it were the only one. It
//!   must take that away, lower the limit of the stack as the dispatcher does, and make the call again
//!   ([`suspension`](super::suspension)).
//!
//! That nothing else is saved follows from both: the segment ends behind that frame, and is the oldest,
//! since another one would have a link there.

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
    /// Memory when a rewind begins in a function, of which nothing is known.
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

    /// The same memory as when that began in which nothing was saved but what it has.
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

    /// Whether nothing was changed of what was there when a rewind began.
    pub(super) fn is_as_it_was(&self, before: &Self) -> bool {
        self.start == before.start
            && self.cells == before.cells
            && self.search.as_ref().is_none_or(Search::is_without_limit)
    }
}

impl Walk<'_, '_> {
    /// Both where the call of a site is made again, when a rewind has begun in the function, and all that is
    /// saved is its frame.
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
