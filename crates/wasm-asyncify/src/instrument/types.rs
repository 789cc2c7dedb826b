//! The types of references: the validator's types, by their indices in the module; and which references can be kept
//! while a function is suspended.
//!
//! The validator knows more precise types than a module needs: for it a `ref.func` has the function's own type. An
//! engine without such types can run the original module, and must be able to run the instrumented one.

use core::cell::OnceCell;
use std::collections::HashMap;

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{Instruction, RefType as Written};
use wasmparser::types::{CoreTypeId, TypesRef};
use wasmparser::{
    AbstractHeapType, CompositeInnerType, HeapType, Parser, Payload, RefType, SubType,
    UnpackedIndex, ValType, Validator, WasmFeatures,
};

use super::references::Kind;
use crate::error::{Context, Result};

/// The types of a module.
#[derive(Debug, Default)]
pub(super) struct Types<'a> {
    module: &'a [u8],
    /// Whether an engine can run the module that does not know function types as types of references, if that was
    /// asked for.
    is_plain: OnceCell<bool>,
    /// By the validator's ID of a type: the first index of the type.
    indices: HashMap<CoreTypeId, u32>,
    /// By index. They refer to other types by the validator's IDs.
    all: Vec<SubType>,
}

impl<'a> Types<'a> {
    pub(super) fn new(module: &'a [u8], types: TypesRef<'_>) -> Self {
        let mut read = Self { module, ..Self::default() };
        for index in 0..types.core_type_count_in_module() {
            let id = types.core_type_at_in_module(index);
            read.indices.entry(id).or_insert(index);
            read.all.push(types[id].clone());
        }
        read
    }

    /// The definition of a type of the module.
    pub(super) fn get(&self, index: u32) -> Option<&SubType> {
        self.all.get(index as usize)
    }

    /// The number of types.
    pub(super) fn count(&self) -> u32 {
        self.all.len() as u32
    }

    /// A type as it can be written: by index, and with no newer features than the module has. A validator that knows
    /// exact types gives one to the result of a `ref.func`.
    pub(super) fn plain(&self, ty: ValType) -> ValType {
        let ValType::Ref(reference) = ty else { return ty };
        let heap = match reference.heap_type() {
            HeapType::Concrete(_) | HeapType::Exact(_) if self.is_plain() => {
                return ValType::FUNCREF;
            }
            HeapType::Concrete(index) | HeapType::Exact(index) => {
                let index = match index {
                    UnpackedIndex::Id(id) => {
                        self.indices.get(&id).copied().map(UnpackedIndex::Module)
                    }
                    other => Some(other),
                };
                index.map(HeapType::Concrete)
            }
            heap @ HeapType::Abstract { .. } => Some(heap),
        };
        let plain = heap.and_then(|heap| RefType::new(reference.is_nullable(), heap));
        plain.map_or(ty, ValType::Ref)
    }

    fn is_plain(&self) -> bool {
        *self.is_plain.get_or_init(|| {
            let newer = WasmFeatures::FUNCTION_REFERENCES
                | WasmFeatures::GC
                | WasmFeatures::CUSTOM_DESCRIPTORS;
            let features = WasmFeatures::all().difference(newer);
            Validator::new_with_features(features).validate_all(self.module).is_ok()
        })
    }

    /// The table in which a reference is kept. None if it cannot be kept.
    pub(super) fn kind(&self, reference: RefType) -> Option<Kind> {
        kind(reference.heap_type(), |index| self.kind_of(index))
    }

    /// The same for a type that the module defines.
    fn kind_of(&self, index: u32) -> Option<Kind> {
        let composite = &self.get(index)?.composite_type;
        match composite.inner {
            _ if composite.shared => None,
            CompositeInnerType::Func(_) => Some(Kind::Func),
            CompositeInnerType::Array(_) | CompositeInnerType::Struct(_) => Some(Kind::Any),
            CompositeInnerType::Cont(_) => None,
        }
    }
}

fn kind(heap: HeapType, of_type: impl Fn(u32) -> Option<Kind>) -> Option<Kind> {
    use AbstractHeapType as Heap;
    match heap {
        HeapType::Abstract { shared: false, ty } => match ty {
            Heap::Extern | Heap::NoExtern => Some(Kind::Extern),
            Heap::Func | Heap::NoFunc => Some(Kind::Func),
            Heap::Exn | Heap::NoExn => Some(Kind::Exn),
            Heap::Any | Heap::Eq | Heap::Struct | Heap::Array | Heap::I31 | Heap::None => {
                Some(Kind::Any)
            }
            Heap::Cont | Heap::NoCont => None,
        },
        HeapType::Concrete(UnpackedIndex::Module(index)) => of_type(index),
        _ => None,
    }
}

/// The kinds of references, without the types of the module.
#[derive(Debug, Default)]
pub(super) struct Kinds(Vec<Option<Kind>>);

impl Kinds {
    pub(super) fn read(module: &[u8]) -> Result<Self> {
        let mut validator = Validator::new_with_features(WasmFeatures::all());
        for payload in Parser::new(0).parse_all(module) {
            let payload = payload?;
            if let Payload::CodeSectionStart { .. } = payload {
                let types = validator.types(0).context("no module is read")?;
                let types = Types::new(module, types);
                return Ok(Self((0..types.count()).map(|index| types.kind_of(index)).collect()));
            }
            validator.payload(&payload)?;
        }
        Ok(Self::default())
    }

    /// As [`Types::kind`].
    pub(super) fn kind(&self, reference: RefType) -> Option<Kind> {
        kind(reference.heap_type(), |index| *self.0.get(index as usize)?)
    }
}

/// The same type, with null.
pub(super) fn nullable(ty: ValType) -> ValType {
    match ty {
        ValType::Ref(reference) => ValType::Ref(reference.nullable()),
        other => other,
    }
}

/// Whether null is not a value of the type.
pub(super) fn is_non_null(ty: ValType) -> bool {
    matches!(ty, ValType::Ref(reference) if !reference.is_nullable())
}

/// Converts a type from [`Types::plain`] to `wasm_encoder`'s.
pub(super) fn written(reference: RefType) -> Option<Written> {
    RoundtripReencoder.ref_type(reference).ok()
}

/// The instruction that casts a kept reference of this kind to this type, if one is needed.
pub(super) fn cast(ty: ValType, kind: Option<Kind>) -> Option<Instruction<'static>> {
    let (ValType::Ref(reference), Some(kind)) = (ty, kind) else { return None };
    let Written { nullable, heap_type } = written(reference)?;
    match (heap_type == kind.heap(), nullable) {
        (true, true) => None,
        (true, false) => Some(Instruction::RefAsNonNull),
        (false, true) => Some(Instruction::RefCastNullable(heap_type)),
        (false, false) => Some(Instruction::RefCastNonNull(heap_type)),
    }
}
