//! Random expressions for each kind of value, as text.

use super::code::Writer;
use super::memory::Array;
use super::sections::Address;
use super::shape::{Kind, Slot, Taken};

/// The deepest nesting of expressions.
const DEPTH: usize = 2;

impl Writer<'_> {
    /// An expression with this kind.
    pub(super) fn value(&mut self, kind: Kind) -> String {
        if let Kind::Callable(type_index) = kind
            && self.random.percent(60)
        {
            // As compilers write most calls.
            return self.callable(type_index, 1);
        }
        self.value_within(kind, DEPTH)
    }

    fn value_within(&mut self, kind: Kind, depth: usize) -> String {
        if depth == 0 {
            return self.variable(kind);
        }
        match self.random.below(12) {
            0..=2 => self.variable(kind),
            3 => self.joined(kind, depth - 1),
            4 if kind != Kind::Number => {
                let value = self.value_within(kind, depth - 1);
                format!("(local.tee ${} {value})", self.local(kind))
            }
            _ => match kind {
                Kind::Number => self.number(depth - 1),
                Kind::Fat(of_trait) => self.fat(of_trait),
                Kind::Vtable(of_trait) => self.vtable(of_trait, depth - 1),
                Kind::Pointer(type_index) => self.pointer(type_index),
                Kind::Callable(type_index) => self.callable(type_index, depth - 1),
            },
        }
    }

    /// The value of a local or a parameter.
    fn variable(&mut self, kind: Kind) -> String {
        format!("(local.get ${})", self.random.pick(&self.variables(kind)))
    }

    /// One of two values.
    fn joined(&mut self, kind: Kind, depth: usize) -> String {
        let one = self.value_within(kind, depth);
        let other = self.value_within(kind, depth);
        let condition = self.condition();
        match self.random.below(4) {
            0 | 1 => format!("(select {one} {other} {condition})"),
            2 => format!("(if (result i32) {condition} (then {one}) (else {other}))"),
            _ => format!("(block (result i32) (drop (br_if 0 {one} {condition})) {other})"),
        }
    }

    /// True half of the time.
    pub(super) fn condition(&mut self) -> String {
        format!("(call $coin (i32.const {}))", self.memory.base)
    }

    pub(super) fn random_number(&self) -> String {
        format!("(call $random (i32.const {}))", self.memory.base)
    }

    fn number(&mut self, depth: usize) -> String {
        match self.random.below(4) {
            0 => format!("(i32.const {})", self.random.below(1000)),
            1 => self.random_number(),
            more => {
                let operator = if more == 2 { "add" } else { "xor" };
                let one = self.value_within(Kind::Number, depth);
                let other = self.value_within(Kind::Number, depth);
                format!("(i32.{operator} {one} {other})")
            }
        }
    }

    /// `first + size * (any number below length)`
    fn element(&self, first: u32, size: u32, length: u32) -> String {
        let number = format!("(call $below (i32.const {}) (i32.const {length}))", self.memory.base);
        format!("(i32.add (i32.const {first}) (i32.mul (i32.const {size}) {number}))")
    }

    fn fat(&mut self, of_trait: usize) -> String {
        let array = &self.memory.fats[of_trait];
        self.element(array.address, 8, array.length)
    }

    fn vtable(&mut self, of_trait: usize, depth: usize) -> String {
        match self.random.below(5) {
            0 => {
                let vtable = *self.random.pick(&self.shape.vtables_of(of_trait));
                self.address_of_vtable(vtable, 0);
                format!("(i32.const {})", self.memory.vtables[vtable])
            }
            1 => {
                let subtraits = self.slots(Slot::Super(of_trait));
                match subtraits.get(self.random.below(subtraits.len() + 1)) {
                    Some((subtrait, offset)) => {
                        self.loaded(Kind::Vtable(*subtrait), *offset, depth)
                    }
                    None => self.variable(Kind::Vtable(of_trait)),
                }
            }
            2 => {
                let fat = self.value_within(Kind::Fat(of_trait), depth);
                format!("(i32.wrap_i64 (i64.shr_u (i64.load {fat}) (i64.const 32)))")
            }
            _ => self.loaded(Kind::Fat(of_trait), 4, depth),
        }
    }

    /// The word `offset` bytes after the target of a pointer.
    fn loaded(&mut self, kind: Kind, offset: u32, depth: usize) -> String {
        let pointer = self.value_within(kind, depth);
        match self.random.below(10) {
            0 => {
                let first = self.random.below(offset as usize + 1) as u32;
                let rest = offset - first;
                format!("(i32.load offset={rest} (i32.add {pointer} (i32.const {first})))")
            }
            1 => format!("(i32.wrap_i64 (i64.load offset={offset} {pointer}))"),
            2 if offset >= 4 => {
                let before = offset - 4;
                format!(
                    "(i32.wrap_i64 (i64.shr_u (local.tee $long (i64.load offset={before} \
                     {pointer})) (i64.const 32)))"
                )
            }
            _ => format!("(i32.load offset={offset} {pointer})"),
        }
    }

    fn pointer(&mut self, type_index: usize) -> String {
        let Array { address, length } = self.memory.pointers[&type_index];
        match self.random.below(5) {
            0 | 1 => {
                let function = *self.random.pick(&self.shape.of(type_index, Taken::Pointer));
                self.in_code.push(Address::Function(function));
                format!("(i32.const {})", self.memory.entry(function))
            }
            2 => {
                let at = self.random.below(length as usize);
                format!("(i32.load offset={} (i32.const {address}))", 4 * at)
            }
            3 => format!("(i32.const {})", self.memory.spares[&type_index]),
            _ => format!("(i32.load {})", self.element(address, 4, length)),
        }
    }

    pub(super) fn callable(&mut self, type_index: usize, depth: usize) -> String {
        if self.random.percent(20)
            && let Some(function) = self.out_of_lookalike(type_index)
        {
            return function;
        }
        let methods = self.slots(Slot::Method(type_index));
        let has_pointers = self.shape.types[type_index].has_pointers;
        if has_pointers && (methods.is_empty() || self.random.percent(25)) {
            return self.value_within(Kind::Pointer(type_index), depth);
        }
        let (of_trait, offset) = *self.random.pick(&methods);
        if self.random.percent(90) {
            return self.loaded(Kind::Vtable(of_trait), offset, depth);
        }
        // From a known vtable.
        let vtable = *self.random.pick(&self.shape.vtables_of(of_trait));
        let address = self.memory.vtables[vtable];
        let addend = self.random.below(offset as usize + 1) as u32;
        self.address_of_vtable(vtable, addend);
        format!("(i32.load offset={} (i32.const {}))", offset - addend, address + addend)
    }

    /// The slots with this kind: the trait, and the offset in its vtables.
    pub(super) fn slots(&self, wanted: Slot) -> Vec<(usize, u32)> {
        let mut found = Vec::new();
        for (of_trait, found_trait) in self.shape.traits.iter().enumerate() {
            let slots = (3..).zip(&found_trait.slots).filter(|(_, slot)| **slot == wanted);
            found.extend(slots.map(|(word, _)| (of_trait, 4 * word)));
        }
        found
    }

    fn address_of_vtable(&mut self, vtable: usize, addend: u32) {
        let symbol = self.memory.first_symbol + vtable;
        self.in_code.push(Address::Data { symbol, addend });
    }
}
