//! The references of a function that is being suspended or rewound. Each is kept in a table
//! ([`references`](super::references)), and its frame says in which place.
//!
//! In a frame that is suspended a cell with a place counts as the reference itself ([`Cell::Kept`]):
//! so it can be compared with what the original holds. It must be taken back, once.

use std::collections::BTreeMap;

use super::operators::Cell;
use super::values::{Value, Values};
use super::wrong::Wrong;

/// What a function does with a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reference {
    /// Puts it into this table.
    Keep(u32),
    /// Takes it out.
    Take(u32),
}

/// The references that a function has kept, or has not yet taken back.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    /// By place: the table, and the reference.
    places: BTreeMap<Value, (u32, Value)>,
}

impl Kept {
    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// What a cell of a frame counts as when it is suspended. A place is in one cell.
    pub(super) fn suspended(&mut self, ty: Cell, value: Value) -> (Cell, Value) {
        match self.places.remove(&value).filter(|_| ty == Cell::I32) {
            Some((table, reference)) => (Cell::Kept(table), reference),
            None => (ty, value),
        }
    }

    /// What is in such a cell when it is rewound.
    pub(super) fn rewound(&mut self, ty: Cell, value: Value, values: &mut Values) -> (Cell, Value) {
        let Cell::Kept(table) = ty else { return (ty, value) };
        let place = values.unknown();
        self.places.insert(place, (table, value));
        (Cell::I32, place)
    }

    /// The result of the call of a function that keeps a reference or takes it back.
    pub(super) fn call(
        &mut self,
        reference: Reference,
        operand: Value,
        is_unwinding: bool,
        values: &mut Values,
    ) -> Result<Value, Wrong> {
        match reference {
            Reference::Keep(table) if is_unwinding => {
                let place = values.unknown();
                self.places.insert(place, (table, operand));
                Ok(place)
            }
            Reference::Keep(_) => Err(Wrong::new("a reference is kept while it is rewound")),
            Reference::Take(table) => match self.places.remove(&operand) {
                Some((other, reference)) if other == table && !is_unwinding => Ok(reference),
                _ => Err(Wrong::new("a reference is taken that is not kept there")),
            },
        }
    }
}
