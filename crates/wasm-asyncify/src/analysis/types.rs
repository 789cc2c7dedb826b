//! The types of a module.

use std::collections::HashMap;

use wasmparser::{CompositeInnerType, FuncType, RefType, SubType, ValType};

use super::index::TypeId;
use crate::error::{Context, Result, bail};
use crate::module::{TagIndex, TypeIndex};

/// The module's types.
#[derive(Debug, Default)]
pub(super) struct Types {
    /// By type index.
    sub_types: Vec<SubType>,
    /// By type index; none for types that are no function types.
    ids: Vec<Option<TypeId>>,
    /// Function types, with all references treated as equal.
    known: HashMap<FuncType, TypeId>,
    /// By id: the first type with this id.
    functions: Vec<FuncType>,
    /// The type index of each tag.
    pub(super) tags: Vec<TypeIndex>,
}

impl Types {
    pub(super) fn add(&mut self, sub_type: SubType) {
        let id = match &sub_type.composite_type.inner {
            CompositeInnerType::Func(function) => {
                let next = TypeId::new(self.known.len());
                let id = *self.known.entry(with_references_alike(function)).or_insert(next);
                if id == next {
                    self.functions.push(function.clone());
                }
                Some(id)
            }
            _ => None,
        };
        self.ids.push(id);
        self.sub_types.push(sub_type);
    }

    /// The id of the type at this index of the type section.
    pub(super) fn id(&self, type_index: TypeIndex) -> Result<TypeId> {
        let id = self.ids.get(usize::from(type_index)).copied().flatten();
        id.with_context(|| format!("type {type_index} is no function type"))
    }

    /// The function types, by id.
    pub(super) fn functions(&self) -> Vec<FuncType> {
        self.functions.clone()
    }

    pub(super) fn sub_type(&self, type_index: TypeIndex) -> Option<&SubType> {
        self.sub_types.get(usize::from(type_index))
    }

    pub(super) fn tag(&self, tag: TagIndex) -> Option<TypeIndex> {
        self.tags.get(usize::from(tag)).copied()
    }

    pub(super) fn function(&self, type_index: TypeIndex) -> Result<&FuncType> {
        match self.sub_type(type_index).map(|sub_type| &sub_type.composite_type.inner) {
            Some(CompositeInnerType::Func(function)) => Ok(function),
            _ => bail!("type {type_index} is no function type"),
        }
    }

    /// How many operands and results a function of this type has.
    pub(super) fn arity(&self, type_index: TypeIndex) -> Result<(u32, u32)> {
        let function = self.function(type_index)?;
        Ok((u32::try_from(function.params().len())?, u32::try_from(function.results().len())?))
    }
}

/// A call through one type can reach a function of another: of an equal type that is defined twice, or of a
/// subtype. Such types differ only in references. Telling reference types apart costs more than it is worth, so
/// all are treated as equal.
fn with_references_alike(function: &FuncType) -> FuncType {
    let alike = |ty: &ValType| match ty {
        ValType::Ref(_) => ValType::Ref(RefType::ANYREF),
        number => *number,
    };
    FuncType::new(function.params().iter().map(alike), function.results().iter().map(alike))
}
