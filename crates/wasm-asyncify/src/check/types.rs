//! The known types of references. A reference is cast when it is taken back, and a local that was made nullable
//! is read with `ref.as_non_null`. Neither must trap.
//!
//! The validator knows the type of each operand, in either function. So a value that has ever been an operand
//! of some type has that type; if one of its types is non-null, the value is not null. Types are compared by
//! name only, without subtyping: a cast to a supertype does not count as proved, and the transform makes none.

use std::collections::HashMap;

use wasmparser::types::{CoreTypeId, TypesRef};
use wasmparser::{HeapType, RefType, UnpackedIndex, ValType};

use super::values::{Value, Values};

/// The types of a module, by name.
#[derive(Debug, Default)]
pub(super) struct Types {
    /// The first index of each type.
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

    /// The type of a reference; none for other values. It does not tell whether a type is exact.
    pub(super) fn reference(&self, ty: ValType) -> Option<RefType> {
        let ValType::Ref(reference) = ty else { return None };
        self.to(reference.heap_type(), reference.is_nullable())
    }

    /// The type of references to this heap type.
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
    /// Records that a value has this type.
    pub(super) fn is_of(&mut self, value: Value, ty: RefType) {
        // Null has many types.
        if self.as_constant(value).is_some() {
            return;
        }
        let types = self.types.entry(value).or_default();
        if let Err(at) = types.binary_search(&ty) {
            types.insert(at, ty);
        }
    }

    /// All types that it is known to have, in order.
    pub(super) fn types_of(&self, value: Value) -> &[RefType] {
        self.types.get(&value).map_or(&[], Vec::as_slice)
    }

    /// Whether it is a reference that is known not to be null.
    pub(super) fn is_non_null(&self, value: Value) -> bool {
        self.types_of(value).iter().any(|ty| !ty.is_nullable())
    }

    /// Whether it is known to have this type.
    pub(super) fn has_type(&self, value: Value, ty: RefType) -> bool {
        if self.as_constant(value).is_some() {
            return ty.is_nullable();
        }
        let is_it = self.types_of(value).iter().any(|it| it.heap_type() == ty.heap_type());
        is_it && (ty.is_nullable() || self.is_non_null(value))
    }
}

/// The nullable ones among these types.
pub(super) fn nullable(types: &[RefType]) -> Vec<RefType> {
    types.iter().copied().filter(|ty| ty.is_nullable()).collect()
}

/// The types that are in both lists, in order.
pub(super) fn in_both(ours: &[RefType], theirs: &[RefType]) -> Vec<RefType> {
    ours.iter().copied().filter(|ty| theirs.binary_search(ty).is_ok()).collect()
}
