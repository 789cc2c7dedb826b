//! What the guards need to know of a module before they rewrite it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use wasmparser::{
    CompositeInnerType, ExternalKind, FuncType, FunctionBody, KnownCustom, Name, Operator, Parser,
    Payload, TypeRef,
};

use crate::abi;
use crate::module::target_features;

/// wasm-bindgen's imports that describe types. It runs their callers in an interpreter of its
/// own, which knows few instructions, and then does away with them.
const DESCRIBE: &str = "__wbindgen_describe";

/// The one of these that marks an import: wasm-bindgen replaces the function that calls it.
const DESCRIBE_IMPORT: &str = "__wbindgen_describe_generic_import";

/// A module, as far as it matters.
#[derive(Default)]
pub(super) struct Facts<'a> {
    /// The imported functions.
    pub(super) imports: Vec<Import<'a>>,
    /// The type of each function.
    pub(super) signatures: Vec<u32>,
    /// How many parameters each type has; 0 for what is no function type.
    pub(super) parameters: Vec<u32>,
    /// The types themselves.
    pub(super) types: Vec<Option<FuncType>>,
    /// By table: whether its indices have 64 bits.
    pub(super) tables: Vec<bool>,
    pub(super) globals: u32,
    pub(super) imported_globals: u32,
    pub(super) data_segments: u32,
    pub(super) has_data: bool,
    pub(super) has_data_count: bool,
    /// Whether `memory.init` may be used.
    pub(super) has_bulk_memory: bool,
    /// How exceptions are caught, if any are: panics that unwind are exceptions.
    pub(super) exceptions: Option<Exceptions>,
    /// Whether addresses have 64 bits.
    pub(super) memory64: bool,
    names: BTreeMap<u32, &'a str>,
    global_names: BTreeMap<&'a str, u32>,
    exports: Vec<(&'a str, u32)>,
    bodies: Vec<FunctionBody<'a>>,
}

/// The instructions that exceptions are caught with. No module may have both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exceptions {
    /// `try`
    Legacy,
    /// `try_table`
    Standard,
}

/// An imported function.
pub(super) struct Import<'a> {
    pub(super) module: &'a str,
    pub(super) name: &'a str,
}

impl Import<'_> {
    /// Whether it is code of the host's, which could call back.
    pub(super) fn is_host(&self) -> bool {
        match self.module {
            "asyncify" => false,
            // These become instructions.
            "__wbindgen_externref_xform__" => false,
            // As do the last two, mostly; and they are called often.
            "__wbindgen_placeholder__" => {
                !self.name.starts_with(DESCRIBE)
                    && self.name != "__wbindgen_object_drop_ref"
                    && self.name != "__wbindgen_object_clone_ref"
            }
            _ => true,
        }
    }
}

impl<'a> Facts<'a> {
    pub(super) fn read(wasm: &'a [u8]) -> Result<Self> {
        let mut facts = Self::default();
        for payload in Parser::new(0).parse_all(wasm) {
            facts.payload(payload?)?;
        }
        Ok(facts)
    }

    fn payload(&mut self, payload: Payload<'a>) -> Result<()> {
        match payload {
            Payload::TypeSection(section) => {
                for group in section {
                    for sub_type in group?.into_types() {
                        let ty = match sub_type.composite_type.inner {
                            CompositeInnerType::Func(ty) => Some(ty),
                            _ => None,
                        };
                        let parameters = ty.as_ref().map_or(0, |ty| ty.params().len());
                        self.parameters.push(parameters.try_into()?);
                        self.types.push(ty);
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    match import.ty {
                        TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                            self.signatures.push(ty);
                            self.imports.push(Import { module: import.module, name: import.name });
                        }
                        TypeRef::Global(_) => {
                            self.globals += 1;
                            self.imported_globals += 1;
                        }
                        TypeRef::Table(table) => self.tables.push(table.table64),
                        TypeRef::Memory(memory) => self.memory64 |= memory.memory64,
                        _ => {}
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    self.signatures.push(ty?);
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    self.tables.push(table?.ty.table64);
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    self.memory64 |= memory?.memory64;
                }
            }
            Payload::GlobalSection(section) => self.globals += section.count(),
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    if export.kind == ExternalKind::Func {
                        self.exports.push((export.name, export.index));
                    }
                }
            }
            Payload::DataCountSection { .. } => self.has_data_count = true,
            Payload::CodeSectionEntry(body) => {
                self.find_exceptions(&body)?;
                self.bodies.push(body);
            }
            Payload::DataSection(section) => {
                self.data_segments = section.count();
                self.has_data = true;
            }
            Payload::CustomSection(section) if section.name() == "target_features" => {
                let features = target_features(section.data())?;
                self.has_bulk_memory = features.iter().any(|feature| feature == "bulk-memory");
            }
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(names) = section.as_known() {
                    for subsection in names {
                        self.name(subsection?)?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn find_exceptions(&mut self, body: &FunctionBody<'_>) -> Result<()> {
        let mut operators = body.get_operators_reader()?;
        while self.exceptions.is_none() && !operators.eof() {
            self.exceptions = match operators.read()? {
                Operator::Try { .. } => Some(Exceptions::Legacy),
                Operator::TryTable { .. } => Some(Exceptions::Standard),
                _ => None,
            };
        }
        Ok(())
    }

    fn name(&mut self, subsection: Name<'a>) -> Result<()> {
        match subsection {
            Name::Function(names) => {
                for naming in names {
                    let naming = naming?;
                    self.names.insert(naming.index, naming.name);
                }
            }
            Name::Global(names) => {
                for naming in names {
                    let naming = naming?;
                    self.global_names.insert(naming.name, naming.index);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What a function is called in a message.
    pub(super) fn shown(&self, function: u32) -> String {
        match (self.imports.get(function as usize), self.names.get(&function)) {
            (Some(import), _) => format!("{}.{}", import.module, import.name),
            (None, Some(name)) => (*name).to_owned(),
            (None, None) => format!("function {function}"),
        }
    }

    /// The function of this name.
    pub(super) fn function(&self, name: &str) -> Option<u32> {
        self.names.iter().find(|(_, found)| **found == name).map(|(index, _)| *index)
    }

    /// The functions with certain names.
    pub(super) fn functions(&self, is_meant: impl Fn(&str) -> bool) -> impl Iterator<Item = u32> {
        self.names.iter().filter(move |(_, name)| is_meant(name)).map(|(index, _)| *index)
    }

    /// The functions of the switch.
    pub(super) fn switch(&self) -> BTreeSet<u32> {
        abi::SWITCH.iter().filter_map(|name| self.function(name)).collect()
    }

    /// A function's code, if it is not imported.
    pub(super) fn body(&self, function: u32) -> Option<&FunctionBody<'a>> {
        let position = (function as usize).checked_sub(self.imports.len())?;
        self.bodies.get(position)
    }

    /// The type of a function, and how many parameters it has.
    pub(super) fn signature(&self, function: u32) -> Result<(u32, u32)> {
        let ty = self.signatures.get(function as usize);
        let found = ty.and_then(|ty| Some((*ty, *self.parameters.get(*ty as usize)?)));
        found.with_context(|| format!("{} has no type", self.shown(function)))
    }

    /// The global of this name.
    pub(super) fn global(&self, name: &str) -> Result<u32> {
        self.global_names
            .get(name)
            .copied()
            .with_context(|| format!("its name section has no global `{name}`: link it with names"))
    }

    /// The global of this name, if there is one.
    pub(super) fn optional_global(&self, name: &str) -> Option<u32> {
        self.global_names.get(name).copied()
    }

    /// The imported functions of this name of module `asyncify`.
    pub(super) fn asyncify(&self, name: &str) -> BTreeSet<u32> {
        self.imports_where(|import| import.module == "asyncify" && import.name == name)
    }

    fn imports_where(&self, is_meant: impl Fn(&Import<'_>) -> bool) -> BTreeSet<u32> {
        let all = (0..).zip(&self.imports);
        all.filter(|(_, import)| is_meant(import)).map(|(index, _)| index).collect()
    }

    /// The functions that wasm-bindgen will replace by imports of its own.
    pub(super) fn future_imports(&self) -> Result<BTreeSet<u32>> {
        self.callers(|import| import.name == DESCRIBE_IMPORT)
    }

    /// What wasm-bindgen's interpreter may come across, if it does not look behind `barriers`.
    pub(super) fn interpreted(&self, barriers: &[u32]) -> Result<BTreeSet<u32>> {
        let exported = self.exports.iter().filter(|(name, _)| name.starts_with(DESCRIBE));
        let mut waiting: Vec<u32> = exported.map(|(_, index)| *index).collect();
        waiting.extend(self.callers(|import| import.name.starts_with(DESCRIBE))?);
        let mut found = BTreeSet::new();
        while let Some(function) = waiting.pop() {
            if !barriers.contains(&function) && found.insert(function) {
                waiting.extend(self.calls(function)?);
            }
        }
        Ok(found)
    }

    /// The functions that call certain imports directly.
    fn callers(&self, is_meant: impl Fn(&Import<'_>) -> bool) -> Result<BTreeSet<u32>> {
        let meant = self.imports_where(is_meant);
        let mut callers = BTreeSet::new();
        if !meant.is_empty() {
            for function in (0..).zip(&self.signatures).map(|(index, _)| index) {
                if !self.calls(function)?.is_disjoint(&meant) {
                    callers.insert(function);
                }
            }
        }
        Ok(callers)
    }

    /// What a function calls directly; nothing for an imported one.
    fn calls(&self, function: u32) -> Result<BTreeSet<u32>> {
        let mut calls = BTreeSet::new();
        if let Some(body) = self.body(function) {
            for operator in body.get_operators_reader()? {
                if let Operator::Call { function_index } | Operator::ReturnCall { function_index } =
                    operator?
                {
                    calls.insert(function_index);
                }
            }
        }
        Ok(calls)
    }
}
