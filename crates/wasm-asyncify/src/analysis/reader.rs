//! Reading a module for the analysis.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use wasmparser::{
    ConstExpr, DataKind, ElementItems, ElementKind, KnownCustom, Name, Operator, Parser, Payload,
    TableInit, TypeRef,
};

use super::body;
use super::index::FunctionIndex;
use super::names::readable;
use super::program::{Function, Import, Program, Taken};
use super::relocations::{Pointers, Relocations, Segment};
use super::scan::Module;
use super::types::Types;

impl Program {
    /// Reads a module. With `reloc.*` sections in it (`--emit-relocs`) more is known of who can
    /// call what.
    ///
    /// # Errors
    ///
    /// If it is no module, or a broken one.
    pub fn read(wasm: &[u8]) -> Result<Self> {
        let mut reader = Reader::default();
        for payload in Parser::new(0).parse_all(wasm) {
            reader.payload(payload?)?;
        }
        reader.finish()
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
    /// Functions that are in a table at first, or can be put into one.
    taken: BTreeSet<FunctionIndex>,
    /// Functions that can be in a table by other means than the linker's.
    referenced: BTreeSet<FunctionIndex>,
    /// Whether the host can put functions into a table.
    host_has_table: bool,
    /// Whether an entry of a table is more than a function's own reference: the host's, say.
    has_unknown_entry: bool,
    relocations: Relocations,
    segments: Vec<Segment<'a>>,
    word: u64,
}

impl<'a> Reader<'a> {
    /// Takes in one part of the module.
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
                        TypeRef::Func(type_index) | TypeRef::FuncExact(type_index) => {
                            let (module, name) = (import.module.to_owned(), import.name.to_owned());
                            self.add_function(type_index, Some(Import { module, name }))?;
                        }
                        TypeRef::Memory(memory) if memory.memory64 => self.word = 8,
                        TypeRef::Tag(tag) => self.types.tags.push(tag.func_type_idx),
                        TypeRef::Table(_) => self.host_has_table = true,
                        _ => {}
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for type_index in section {
                    self.add_function(type_index?, None)?;
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    if let TableInit::Expr(value) = table?.init {
                        self.references(&value)?;
                        self.program.table_changes = true;
                    }
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
                    self.references(&global?.init_expr)?;
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    match export.kind {
                        wasmparser::ExternalKind::Func => {
                            self.program.exports.push((export.name.to_owned(), export.index));
                        }
                        wasmparser::ExternalKind::Table => self.host_has_table = true,
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
                        DataKind::Active { memory_index: 0, offset_expr } => constant(offset_expr)?,
                        _ => None,
                    };
                    self.segments.push(Segment {
                        address,
                        in_file: data.range.end - data.data.len() as u64,
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
                    let item = item?;
                    match plain_reference(&item)? {
                        Some(item) => functions.push(item),
                        None => {
                            self.references(&item)?;
                            self.has_unknown_entry = true;
                        }
                    }
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

    /// Notes the functions that a constant expression has references to, be it deep inside.
    fn references(&mut self, expression: &ConstExpr<'_>) -> Result<()> {
        let mut operators = expression.get_operators_reader();
        while !operators.eof() {
            if let Operator::RefFunc { function_index } = operators.read()? {
                self.referenced.insert(function_index);
            }
        }
        Ok(())
    }

    /// The program, when all has been read.
    fn finish(mut self) -> Result<Program> {
        let imports =
            self.program.functions.iter().take_while(|function| function.import.is_some()).count();
        if imports + self.bodies.len() != self.program.functions.len() {
            bail!("the module has more functions than bodies");
        }
        self.program.types = self.types.functions();
        let is_copying =
            |function: &Function| matches!(function.name.as_deref(), Some("memcpy" | "memmove"));
        let functions = (0..).zip(&self.program.functions);
        let copying = functions.filter(|(_, it)| is_copying(it)).map(|(index, _)| index).collect();
        let module = Module { types: self.types, signatures: self.signatures, copying };
        let mut read_addresses = BTreeSet::new();
        for (index, body) in (0..).zip(&self.bodies).map(|(at, body)| (imports + at, body)) {
            let read = body::read(body, index as FunctionIndex, &module)
                .with_context(|| format!("in {}", self.program.symbol(index as FunctionIndex)))?;
            self.referenced.extend(&read.references);
            read_addresses.extend(read.read_addresses);
            self.program.table_changes |= read.writes_table;
            // The host can have given the reference.
            self.program.has_foreign |= read.writes_table || read.calls_references;
            let range = body.range();
            let function = &mut self.program.functions[index];
            function.body = usize::try_from(range.start)?..usize::try_from(range.end)?;
            function.calls = read.calls;
        }
        let functions = &self.program.functions;
        let name = |function: FunctionIndex| {
            let name = functions.get(function as usize).and_then(|found| found.name.as_deref());
            readable(name.unwrap_or_default())
        };
        let word = self.word.max(4);
        let pointers = self.relocations.find(&self.segments, &read_addresses, word, name)?;
        self.program.table_changes |= self.host_has_table || self.has_unknown_entry;
        self.program.has_foreign |= self.host_has_table || self.has_unknown_entry;
        if self.program.has_foreign {
            // The host has these as well.
            self.referenced.extend(self.program.exports.iter().map(|(_, index)| *index));
        }
        for index in self.taken.union(&self.referenced) {
            let function = self.program.functions.get_mut(*index as usize);
            let function = function.with_context(|| format!("there is no function {index}"))?;
            // What the linker put there it did for the sake of some relocation.
            function.taken = match &pointers {
                Some(found) if !self.referenced.contains(index) => found.taken(*index),
                _ => Taken { anywhere: true, slots: BTreeSet::new() },
            };
        }
        self.program.vtables = pointers.map(Pointers::into_vtables).unwrap_or_default();
        Ok(self.program)
    }
}

/// What a constant expression is, if it is a plain number.
fn constant(expression: &ConstExpr<'_>) -> Result<Option<u64>> {
    let mut operators = expression.get_operators_reader();
    let number = match operators.read()? {
        Operator::I32Const { value } => value.cast_unsigned().into(),
        Operator::I64Const { value } => value.cast_unsigned(),
        _ => return Ok(None),
    };
    // Unless it is an operand of something.
    Ok(matches!(operators.read()?, Operator::End).then_some(number))
}

/// What a constant expression is a reference to, which may be to nothing; if it is that and no
/// more.
fn plain_reference(expression: &ConstExpr<'_>) -> Result<Option<Option<FunctionIndex>>> {
    Ok(match expression.get_operators_reader().read()? {
        Operator::RefFunc { function_index } => Some(Some(function_index)),
        Operator::RefNull { .. } => Some(None),
        _ => None,
    })
}
