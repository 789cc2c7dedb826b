//! Rewrites `.debug_line`: which source line each instruction belongs to.
//!
//! The table of a unit is a program that emits rows in the order of the code: "from this address on, it is this
//! line". Headers stay. In the new code, each instruction that was there before gets the row that it had before,
//! wherever it is now. An instruction that a pass added belongs to the one before it.
//!
//! ```text
//!    old code      rows              new code             rows
//!    0 a           0: line 3         0                    0: line 3
//!    5 call $f     5: line 4         4 call $f   (again)  4: line 4
//!    7 b           7: line 5         9 a                  9: line 3
//!                                   14 call $f           14: line 4
//!                                   16 if …
//!                                   22 b                 22: line 5
//! ```
//!
//! Each function becomes a sequence of its own, as compilers write them. The sequence of a function that the linker
//! has removed is dropped.

use core::ops::Range;
use std::collections::BTreeMap;

use gimli::{
    ColumnType, DebugLine, DebugLineOffset, EndianSlice, Format, LineProgramHeader, LineRow,
    LittleEndian, Reader,
};

use super::addresses::Addresses;
use super::bytes;
use crate::error::{Context, Result, bail};

/// The rewritten section.
pub(super) struct Lines {
    pub(super) section: Vec<u8>,
    /// The new offsets of line programs, by their old ones.
    pub(super) offsets: BTreeMap<u64, u64>,
}

/// Rewrites the section, with addresses of this size.
pub(super) fn rewrite(old: &[u8], address_size: u8, addresses: &Addresses<'_>) -> Result<Lines> {
    let mut lines = Lines { section: Vec::with_capacity(old.len()), offsets: BTreeMap::new() };
    let section = DebugLine::new(old, LittleEndian);
    let mut rest = EndianSlice::new(old, LittleEndian);
    while !rest.is_empty() {
        let offset = old.len() - rest.len();
        let (length, format) = rest.read_initial_length()?;
        rest.skip(length)?;
        let mut rows = section.program(DebugLineOffset(offset), address_size, None, None)?.rows();
        let header = rows.header().clone();
        if header.minimum_instruction_length() != 1
            || header.maximum_operations_per_instruction() != 1
        {
            bail!("a line table of instructions that have no single bytes");
        }
        lines.offsets.insert(offset as u64, lines.section.len() as u64);
        let program = header.raw_program_buf().offset_from(EndianSlice::new(old, LittleEndian));
        let begin = lines.section.len();
        lines.section.extend_from_slice(&old[offset..program]);
        let mut writer = Writer::new(&header, &mut lines.section);
        let mut sequence = Vec::new();
        while let Some((_, row)) = rows.next_row()? {
            if row.end_sequence() {
                writer.sequence(&sequence, row.address(), addresses);
                sequence.clear();
            } else {
                sequence.push(*row);
            }
        }
        if rows.header().file_names().len() != header.file_names().len() {
            bail!("a line table that names files among its rows");
        }
        let word = usize::from(format.word_size());
        let from = begin + if format == Format::Dwarf64 { 4 } else { 0 };
        let length = (lines.section.len() - from - word) as u64;
        bytes::write(&mut lines.section, from, word, length).context("a line table is too long")?;
    }
    Ok(lines)
}

type Header<'a> = LineProgramHeader<EndianSlice<'a, LittleEndian>>;

/// Writes the rows of a program.
struct Writer<'a> {
    header: &'a Header<'a>,
    code: &'a mut Vec<u8>,
    /// The current values of the program's registers.
    last: Registers,
}

#[derive(Clone, Copy)]
struct Registers {
    address: u64,
    file: u64,
    line: u64,
    column: u64,
    is_stmt: bool,
    isa: u64,
}

/// Standard opcodes.
mod op {
    pub(super) const COPY: u8 = 1;
    pub(super) const ADVANCE_PC: u8 = 2;
    pub(super) const ADVANCE_LINE: u8 = 3;
    pub(super) const SET_FILE: u8 = 4;
    pub(super) const SET_COLUMN: u8 = 5;
    pub(super) const NEGATE_STMT: u8 = 6;
    pub(super) const SET_BASIC_BLOCK: u8 = 7;
    pub(super) const SET_PROLOGUE_END: u8 = 10;
    pub(super) const SET_EPILOGUE_BEGIN: u8 = 11;
    pub(super) const SET_ISA: u8 = 12;
    /// The following opcodes are extended ones.
    pub(super) const END_SEQUENCE: u8 = 1;
    pub(super) const SET_ADDRESS: u8 = 2;
    pub(super) const SET_DISCRIMINATOR: u8 = 4;
}

impl<'a> Writer<'a> {
    fn new(header: &'a Header<'a>, code: &'a mut Vec<u8>) -> Self {
        Self { header, code, last: Self::first(header) }
    }

    fn first(header: &Header<'_>) -> Registers {
        let is_stmt = header.default_is_stmt();
        Registers { address: 0, file: 1, line: 1, column: 0, is_stmt, isa: 0 }
    }

    /// Writes the rows of the new code for the old code from the first of `rows` to `end`.
    fn sequence(&mut self, rows: &[LineRow], end: u64, addresses: &Addresses<'_>) {
        let Some(first) = rows.first() else { return };
        let old = first.address()..end;
        if addresses.function(old.start).is_none() {
            return;
        }
        for function in addresses.functions(&old) {
            self.function(rows, &old, function.origins(), function.new.end);
        }
    }

    fn function(
        &mut self,
        rows: &[LineRow],
        covered: &Range<u64>,
        origins: impl Iterator<Item = (u64, u64)>,
        end: u64,
    ) {
        let row_of = |old: u64| {
            let next = rows.partition_point(|row| row.address() <= old);
            next.checked_sub(1).filter(|_| covered.contains(&old))
        };
        let mut origins = origins.peekable();
        let mut current = None;
        while let Some((new, old)) = origins.next() {
            // Of several instructions at one address only the last still exists; the others have no code any more.
            if origins.peek().is_some_and(|(next, _)| *next == new) {
                continue;
            }
            let row = row_of(old);
            if row == current {
                continue;
            }
            match row {
                None => self.end(new),
                Some(row) => {
                    if current.is_none() {
                        self.begin(new);
                    }
                    self.row(new, &rows[row]);
                }
            }
            current = row;
        }
        if current.is_some() {
            self.end(end);
        }
    }

    fn begin(&mut self, address: u64) {
        let size = usize::from(self.header.address_size());
        self.extended(op::SET_ADDRESS, &address.to_le_bytes()[..size]);
        self.last.address = address;
    }

    fn end(&mut self, address: u64) {
        self.advance(address);
        self.extended(op::END_SEQUENCE, &[]);
        self.last = Self::first(self.header);
    }

    fn extended(&mut self, opcode: u8, operands: &[u8]) {
        self.code.push(0);
        bytes::push_uleb(self.code, 1 + operands.len() as u64);
        self.code.push(opcode);
        self.code.extend_from_slice(operands);
    }

    fn standard(&mut self, opcode: u8, operand: Option<u64>) {
        // An opcode that an old version lacks is only a hint.
        if opcode < self.header.opcode_base() {
            self.code.push(opcode);
            if let Some(operand) = operand {
                bytes::push_uleb(self.code, operand);
            }
        }
    }

    fn advance(&mut self, address: u64) {
        let by = address - self.last.address;
        if by > 0 {
            self.standard(op::ADVANCE_PC, Some(by));
        }
        self.last.address = address;
    }

    fn row(&mut self, address: u64, row: &LineRow) {
        let line = row.line().map_or(0, |line| line.get());
        let column = match row.column() {
            ColumnType::LeftEdge => 0,
            ColumnType::Column(column) => column.get(),
        };
        if row.file_index() != self.last.file {
            self.standard(op::SET_FILE, Some(row.file_index()));
        }
        if column != self.last.column {
            self.standard(op::SET_COLUMN, Some(column));
        }
        if row.is_stmt() != self.last.is_stmt {
            self.standard(op::NEGATE_STMT, None);
        }
        if row.isa() != self.last.isa {
            self.standard(op::SET_ISA, Some(row.isa()));
        }
        for (is_set, opcode) in [
            (row.basic_block(), op::SET_BASIC_BLOCK),
            (row.prologue_end(), op::SET_PROLOGUE_END),
            (row.epilogue_begin(), op::SET_EPILOGUE_BEGIN),
        ] {
            if is_set {
                self.standard(opcode, None);
            }
        }
        if row.discriminator() != 0 {
            let mut operand = Vec::new();
            bytes::push_uleb(&mut operand, row.discriminator());
            self.extended(op::SET_DISCRIMINATOR, &operand);
        }
        self.add_row(address, line);
        let (file, is_stmt, isa) = (row.file_index(), row.is_stmt(), row.isa());
        self.last = Registers { address, file, line, column, is_stmt, isa };
    }

    /// Writes the opcode that adds a row, with the opcodes that must precede it.
    fn add_row(&mut self, address: u64, line: u64) {
        let mut by = line.wrapping_sub(self.last.line).cast_signed();
        if self.special(address - self.last.address, by).is_none() {
            self.advance(address);
        }
        if self.special(address - self.last.address, by).is_none() {
            self.code.push(op::ADVANCE_LINE);
            bytes::push_sleb(self.code, by);
            by = 0;
        }
        let opcode = self.special(address - self.last.address, by);
        self.code.push(opcode.unwrap_or(op::COPY));
    }

    /// The special opcode that advances by these numbers and adds a row, if there is one.
    fn special(&self, address: u64, line: i64) -> Option<u8> {
        let line = u64::try_from(line.checked_sub(self.header.line_base().into())?).ok()?;
        let range = u64::from(self.header.line_range());
        let base = u64::from(self.header.opcode_base());
        let opcode = address.checked_mul(range)?.checked_add(line)?.checked_add(base)?;
        u8::try_from(opcode).ok().filter(|_| line < range)
    }
}
