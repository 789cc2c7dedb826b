//! A module, read for comparison.

use std::collections::BTreeMap;

use wasmparser::{
    CompositeInnerType, ConstExpr, Data, DataKind, Element, ElementItems, ElementKind, Export,
    FuncToValidate, FuncType, FunctionBody, Global, KnownCustom, MemoryType, Name, Operator,
    Parser, Payload, RecGroup, Table, TagType, TypeRef, ValidPayload, Validator,
    ValidatorResources, WasmFeatures,
};

use super::code::Code;
use super::reading;
use super::types::Types;
use crate::error::{Context, Result};

/// The functions that the original module can import from `asyncify`.
pub(super) const RUNTIME: [&str; 4] =
    ["start_unwind", "stop_unwind", "start_rewind", "stop_rewind"];

/// A module.
#[derive(Default)]
pub(super) struct Module<'a> {
    pub(super) types: Vec<RecGroup>,
    pub(super) names: Types,
    /// All imports, in order.
    pub(super) imports: Vec<wasmparser::Import<'a>>,
    /// The import of each imported function.
    pub(super) imported_functions: Vec<usize>,
    /// The types of the functions that are not imported.
    pub(super) functions: Vec<u32>,
    pub(super) imported_tables: u32,
    pub(super) tables: Vec<Table<'a>>,
    pub(super) memories: Vec<MemoryType>,
    pub(super) tags: Vec<TagType>,
    pub(super) imported_globals: u32,
    pub(super) globals: Vec<Global<'a>>,
    pub(super) exports: Vec<Export<'a>>,
    pub(super) start: Option<u32>,
    pub(super) elements: Vec<Element<'a>>,
    pub(super) data: Vec<Data<'a>>,
    /// The names of functions, if the module has any.
    pub(super) function_names: BTreeMap<u32, &'a str>,
    /// The bodies of the functions that are not imported.
    pub(super) bodies: Vec<(FuncToValidate<ValidatorResources>, FunctionBody<'a>)>,
}

impl<'a> Module<'a> {
    pub(super) fn read(wasm: &'a [u8]) -> Result<Self> {
        let mut module = Self::default();
        let mut validator = Validator::new_with_features(WasmFeatures::all());
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload?;
            if let ValidPayload::Func(function, body) = validator.payload(&payload)? {
                module.bodies.push((function, body));
                continue;
            }
            if let Payload::CodeSectionStart { .. } = payload {
                module.names = Types::new(validator.types(0).context("no module is read")?);
            }
            match payload {
                Payload::TypeSection(section) => {
                    module.types = section.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import?;
                        match import.ty {
                            TypeRef::Func(_) | TypeRef::FuncExact(_) => {
                                module.imported_functions.push(module.imports.len());
                            }
                            TypeRef::Global(_) => module.imported_globals += 1,
                            TypeRef::Table(_) => module.imported_tables += 1,
                            _ => {}
                        }
                        module.imports.push(import);
                    }
                }
                Payload::FunctionSection(section) => {
                    module.functions = section.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::TableSection(section) => {
                    module.tables = section.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::MemorySection(section) => {
                    module.memories = section.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::TagSection(section) => {
                    module.tags = section.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::GlobalSection(section) => {
                    module.globals = section.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::ExportSection(section) => {
                    module.exports = section.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::StartSection { func, .. } => module.start = Some(func),
                Payload::ElementSection(section) => {
                    module.elements = section.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::DataSection(section) => {
                    module.data = section.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(names) = section.as_known() {
                        module.function_names = function_names(names);
                    }
                }
                _ => {}
            }
        }
        Ok(module)
    }

    /// The name of an imported function of `asyncify`, which the transform replaces. None for any other.
    pub(super) fn runtime_import(&self, function: u32) -> Option<&'a str> {
        let import = &self.imports[*self.imported_functions.get(function as usize)?];
        (import.module == "asyncify" && RUNTIME.contains(&import.name)).then_some(import.name)
    }

    pub(super) fn imported(&self) -> u32 {
        self.imported_functions.len() as u32
    }

    /// The type at this index, if it is a function type.
    pub(super) fn function_type(&self, index: u32) -> Option<&FuncType> {
        let mut types = self.types.iter().flat_map(|group| group.types());
        match &types.nth(index as usize)?.composite_type.inner {
            CompositeInnerType::Func(ty) => Some(ty),
            _ => None,
        }
    }

    /// For each type of the module: whether it is a function type.
    pub(super) fn are_of_functions(&self) -> Vec<bool> {
        let types = self.types.iter().flat_map(|group| group.types());
        types.map(|ty| matches!(ty.composite_type.inner, CompositeInnerType::Func(_))).collect()
    }

    /// Whether addresses of this memory have 64 bits.
    pub(super) fn is_memory64(&self, memory: u32) -> Result<bool> {
        let imported = self.imports.iter().filter_map(|import| match import.ty {
            TypeRef::Memory(memory) => Some(memory),
            _ => None,
        });
        let mut all = imported.chain(self.memories.iter().copied());
        let memory = all.nth(memory as usize).context("the module has no memory")?;
        Ok(memory.memory64)
    }

    /// The code of a body.
    pub(super) fn code(&self, body: usize) -> Result<Code<'a>> {
        let (function, body) = &self.bodies[body];
        let function = FuncToValidate {
            resources: function.resources.clone(),
            index: function.index,
            ty: function.ty,
            features: function.features,
        };
        reading::read(function, body, &self.names)
    }

    pub(super) fn operators(expression: &ConstExpr<'a>) -> Result<Vec<Operator<'a>>> {
        Ok(expression.get_operators_reader().into_iter().collect::<Result<_, _>>()?)
    }
}

/// The names of functions. A broken name section yields none.
fn function_names(names: wasmparser::NameSectionReader<'_>) -> BTreeMap<u32, &str> {
    let maps = names.into_iter().filter_map(|name| match name {
        Ok(Name::Function(map)) => Some(map),
        _ => None,
    });
    maps.flatten().flatten().map(|naming| (naming.index, naming.name)).collect()
}

/// The mode and offset of an element segment, and its items, each as an expression.
pub(super) fn element_parts<'a>(
    element: &Element<'a>,
) -> Result<(String, Vec<Operator<'a>>, Vec<Vec<Operator<'a>>>)> {
    let (kind, offset) = match &element.kind {
        ElementKind::Active { table_index, offset_expr } => {
            (format!("active {}", table_index.unwrap_or_default()), Module::operators(offset_expr)?)
        }
        ElementKind::Passive => ("passive".to_owned(), Vec::new()),
        ElementKind::Declared => ("declared".to_owned(), Vec::new()),
    };
    let items = match &element.items {
        ElementItems::Functions(functions) => functions
            .clone()
            .into_iter()
            .map(|function| {
                Ok(vec![Operator::RefFunc { function_index: function? }, Operator::End])
            })
            .collect::<Result<_>>()?,
        ElementItems::Expressions(_, expressions) => expressions
            .clone()
            .into_iter()
            .map(|expression| Module::operators(&expression?))
            .collect::<Result<_>>()?,
    };
    Ok((kind, offset, items))
}

/// The memory and offset of a data segment; none if it is passive.
pub(super) fn data_place<'a>(data: &Data<'a>) -> Result<Option<(u32, Vec<Operator<'a>>)>> {
    match &data.kind {
        DataKind::Active { memory_index, offset_expr } => {
            Ok(Some((*memory_index, Module::operators(offset_expr)?)))
        }
        DataKind::Passive => Ok(None),
    }
}
