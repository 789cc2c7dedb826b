//! The layout of a program's data in the table and in memory.
//!
//! ```text
//!   base ├ budget ┼ random state ┼ … data … ┼ 64 KiB: coroutine 0 ┼ coroutine 1 ┼ …
//! ```

use std::collections::HashMap;

use super::sections::{Address, Symbol};
use super::shape::{Lookalike, Shape, Taken, Word};
use crate::fuzz::random::Random;

/// The bytes of memory for each program.
pub(super) const SIZE: u32 = 0x3_0000;
/// The offset of its data.
const DATA: u32 = 0x100;
/// The offset of its coroutines, and the size of each.
const COROUTINES: u32 = 0x1_0000;
const COROUTINE: u32 = 0x8000;
/// The size of the header before a coroutine's frames: see `switch.wat`.
pub(in crate::fuzz) const HEADER: u32 = 32;

/// Consecutive words in memory, to choose from.
#[derive(Clone, Copy)]
pub(super) struct Array {
    pub(super) address: u32,
    pub(super) length: u32,
}

/// The addresses of a table that looks like a vtable.
#[derive(Clone, Copy)]
pub(super) struct Places {
    pub(super) constant: u32,
    /// The number of its symbol in the program. The variable's symbol has the next number.
    pub(super) symbol: usize,
    pub(super) variable: u32,
}

/// The memory of a program, and its part of the table.
pub(super) struct Memory {
    pub(super) base: u32,
    /// The first data symbol of the program.
    pub(super) first_symbol: usize,
    /// The functions in the table, and the index of the first.
    pub(super) table: Vec<usize>,
    pub(super) first_entry: u32,
    /// For each type, an entry that another function may be written to later.
    pub(super) spares: HashMap<usize, u32>,
    /// For each trait, fat pointers, of two words each.
    pub(super) fats: Vec<Array>,
    /// For each type, function pointers, which may be overwritten by others.
    pub(super) pointers: HashMap<usize, Array>,
    pub(super) vtables: Vec<u32>,
    pub(super) lookalikes: Vec<Places>,
    pub(super) data: Vec<u8>,
    pub(super) symbols: Vec<Symbol>,
    /// The words in data that have addresses.
    pub(super) addresses: Vec<(u32, Address)>,
}

impl Memory {
    pub(super) fn new(
        shape: &Shape,
        base: u32,
        first_entry: u32,
        first_symbol: usize,
        random: &mut Random,
    ) -> Self {
        let is_taken = |index: &usize| shape.functions[*index].taken != Taken::Never;
        let mut memory = Self {
            base,
            first_symbol,
            table: (0..shape.functions.len()).filter(is_taken).collect(),
            first_entry,
            spares: HashMap::new(),
            fats: Vec::new(),
            pointers: HashMap::new(),
            vtables: Vec::new(),
            lookalikes: Vec::new(),
            data: Vec::new(),
            symbols: Vec::new(),
            addresses: Vec::new(),
        };
        for type_index in shape.pointer_types() {
            memory.spares.insert(type_index, first_entry + memory.table.len() as u32);
            memory.table.push(*random.pick(&shape.of(type_index, Taken::Pointer)));
        }
        for vtable in &shape.vtables {
            memory.begin(&format!(".Lanon.{base}.{}", memory.vtables.len()));
            memory.vtables.push(memory.here());
            memory.function(vtable.drop);
            memory.word(vtable.size);
            memory.word(vtable.align);
            for word in &vtable.words {
                match word {
                    Word::Function(function) => memory.function(Some(*function)),
                    Word::Vtable(vtable) => memory.vtable(*vtable),
                }
            }
            memory.end();
        }
        for of_trait in 0..shape.traits.len() {
            memory.begin(&format!("fats{of_trait}"));
            let vtables = shape.vtables_of(of_trait);
            let array = Array { address: memory.here(), length: 2 + random.below(3) as u32 };
            for number in 0..array.length {
                memory.word(number);
                memory.vtable(*random.pick(&vtables));
            }
            memory.fats.push(array);
            memory.end();
        }
        for type_index in shape.pointer_types() {
            memory.begin(&format!("pointers{type_index}"));
            let functions = shape.of(type_index, Taken::Pointer);
            let array = Array { address: memory.here(), length: 1 + random.below(3) as u32 };
            for _ in 0..array.length {
                memory.function(Some(*random.pick(&functions)));
            }
            memory.pointers.insert(type_index, array);
            memory.end();
        }
        for table in &shape.lookalikes {
            memory.add_lookalike(table);
        }
        memory
    }

    /// Adds the constant and the variable of a table.
    fn add_lookalike(&mut self, table: &Lookalike) {
        let symbol = self.symbols.len();
        self.begin(&format!(".Lanon.{}.table{symbol}", self.base));
        let constant = self.here();
        self.function(table.drop);
        self.word(table.size);
        self.word(table.align);
        for function in &table.functions {
            self.function(Some(*function));
        }
        self.end();
        self.begin(&format!("variable{symbol}"));
        let variable = self.here() + 4 * table.shift;
        for _ in 0..table.shift as usize + Lookalike::BEFORE + table.functions.len() {
            self.word(0);
        }
        self.end();
        self.lookalikes.push(Places { constant, symbol, variable });
    }

    /// The address of the data in memory.
    pub(super) fn data_address(&self) -> u32 {
        self.base + DATA
    }

    pub(super) fn coroutine(&self, number: usize) -> u32 {
        self.base + COROUTINES + number as u32 * COROUTINE
    }

    /// The initial values of a coroutine's first two words: the memory for frames.
    pub(super) fn frames(&self, number: usize) -> (u32, u32) {
        (self.coroutine(number) + HEADER, self.coroutine(number) + COROUTINE)
    }

    /// The index of a function in the table.
    pub(super) fn entry(&self, function: usize) -> u32 {
        let at = self.table.iter().position(|other| *other == function);
        self.first_entry + at.expect("only of functions that are taken") as u32
    }

    fn here(&self) -> u32 {
        self.data_address() + self.data.len() as u32
    }

    fn begin(&mut self, name: &str) {
        let offset = self.data.len() as u32;
        self.symbols.push(Symbol { name: name.to_owned(), offset, size: 0 });
    }

    fn end(&mut self) {
        if let Some(symbol) = self.symbols.last_mut() {
            symbol.size = self.data.len() as u32 - symbol.offset;
        }
    }

    fn word(&mut self, word: u32) {
        self.data.extend(word.to_le_bytes());
    }

    fn function(&mut self, function: Option<usize>) {
        if let Some(function) = function {
            self.addresses.push((self.data.len() as u32, Address::Function(function)));
        }
        self.word(function.map_or(0, |function| self.entry(function)));
    }

    fn vtable(&mut self, vtable: usize) {
        let symbol = self.first_symbol + vtable;
        self.addresses.push((self.data.len() as u32, Address::Data { symbol, addend: 0 }));
        self.word(self.vtables[vtable]);
    }
}
