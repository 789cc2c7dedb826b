//! Random code that uses tables that look like vtables, but are not: C code and popular crates have such tables,
//! written by hand.
//!
//! ```text
//!   constant   ├ drop ┼ size ┼ alignment ┼ run ┼ then ┤
//!                        copied, or built by code │
//!   variable   ├ … ┼ … ┼ drop ┼ size ┼ alignment ┼ run ┼ then ┤     called from here, too
//! ```
//!
//! The constant alone does not show at which offset its functions are called.

use super::code::Writer;
use super::memory::Places;
use super::sections::Address;
use super::shape::Lookalike;

impl Writer<'_> {
    /// Copies all tables, so that all variables are initialised.
    pub(super) fn copy_lookalikes(&mut self) {
        for table in 0..self.shape.lookalikes.len() {
            self.copy_lookalike(table);
        }
    }

    /// Copies a table, or writes one function into its variable.
    pub(super) fn change_lookalike(&mut self) {
        if self.shape.lookalikes.is_empty() {
            return self.trace();
        }
        let index = self.random.below(self.shape.lookalikes.len());
        if self.random.percent(50) {
            return self.copy_lookalike(index);
        }
        let functions = &self.shape.lookalikes[index].functions;
        let word = self.random.below(functions.len());
        let type_index = self.shape.functions[functions[word]].type_index;
        let function = *self.random.pick(&self.shape.taken(type_index));
        self.in_code.push(Address::Function(function));
        let (entry, offset) = (self.memory.entry(function), 4 * (Lookalike::BEFORE + word));
        let variable = self.variable_of_lookalike(index);
        self.line(&format!("(i32.store offset={offset} {variable} (i32.const {entry}))"));
    }

    fn copy_lookalike(&mut self, index: usize) {
        let words = Lookalike::BEFORE + self.shape.lookalikes[index].functions.len();
        let to = self.variable_of_lookalike(index);
        let from = self.constant_of_lookalike(index);
        if self.random.percent(40) {
            self.line(&format!("(memory.copy {to} {from} (i32.const {}))", 4 * words));
            return;
        }
        for word in 0..words {
            let offset = 4 * word;
            self.line(&format!(
                "(i32.store offset={offset} {to} (i32.load offset={offset} {from}))"
            ));
        }
    }

    /// A function with this type, loaded from a table, if one has it.
    pub(super) fn out_of_lookalike(&mut self, type_index: usize) -> Option<String> {
        let mut found = Vec::new();
        for (index, table) in self.shape.lookalikes.iter().enumerate() {
            let of_type =
                |function: &usize| self.shape.functions[*function].type_index == type_index;
            let words =
                table.functions.iter().enumerate().filter(|(_, function)| of_type(function));
            found.extend(words.map(|(word, _)| (index, 4 * (Lookalike::BEFORE + word))));
        }
        if found.is_empty() {
            return None;
        }
        let (index, offset) = *self.random.pick(&found);
        let table = match self.random.below(3) {
            0 => self.constant_of_lookalike(index),
            1 => self.variable_of_lookalike(index),
            _ => {
                let (one, other) =
                    (self.constant_of_lookalike(index), self.variable_of_lookalike(index));
                format!("(select {one} {other} {})", self.condition())
            }
        };
        Some(format!("(i32.load offset={offset} {table})"))
    }

    fn constant_of_lookalike(&mut self, index: usize) -> String {
        let Places { constant, symbol, .. } = self.memory.lookalikes[index];
        let symbol = self.memory.first_symbol + symbol;
        self.in_code.push(Address::Data { symbol, addend: 0 });
        format!("(i32.const {constant})")
    }

    fn variable_of_lookalike(&mut self, index: usize) -> String {
        let Places { symbol, variable, .. } = self.memory.lookalikes[index];
        let symbol = self.memory.first_symbol + symbol + 1;
        let addend = 4 * self.shape.lookalikes[index].shift;
        self.in_code.push(Address::Data { symbol, addend });
        format!("(i32.const {variable})")
    }
}
