//! The values that are passed and returned in place of a reference that cannot be null, where nothing reads it. A
//! function that unwinds must return some value, and a callee that is called again for a rewind must get arguments.
//!
//! | a reference to | its stand-in |
//! |---|---|
//! | `any`, `eq`, `i31` | `ref.i31` of 0 |
//! | `extern` | the same, converted |
//! | a struct, an array | one with zeros, nulls and stand-ins; an empty one |
//! | a function | an added function of its type, which traps |
//!
//! Each is in an added global that never changes. Other types have no stand-in: only a `throw` makes an exception,
//! and a struct with a non-null field of its own type cannot be made at all.

use std::collections::BTreeMap;

use wasm_encoder::{
    ConstExpr, GlobalType, HeapType as Written, Instruction, ValType as WrittenType,
};
use wasmparser::{
    AbstractHeapType, CompositeInnerType, HeapType, RefType, StorageType, UnpackedIndex, ValType,
};

use super::additions::Globals;
use super::types::{Types, written};
use crate::module::GlobalIndex;

/// The globals with stand-ins.
#[derive(Debug, Default)]
pub(super) struct StandIns {
    /// None if such a reference has no stand-in.
    globals: BTreeMap<RefType, Option<GlobalIndex>>,
}

/// What is needed to make stand-ins.
pub(super) struct Making<'a> {
    pub(super) types: &'a Types<'a>,
    pub(super) globals: &'a mut Globals,
    /// Any function of the module.
    pub(super) function: u32,
    /// Returns the index of an added function of this type.
    pub(super) never: &'a mut dyn FnMut(u32) -> u32,
}

impl StandIns {
    /// The global with the stand-in for a reference that cannot be null.
    pub(super) fn global(
        &mut self,
        reference: RefType,
        making: &mut Making<'_>,
    ) -> Option<GlobalIndex> {
        if let Some(known) = self.globals.get(&reference) {
            return *known;
        }
        // A type that contains itself finds that there is none.
        self.globals.insert(reference, None);
        let code = self.code(reference.heap_type(), making)?;
        let ty = GlobalType {
            val_type: WrittenType::Ref(written(reference)?),
            mutable: false,
            shared: false,
        };
        let name = format!("asyncify_stand_in_{}", self.globals.len());
        let global = making.globals.add(ty, ConstExpr::extended(code), name);
        self.globals.insert(reference, Some(global));
        Some(global)
    }

    fn code(
        &mut self,
        heap: HeapType,
        making: &mut Making<'_>,
    ) -> Option<Vec<Instruction<'static>>> {
        use AbstractHeapType as Heap;
        let number = [Instruction::I32Const(0), Instruction::RefI31];
        match heap {
            HeapType::Abstract { shared: false, ty } => match ty {
                Heap::Any | Heap::Eq | Heap::I31 => Some(number.into()),
                Heap::Extern => {
                    Some(number.into_iter().chain([Instruction::ExternConvertAny]).collect())
                }
                Heap::Func => Some(vec![Instruction::RefFunc(making.function)]),
                Heap::Struct | Heap::Array => {
                    let is_one = |index: &u32| match making.types.get(*index) {
                        Some(it) if it.composite_type.shared => false,
                        Some(it) => match it.composite_type.inner {
                            CompositeInnerType::Struct(_) => ty == Heap::Struct,
                            CompositeInnerType::Array(_) => ty == Heap::Array,
                            _ => false,
                        },
                        None => false,
                    };
                    let all: Vec<_> = (0..making.types.count()).filter(is_one).collect();
                    all.into_iter().find_map(|index| self.of_type(index, making))
                }
                _ => None,
            },
            HeapType::Concrete(UnpackedIndex::Module(index)) => self.of_type(index, making),
            _ => None,
        }
    }

    /// The same for a type that the module defines.
    fn of_type(
        &mut self,
        index: u32,
        making: &mut Making<'_>,
    ) -> Option<Vec<Instruction<'static>>> {
        let composite = &making.types.get(index)?.composite_type;
        if composite.shared {
            return None;
        }
        match &composite.inner {
            CompositeInnerType::Func(_) => Some(vec![Instruction::RefFunc((making.never)(index))]),
            CompositeInnerType::Array(_) => {
                Some(vec![Instruction::ArrayNewFixed { array_type_index: index, array_size: 0 }])
            }
            CompositeInnerType::Struct(fields) => {
                let fields: Vec<_> = fields.fields.iter().map(|it| it.element_type).collect();
                let mut code = Vec::new();
                for field in fields {
                    let ty = match field {
                        StorageType::I8 | StorageType::I16 => ValType::I32,
                        StorageType::Val(ty) => making.types.plain(ty),
                    };
                    code.push(match ty {
                        ValType::I32 => Instruction::I32Const(0),
                        ValType::I64 => Instruction::I64Const(0),
                        ValType::F32 => Instruction::F32Const(0.0.into()),
                        ValType::F64 => Instruction::F64Const(0.0.into()),
                        ValType::V128 => Instruction::V128Const(0),
                        ValType::Ref(reference) if reference.is_nullable() => {
                            Instruction::RefNull(heap(reference)?)
                        }
                        ValType::Ref(reference) => self.global(reference, making)?.get(),
                    });
                }
                code.push(Instruction::StructNew(index));
                Some(code)
            }
            CompositeInnerType::Cont(_) => None,
        }
    }
}

fn heap(reference: RefType) -> Option<Written> {
    Some(written(reference)?.heap_type)
}
