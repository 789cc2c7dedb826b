//! The linker's records of frames. They are not in memory, so the switch copies them a piece at a time.
//!
//! `build/linker_abi.rs` describes their format.

use alloc::string::String;
use alloc::vec;

use crate::abi::*;

/// Copies bytes from the offset `from` on. Returns false if there is nothing to copy.
type Copy = fn(from: u32, to: &mut [u8]) -> bool;

/// The records of frames.
pub(super) struct Symbols {
    copy: Copy,
    pub(super) are_one_by_one: bool,
    functions: Part,
    table: Part,
}

/// The offset of a part, and the number of its elements.
#[derive(Clone, Copy, Debug)]
struct Part {
    at: u32,
    count: u32,
}

/// The record of a function.
#[derive(Clone, Copy, Debug)]
pub(super) struct Function {
    pub(super) number: u32,
    pub(super) size: Option<u32>,
    pub(super) position: Option<u32>,
    /// The function's index in the module.
    pub(super) index: u32,
    name: Part,
    sites: Part,
}

/// A call that can be suspended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site {
    pub(super) number: u32,
    pub(super) called: Called,
    lines: Part,
}

/// The callee of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Called {
    /// A function without a frame, or an unknown one.
    Nobody,
    Function(u32),
    /// The function in the table whose index is at this offset in the frame.
    InTable(u32),
}

/// A line of the program.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) name: Option<String>,
    pub(super) file: Option<String>,
    pub(super) number: Option<u32>,
}

impl Symbols {
    /// Returns None if there are no records, or those of another version of the linker.
    pub(super) fn read(copy: Copy) -> Option<Self> {
        let mut bytes = [0; 4 * SYMBOLS_WORDS as usize];
        if !copy(0, &mut bytes) {
            return None;
        }
        let word = |number: u32| word_of(&bytes, number);
        let part = |at, count| Part { at: word(at), count: word(count) };
        (word(SYMBOLS_VERSION) == SYMBOLS_FORMAT).then(|| Self {
            copy,
            are_one_by_one: word(SYMBOLS_ONE_BY_ONE) != 0,
            functions: part(SYMBOLS_FUNCTIONS, SYMBOLS_FUNCTION_COUNT),
            table: part(SYMBOLS_TABLE, SYMBOLS_TABLE_COUNT),
        })
    }

    pub(super) fn function(&self, number: u32) -> Option<Function> {
        let words: [u32; FUNCTION_WORDS as usize] = self.record(self.functions, number)?;
        let word = |number: u32| words[number as usize];
        let unless_none = |number: u32| (number != SYMBOLS_NONE).then_some(number);
        Some(Function {
            number,
            size: unless_none(word(FUNCTION_SIZE)),
            position: unless_none(word(FUNCTION_POSITION)),
            index: word(FUNCTION_INDEX),
            name: Part { at: word(FUNCTION_NAME), count: word(FUNCTION_NAME + 1) },
            sites: Part { at: word(FUNCTION_SITES), count: word(FUNCTION_SITE_COUNT) },
        })
    }

    /// The name of a function, if it is known.
    pub(super) fn name(&self, function: &Function) -> Option<String> {
        self.text(function.name)
    }

    /// The call with this number.
    pub(super) fn site(&self, function: &Function, number: u32) -> Option<Site> {
        let mut all = (0..function.sites.count).filter_map(|at| self.site_at(function, at));
        all.find(|site| site.number == number)
    }

    /// The only call of a function.
    pub(super) fn only_site(&self, function: &Function) -> Option<Site> {
        if function.sites.count == 1 { self.site_at(function, 0) } else { None }
    }

    fn site_at(&self, function: &Function, at: u32) -> Option<Site> {
        let words: [u32; SITE_WORDS as usize] = self.record(function.sites, at)?;
        let word = |number: u32| words[number as usize];
        let of = word(SITE_CALLED + 1);
        Some(Site {
            number: word(SITE_NUMBER),
            called: match word(SITE_CALLED) {
                CALLED_FUNCTION => Called::Function(of),
                CALLED_IN_TABLE => Called::InTable(of),
                _ => Called::Nobody,
            },
            lines: Part { at: word(SITE_LINES), count: word(SITE_LINE_COUNT) },
        })
    }

    /// The lines of a call: that of the innermost inlined function first.
    pub(super) fn lines(&self, site: Site) -> impl Iterator<Item = Line> {
        (0..site.lines.count).filter_map(move |at| {
            let words: [u32; LINE_WORDS as usize] = self.record(site.lines, at)?;
            let text =
                |at: u32| self.text(Part { at: words[at as usize], count: words[at as usize + 1] });
            let number = words[LINE_NUMBER as usize];
            let number = (number > 0).then_some(number);
            Some(Line { name: text(LINE_NAME), file: text(LINE_FILE), number })
        })
    }

    /// The number of the function at this index of the program's table, if it can be suspended.
    pub(super) fn in_table(&self, index: u32) -> Option<u32> {
        let element = |at| self.record::<{ ELEMENT_WORDS as usize }>(self.table, at);
        let (mut low, mut high) = (0, self.table.count);
        while low < high {
            let middle = low + (high - low) / 2;
            let words = element(middle)?;
            match words[ELEMENT_INDEX as usize].cmp(&index) {
                core::cmp::Ordering::Equal => return Some(words[ELEMENT_FUNCTION as usize]),
                core::cmp::Ordering::Less => low = middle + 1,
                core::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// The record with this number, in a part whose records have `WORDS` words.
    fn record<const WORDS: usize>(&self, part: Part, number: u32) -> Option<[u32; WORDS]> {
        if number >= part.count {
            return None;
        }
        let mut words = [0; WORDS];
        for (at, word) in (0..).zip(&mut words) {
            let mut bytes = [0; 4];
            let place = part.at + 4 * (number * WORDS as u32 + at);
            if !(self.copy)(place, &mut bytes) {
                return None;
            }
            *word = u32::from_le_bytes(bytes);
        }
        Some(words)
    }

    /// Returns None if the text has no bytes.
    fn text(&self, part: Part) -> Option<String> {
        let mut bytes = vec![0; part.count as usize];
        if bytes.is_empty() || !(self.copy)(part.at, &mut bytes) {
            return None;
        }
        String::from_utf8(bytes).ok()
    }
}

fn word_of(bytes: &[u8], number: u32) -> u32 {
    let at = 4 * number as usize;
    let bytes = bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u32::from_le_bytes)
}
