//! What is known of the types of references. A reference is cast when it is taken back, and what was
//! kept in a local that can be null is said not to be: neither must trap.
//!
//! A validator knows of each operand what type it has, whatever function it is in. So a value that has
//! ever been an operand of some type has that type, and if one of its types has no null, it is none.
//! Types are compared by name only: what is cast to a supertype does not count as proved, and nobody
//! does that.

use std::collections::HashMap;

use wasmparser::types::{CoreTypeId, TypesRef};
use wasmparser::{HeapType, RefType, UnpackedIndex, ValType};

use super::values::{Value, Values};

/// The types of a module, by name.
#[derive(Debug, Default)]
pub(super) struct Types {
    /// The first index of each.
    indices: HashMap<CoreTypeId, u32>,
    /// By index: the first one of the same type.
    first: Vec<u32>,
}

impl Types {
    pub(super) fn new(types: TypesRef<'_>) -> Self {
        let mut read = Self::default();
        for index in 0..types.core_type_count_in_module() {
            let id = types.core_type_at_in_module(index);
            read.first.push(*read.indices.entry(id).or_insert(index));
        }
        read
    }

    /// A reference's type, and nothing else's. That it is of an exact type is not said.
    pub(super) fn reference(&self, ty: ValType) -> Option<RefType> {
        let ValType::Ref(reference) = ty else { return None };
        self.to(reference.heap_type(), reference.is_nullable())
    }

    /// The type of references to this.
    pub(super) fn to(&self, heap: HeapType, nullable: bool) -> Option<RefType> {
        let heap = match heap {
            HeapType::Concrete(index) | HeapType::Exact(index) => {
                let index = match index {
                    UnpackedIndex::Module(index) => self.first.get(index as usize),
                    UnpackedIndex::Id(id) => self.indices.get(&id),
                    UnpackedIndex::RecGroup(_) => None,
                };
                HeapType::Concrete(UnpackedIndex::Module(*index?))
            }
            heap @ HeapType::Abstract { .. } => heap,
        };
        RefType::new(nullable, heap)
    }
}

impl Values {
    /// A value is of this type.
    pub(super) fn is_of(&mut self, value: Value, ty: RefType) {
        // Null is of many.
        if self.as_constant(value).is_some() {
            return;
        }
        let types = self.types.entry(value).or_default();
        if let Err(at) = types.binary_search(&ty) {
            types.insert(at, ty);
        }
    }

    /// All types that it is known to be of, in order.
    pub(super) fn types_of(&self, value: Value) -> &[RefType] {
        self.types.get(&value).map_or(&[], Vec::as_slice)
    }

    /// Whether it is a reference that is known not to be null.
    pub(super) fn is_non_null(&self, value: Value) -> bool {
        self.types_of(value).iter().any(|ty| !ty.is_nullable())
    }

    /// Whether it is known to be of this type.
    pub(super) fn has_type(&self, value: Value, ty: RefType) -> bool {
        if self.as_constant(value).is_some() {
            return ty.is_nullable();
        }
        let is_it = self.types_of(value).iter().any(|it| it.heap_type() == ty.heap_type());
        is_it && (ty.is_nullable() || self.is_non_null(value))
    }
}

/// Those of the types that null is of, too.
pub(super) fn nullable(types: &[RefType]) -> Vec<RefType> {
    types.iter().copied().filter(|ty| ty.is_nullable()).collect()
}

/// The types of both, in order.
pub(super) fn in_both(ours: &[RefType], theirs: &[RefType]) -> Vec<RefType> {
    ours.iter().copied().filter(|ty| theirs.binary_search(ty).is_ok()).collect()
}
