//! A module as the analysis sees it: its functions, what they call, and whose address is taken.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use anyhow::{Context, Result, bail};
use wasmparser::{
    ConstExpr, DataKind, ElementItems, ElementKind, FuncType, KnownCustom, Name, Operator, Parser,
    Payload, TypeRef,
};

use super::body::{self, Module};
use super::calls::{Calls, IndirectCall, Through};
use super::names::{is_in, readable};
use super::relocations::{Relocations, Segment};
use super::types::Types;

/// The index of a function in its module, imported ones first.
pub(crate) type FunctionIndex = u32;

/// Stands for a function type; equal types have equal ones, as for a `call_indirect`.
pub(crate) type TypeId = u32;

/// One module.
#[derive(Debug, Default)]
pub(crate) struct Program {
    /// By index.
    pub(crate) functions: Vec<Function>,
    /// What the entries of table 0 hold at first.
    pub(crate) table: BTreeMap<u64, FunctionIndex>,
    /// Whether table 0 can hold anything else later.
    pub(crate) table_changes: bool,
    pub(crate) exports: Vec<(String, FunctionIndex)>,
    /// By type id.
    pub(crate) types: Vec<FuncType>,
}

/// One function.
#[derive(Debug, Default)]
pub(crate) struct Function {
    /// As the linker wrote it.
    pub(crate) name: Option<String>,
    pub(crate) import: Option<Import>,
    pub(crate) type_id: TypeId,
    /// Where the body is in the file, its size included; empty for an import.
    pub(crate) body: Range<usize>,
    pub(crate) calls: Calls,
    pub(crate) taken: Taken,
}

/// Where an imported function comes from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Import {
    pub(crate) module: String,
    pub(crate) name: String,
}

/// Where a function's address is to be found, and so who can call it indirectly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    /// In code, or in data of unknown shape: any indirect call of its type can be of it.
    pub(crate) anywhere: bool,
    /// In vtables of trait objects, this many bytes from their beginning.
    pub(crate) slots: BTreeSet<u64>,
}

impl Taken {
    pub(crate) fn is_taken(&self) -> bool {
        self.anywhere || !self.slots.is_empty()
    }
}

impl Program {
    /// Reads a module. With `reloc.*` sections in it (`--emit-relocs`) more is known of who can
    /// call what.
    pub(crate) fn read(wasm: &[u8]) -> Result<Self> {
        let mut reader = Reader::default();
        for payload in Parser::new(0).parse_all(wasm) {
            reader.payload(payload?)?;
        }
        reader.finish()
    }

    /// The function's name in the module, or a made-up one.
    pub(crate) fn symbol(&self, index: FunctionIndex) -> String {
        let function = &self.functions[index as usize];
        match (&function.name, &function.import) {
            (Some(name), _) => name.clone(),
            (None, Some(Import { module, name })) => format!("{module}.{name}"),
            (None, None) => format!("function {index}"),
        }
    }

    /// The first function of this name.
    pub(crate) fn named(&self, name: &str) -> Option<FunctionIndex> {
        let found =
            self.functions.iter().position(|function| function.name.as_deref() == Some(name));
        found.map(|index| index as FunctionIndex)
    }

    /// Whether an indirect call can be of this function.
    pub(crate) fn can_mean(&self, call: IndirectCall, candidate: FunctionIndex) -> bool {
        let Function { type_id, taken, .. } = &self.functions[candidate as usize];
        *type_id == call.type_id
            && taken.is_taken()
            && match call.through {
                Through::Any => true,
                Through::Slot(offset) => taken.anywhere || taken.slots.contains(&offset),
                Through::Entry(entry) => self.table.get(&entry) == Some(&candidate),
            }
    }

    /// Whether the module has kept its functions' names.
    pub(crate) fn has_names(&self) -> bool {
        self.functions.iter().any(|function| function.import.is_none() && function.name.is_some())
    }
}

/// Gathers what the sections say.
#[derive(Default)]
struct Reader<'a> {
    program: Program,
    types: Types,
    /// The type index of each function.
    signatures: Vec<u32>,
    bodies: Vec<wasmparser::FunctionBody<'a>>,
    /// Functions that are in the table or in a `ref.func`.
    taken: BTreeSet<FunctionIndex>,
    relocations: Relocations,
    segments: Vec<Segment<'a>>,
    word: u64,
}

impl<'a> Reader<'a> {
    fn payload(&mut self, payload: Payload<'a>) -> Result<()> {
        match payload {
            Payload::TypeSection(section) => {
                for group in section {
                    for sub_type in group?.into_types() {
                        self.types.add(sub_type);
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    match import.ty {
                        TypeRef::Func(type_index) => {
                            let (module, name) = (import.module.to_owned(), import.name.to_owned());
                            self.add_function(type_index, Some(Import { module, name }))?;
                        }
                        TypeRef::Memory(memory) if memory.memory64 => self.word = 8,
                        TypeRef::Tag(tag) => self.types.tags.push(tag.func_type_idx),
                        TypeRef::Table(_) => self.program.table_changes = true,
                        _ => {}
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for type_index in section {
                    self.add_function(type_index?, None)?;
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    if memory?.memory64 {
                        self.word = 8;
                    }
                }
            }
            Payload::TagSection(section) => {
                for tag in section {
                    self.types.tags.push(tag?.func_type_idx);
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    self.take_constant(&global?.init_expr)?;
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    match export.kind {
                        wasmparser::ExternalKind::Func => {
                            self.program.exports.push((export.name.to_owned(), export.index));
                        }
                        // Whoever holds the table can put other functions into it.
                        wasmparser::ExternalKind::Table => self.program.table_changes = true,
                        _ => {}
                    }
                }
            }
            Payload::ElementSection(section) => {
                for element in section {
                    self.element(element?)?;
                }
            }
            Payload::CodeSectionEntry(body) => self.bodies.push(body),
            Payload::DataSection(section) => {
                self.relocations.data_start = section.range().start;
                for data in section {
                    let data = data?;
                    let address = match &data.kind {
                        DataKind::Active { offset_expr, .. } => constant(offset_expr)?,
                        DataKind::Passive => None,
                    };
                    self.segments.push(Segment {
                        in_file: data.range.end - data.data.len() as u64,
                        address,
                        data: data.data,
                    });
                }
            }
            Payload::CustomSection(section) => match section.as_known() {
                KnownCustom::Name(names) => {
                    for subsection in names {
                        if let Name::Function(map) = subsection? {
                            for naming in map {
                                let naming = naming?;
                                if let Some(function) =
                                    self.program.functions.get_mut(naming.index as usize)
                                {
                                    function.name = Some(naming.name.to_owned());
                                }
                            }
                        }
                    }
                }
                KnownCustom::Linking(linking) => self.relocations.read_symbols(linking)?,
                KnownCustom::Reloc(relocations) => {
                    self.relocations.read_entries(section.name(), relocations)?;
                }
                _ => {}
            },
            _ => {}
        }
        Ok(())
    }

    fn add_function(&mut self, type_index: u32, import: Option<Import>) -> Result<()> {
        let type_id = self.types.id(type_index)?;
        self.signatures.push(type_index);
        self.program.functions.push(Function { type_id, import, ..Function::default() });
        Ok(())
    }

    fn element(&mut self, element: wasmparser::Element<'a>) -> Result<()> {
        let mut functions = Vec::new();
        match element.items {
            ElementItems::Functions(items) => {
                for index in items {
                    functions.push(Some(index?));
                }
            }
            ElementItems::Expressions(_, items) => {
                for item in items {
                    functions.push(self.take_constant(&item?)?);
                }
            }
        }
        self.taken.extend(functions.iter().flatten());
        match element.kind {
            ElementKind::Active { table_index: None | Some(0), offset_expr } => {
                match constant(&offset_expr)? {
                    Some(first) => {
                        let entries = functions.into_iter().zip(first..);
                        let entries = entries.filter_map(|(function, at)| Some((at, function?)));
                        self.program.table.extend(entries);
                    }
                    None => self.program.table_changes = true,
                }
            }
            ElementKind::Declared => {}
            // Copied into a table by an instruction.
            _ => self.program.table_changes = true,
        }
        Ok(())
    }

    /// Notes what a constant expression takes the address of, and returns it.
    fn take_constant(&mut self, expression: &ConstExpr<'_>) -> Result<Option<FunctionIndex>> {
        let mut found = None;
        for operator in expression.get_operators_reader() {
            if let Operator::RefFunc { function_index } = operator? {
                self.taken.insert(function_index);
                found = Some(function_index);
            }
        }
        Ok(found)
    }

    fn finish(mut self) -> Result<Program> {
        let imports =
            self.program.functions.iter().take_while(|function| function.import.is_some()).count();
        if imports + self.bodies.len() != self.program.functions.len() {
            bail!("the module has more functions than bodies");
        }
        let functions = &self.program.functions;
        let drops = |function: FunctionIndex| {
            let name = functions.get(function as usize).and_then(|found| found.name.as_deref());
            name.is_some_and(|name| is_in(&readable(name), "core::ptr::drop_in_place"))
        };
        let found = self.relocations.find(&self.segments, self.word.max(4), drops)?;
        let (vtables, pointers) = found.unzip();
        let vtables = vtables.unwrap_or_default();
        self.program.types = self.types.functions();
        let module = Module { types: self.types, signatures: self.signatures, vtables };
        for (index, body) in (0..).zip(&self.bodies).map(|(at, body)| (imports + at, body)) {
            let read = body::read(body, index as FunctionIndex, &module)
                .with_context(|| format!("in {}", self.program.symbol(index as FunctionIndex)))?;
            self.taken.extend(&read.references);
            self.program.table_changes |= read.writes_table;
            let range = body.range();
            let function = &mut self.program.functions[index];
            function.body = usize::try_from(range.start)?..usize::try_from(range.end)?;
            function.calls = read.calls;
        }
        for index in &self.taken {
            let function = self.program.functions.get_mut(*index as usize);
            let function = function.with_context(|| format!("there is no function {index}"))?;
            let unknown = || Taken { anywhere: true, slots: BTreeSet::new() };
            function.taken = pointers.as_ref().map_or_else(unknown, |found| found.taken(*index));
        }
        Ok(self.program)
    }
}

/// What a constant expression is, if it is a plain number.
fn constant(expression: &ConstExpr<'_>) -> Result<Option<u64>> {
    Ok(match expression.get_operators_reader().read()? {
        Operator::I32Const { value } => Some(value.cast_unsigned().into()),
        Operator::I64Const { value } => Some(value.cast_unsigned()),
        _ => None,
    })
}
