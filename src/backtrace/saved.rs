//! In WebAssembly: reads the frames that functions have saved when they were suspended.
//!
//! ```text
//!   resumed all at once (debug builds)            one by one
//!   ──┬─────────┬─────────┬─────────┬──           ──┬───────────┬──────────┬─────┬────────┬──────┬──
//!     │ inner   │  …      │ entry   │               │ 7, inner  │ 4, …     │ −1  │ cursor │ base │
//!   ──┴─────────┴─────────┴─────────┴──           ──┴───────────┴──────────┴─────┴────────┴──────┴──
//!                                   ▲ saved to      ▲ a segment, which begins with the innermost one
//! ```
//!
//! All at once, a frame does not contain the number of its function. From the entry function on, each call
//! determines the function of the next frame, as in a rewind. One by one, each frame begins with the number of its
//! function, and the last word is the address of the newest segment. See `instrument/flat/dispatcher.rs` of the
//! linker's engine.

use alloc::format;
use alloc::vec::Vec;

use super::BacktraceFrame;
use super::table::{Called, Function, Site, Symbols};
use crate::raw::control_block::RawCore;
use crate::raw::switch::copy_symbols;

/// More frames than a stack can have: empty frames are possible, but not without end.
const MOST_FRAMES: usize = 1 << 20;

/// The functions that wait on the stack of a suspended coroutine. None if the layout of its frames is not known.
pub(super) fn frames(core: &RawCore) -> Option<Vec<BacktraceFrame>> {
    let symbols = Symbols::read(copy_symbols)?;
    let memory = Saved::new(core);
    let waiting = match symbols.are_one_by_one {
        true => one_by_one(&symbols, &memory)?,
        false => all_at_once(&symbols, &memory, core)?,
    };
    let mut frames = Vec::new();
    for (function, site) in waiting {
        let before = frames.len();
        for line in symbols.lines(site) {
            let name = line.name.or_else(|| symbols.name(&function));
            let name = name.unwrap_or_else(|| shown(&function, site));
            frames.push(BacktraceFrame { name, file: line.file, line: line.number });
        }
        if frames.len() == before {
            let name = symbols.name(&function).unwrap_or_else(|| shown(&function, site));
            frames.push(BacktraceFrame { name, file: None, line: None });
        }
    }
    Some(frames)
}

/// The name that is shown for a function without one.
fn shown(function: &Function, site: Site) -> alloc::string::String {
    format!("function {}, suspend point {}", function.index, site.number)
}

/// A function and where it waits.
type Waiting = (Function, Site);

/// Reads the frames from the entry function on.
fn all_at_once(symbols: &Symbols, memory: &Saved, core: &RawCore) -> Option<Vec<Waiting>> {
    let mut waiting = Vec::new();
    let mut end = memory.end;
    let mut next = symbols.in_table(core.entry() as usize as u32);
    while let Some(function) = next {
        let function = symbols.function(function)?;
        let frame = end.checked_sub(function.size? as usize)?;
        let word = |offset: u32| memory.word(frame.checked_add(offset as usize)?, end);
        let site = match function.position {
            Some(position) => symbols.site(&function, word(position)?)?,
            None => symbols.only_site(&function)?,
        };
        next = match site.called {
            Called::Nobody => None,
            Called::Function(function) => Some(function),
            Called::InTable(offset) => symbols.in_table(word(offset)?),
        };
        waiting.push((function, site));
        end = frame;
        if waiting.len() > MOST_FRAMES {
            return None;
        }
    }
    // Any bytes left would be frames of a function that was not found.
    (end == memory.start).then(|| {
        waiting.reverse();
        waiting
    })
}

/// Reads the frames from the newest segment on.
fn one_by_one(symbols: &Symbols, memory: &Saved) -> Option<Vec<Waiting>> {
    const LINK: u32 = u32::MAX;
    const POINTER: usize = size_of::<usize>();
    let mut waiting: Vec<Waiting> = Vec::new();
    let mut top = memory.end;
    let last = memory.limit.checked_sub(POINTER)?;
    let mut cursor = memory.pointer(last, memory.limit)?;
    let mut base = cursor;
    loop {
        let function = symbols.function(memory.word(cursor, top)?)?;
        let end = cursor.checked_add(function.size? as usize)?;
        let site = match function.position {
            Some(position) => {
                symbols.site(&function, memory.word(cursor + position as usize, end)?)?
            }
            None => symbols.only_site(&function)?,
        };
        add_with_passed_on(symbols, &mut waiting, (function, site));
        cursor = end;
        if cursor == top {
            return Some(waiting);
        }
        if memory.word(cursor, top)? == LINK {
            let (older, begins) = (cursor + 4, cursor + 4 + POINTER);
            // The segment before ends where this one begins.
            (cursor, base, top) = (memory.pointer(older, top)?, memory.pointer(begins, top)?, base);
        }
        if waiting.len() > MOST_FRAMES {
            return None;
        }
    }
}

/// Adds a frame. Before it, adds the functions between it and the previous frame that have no frame, as far as
/// they are known. Such functions only return the result of their callee.
fn add_with_passed_on(symbols: &Symbols, waiting: &mut Vec<Waiting>, outer: Waiting) {
    let inner = waiting.last().map(|(function, _)| function.number);
    let mut between = Vec::new();
    let mut called = outer.1.called;
    while let (Called::Function(number), true) = (called, between.len() < 64) {
        let known = symbols.function(number).filter(|_| Some(number) != inner);
        let Some(function) = known.filter(|function| function.size.is_none()) else { break };
        let Some(site) = symbols.only_site(&function) else { break };
        called = site.called;
        between.push((function, site));
    }
    // Only if they lead to the previous frame, or, if there is none, to no known function.
    let leads = matches!(called, Called::Function(number) if Some(number) == inner)
        || called == Called::Nobody && inner.is_none();
    if leads {
        waiting.extend(between.into_iter().rev());
    }
    waiting.push(outer);
}

/// The saved frames of a suspended coroutine, by addresses.
struct Saved {
    memory: *const u8,
    start: usize,
    end: usize,
    /// The end of the memory that frames may take.
    limit: usize,
}

impl Saved {
    /// The frames stay valid while the coroutine is suspended.
    fn new(core: &RawCore) -> Self {
        let (saved, limit) = core.saved();
        Self {
            memory: saved.start,
            start: saved.start.addr(),
            end: saved.end.addr(),
            limit: limit.addr(),
        }
    }

    /// The word at an address, if it ends no later than `end`.
    fn word(&self, at: usize, end: usize) -> Option<u32> {
        let is_there = at >= self.start && at.checked_add(4)? <= end && end <= self.limit;
        // SAFETY: between the low end of its stack and where its shadow stack was when it was suspended: nothing
        // writes there while it is, and functions have saved words there.
        is_there.then(|| unsafe { self.memory.with_addr(at).cast::<u32>().read_unaligned() })
    }

    fn pointer(&self, at: usize, end: usize) -> Option<usize> {
        let is_there =
            at >= self.start && at.checked_add(size_of::<usize>())? <= end && end <= self.limit;
        // SAFETY: as in `word`.
        is_there.then(|| unsafe { self.memory.with_addr(at).cast::<usize>().read_unaligned() })
    }
}
