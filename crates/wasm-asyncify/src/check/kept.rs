//! The references of a function that is being suspended or rewound. Each is kept in a table
//! ([`references`](super::references)), and the frame has its place there.
//!
//! In a suspended frame, a cell with such a place counts as the reference itself ([`Cell::Kept`]), so that it
//! can be compared with the original. It must be taken back exactly once.

use std::collections::BTreeMap;

use super::operators::Cell;
use super::values::{Value, Values};
use super::wrong::Wrong;

/// The purpose of a function that handles references.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reference {
    /// Puts a reference into this table.
    Keep(u32),
    /// Takes a reference out of this table.
    Take(u32),
}

/// The references that a function has kept, or has not yet taken back.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    /// By place: the table, and the reference.
    places: BTreeMap<Value, (u32, Value)>,
}

impl Kept {
    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The type and value of a cell once its frame is suspended. A place is in only one cell.
    pub(super) fn suspended(&mut self, ty: Cell, value: Value) -> (Cell, Value) {
        match self.places.remove(&value).filter(|_| ty == Cell::I32) {
            Some((table, reference)) => (Cell::Kept(table), reference),
            None => (ty, value),
        }
    }

    /// The contents of such a cell when it is rewound.
    pub(super) fn rewound(&mut self, ty: Cell, value: Value, values: &mut Values) -> (Cell, Value) {
        let Cell::Kept(table) = ty else { return (ty, value) };
        let place = values.unknown();
        self.places.insert(place, (table, value));
        (Cell::I32, place)
    }

    /// The result of a call of a function that keeps a reference or takes it back.
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
