//! Reads a module for the analysis.

use std::collections::BTreeSet;

use wasmparser::{
    ConstExpr, DataKind, Element, ElementItems, ElementKind, ExternalKind, KnownCustom, Operator,
};

use super::body;
use super::names::readable;
use super::program::{AddressTaken, Function, Import, Program};
use super::relocations::{Pointers, Relocations, Segment};
use super::scan::Module;
use super::types::Types;
use crate::error::{Context, Result};
use crate::module::{FunctionIndex, ModuleInfo, validate};

impl Program {
    /// Reads a module. `reloc.*` sections in it (`--emit-relocs`) make the call graph more precise.
    ///
    /// # Errors
    ///
    /// Fails if it is no valid module.
    pub fn read(wasm: &[u8]) -> Result<Self> {
        // An invalid module can claim any size: four billion locals take six bytes.
        validate(wasm)?;
        Self::parse(&ModuleInfo::read(wasm)?, false)
    }

    /// The program in a module that was read. `closed_world` says whether
    /// [`closed_world`](crate::Options::closed_world) holds.
    ///
    /// # Errors
    ///
    /// Fails if its code or a constant expression in it cannot be read.
    pub(crate) fn parse(module: &ModuleInfo<'_>, closed_world: bool) -> Result<Self> {
        let mut reader = Reader { closed_world, ..Reader::default() };
        reader.module(module)?;
        reader.finish(module)
    }
}

/// Collects the contents of the sections.
#[derive(Default)]
struct Reader<'a> {
    program: Program,
    types: Types,
    /// The functions in element segments: they are in a table initially, or can be put into one.
    taken: BTreeSet<FunctionIndex>,
    /// The functions that can get into a table in other ways than by the linker.
    referenced: BTreeSet<FunctionIndex>,
    /// Whether the host can put functions into a table.
    host_has_table: bool,
    /// Whether a table entry is initialised with more than a plain function reference; it may be a function of
    /// the host.
    has_unknown_entry: bool,
    /// Whether the host is known to do neither.
    closed_world: bool,
    relocations: Relocations,
    segments: Vec<Segment<'a>>,
    word: u64,
}

impl<'a> Reader<'a> {
    /// Reads all but the code.
    fn module(&mut self, module: &ModuleInfo<'a>) -> Result<()> {
        for sub_type in &module.types {
            self.types.add(sub_type.clone());
        }
        self.types.tags.clone_from(&module.tags);
        self.word = if module.memory64() { 8 } else { 4 };
        for (index, type_index) in module.signatures.iter() {
            let import = module.imports.get(index).map(|import| Import {
                module: import.module.to_owned(),
                name: import.name.to_owned(),
            });
            let name = module.function_names.get(&index).map(|name| (*name).to_owned());
            let type_id = self.types.id(*type_index)?;
            self.program.functions.push(Function { type_id, import, name, ..Function::default() });
        }
        self.program.table_changes = !module.table_values.is_empty();
        for value in module.table_values.iter().chain(&module.global_values) {
            self.references(value)?;
        }
        self.host_has_table = module.imports_table;
        self.program.start = module.start;
        for export in &module.exports {
            match export.kind {
                ExternalKind::Func => {
                    self.program
                        .exports
                        .push((export.name.to_owned(), FunctionIndex(export.index)));
                }
                ExternalKind::Table => self.host_has_table = true,
                _ => {}
            }
        }
        for element in &module.elements {
            self.element(element)?;
        }
        self.relocations.data_start = module.data_start;
        for data in &module.data {
            let address = match &data.kind {
                DataKind::Active { memory_index: 0, offset_expr } => constant(offset_expr)?,
                _ => None,
            };
            let in_file = data.range.end - data.data.len() as u64;
            self.segments.push(Segment { address, in_file, data: data.data });
        }
        for section in &module.customs {
            match section.as_known() {
                KnownCustom::Linking(linking) => self.relocations.read_symbols(linking)?,
                KnownCustom::Reloc(relocations) => {
                    self.relocations.read_entries(section.name(), relocations)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn element(&mut self, element: &Element<'_>) -> Result<()> {
        let mut functions = Vec::new();
        match &element.items {
            ElementItems::Functions(items) => {
                for index in items.clone() {
                    functions.push(Some(FunctionIndex(index?)));
                }
            }
            ElementItems::Expressions(_, items) => {
                for item in items.clone() {
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
        match &element.kind {
            ElementKind::Active { table_index: None | Some(0), offset_expr } => {
                match constant(offset_expr)? {
                    Some(first) => {
                        let entries = functions.into_iter().zip(first..);
                        let entries = entries.filter_map(|(function, at)| Some((at, function?)));
                        self.program.table.extend(entries);
                    }
                    None => self.program.table_changes = true,
                }
            }
            ElementKind::Declared => {}
            // An instruction can copy it into a table.
            _ => self.program.table_changes = true,
        }
        Ok(())
    }

    /// Records all functions that a constant expression refers to, however deeply nested.
    fn references(&mut self, expression: &ConstExpr<'_>) -> Result<()> {
        let mut operators = expression.get_operators_reader();
        while !operators.eof() {
            if let Operator::RefFunc { function_index } = operators.read()? {
                self.referenced.insert(FunctionIndex(function_index));
            }
        }
        Ok(())
    }

    /// The program, after all sections have been read.
    fn finish(mut self, module: &ModuleInfo<'_>) -> Result<Program> {
        self.program.types = self.types.functions();
        let is_copying =
            |function: &Function| matches!(function.name.as_deref(), Some("memcpy" | "memmove"));
        let functions = self.program.functions.iter();
        let copying = functions.filter(|(_, it)| is_copying(it)).map(|(index, _)| index).collect();
        let types = self.types;
        let known = Module { types, signatures: module.signatures.clone(), copying };
        let mut read_addresses = BTreeSet::new();
        for (index, body) in module.bodies() {
            let read = body::read(body, index, &known)
                .with_context(|| format!("in {}", self.program.symbol(index)))?;
            self.referenced.extend(&read.references);
            read_addresses.extend(read.read_addresses);
            self.program.table_changes |= read.writes_table;
            // The reference may come from the host.
            self.program.has_foreign |= read.writes_table || read.calls_references;
            let range = body.range();
            let function = &mut self.program.functions[index];
            function.body = usize::try_from(range.start)?..usize::try_from(range.end)?;
            function.calls = read.calls;
        }
        let functions = &self.program.functions;
        let name = |function: FunctionIndex| {
            let name = functions.get(function).and_then(|found| found.name.as_deref());
            readable(name.unwrap_or_default())
        };
        let pointers = self.relocations.find(&self.segments, &read_addresses, self.word, name)?;
        let is_open = !self.closed_world;
        self.program.table_changes |= self.has_unknown_entry || (is_open && self.host_has_table);
        self.program.has_foreign |= self.host_has_table || self.has_unknown_entry;
        self.program.has_foreign &= is_open;
        if self.program.has_foreign {
            // The host can refer to these as well.
            self.referenced.extend(self.program.exports.iter().map(|(_, index)| *index));
        }
        for index in self.taken.union(&self.referenced) {
            let function = self.program.functions.get_mut(*index);
            let function = function.with_context(|| format!("there is no function {index}"))?;
            // The linker puts a function into the table because of some relocation.
            function.address_taken = match &pointers {
                Some(found) if !self.referenced.contains(index) => found.taken(*index),
                _ => AddressTaken { anywhere: true, slots: BTreeSet::new() },
            };
        }
        self.program.vtables = pointers.map(Pointers::into_vtables).unwrap_or_default();
        Ok(self.program)
    }
}

/// The value of a constant expression, if it is a plain number.
fn constant(expression: &ConstExpr<'_>) -> Result<Option<u64>> {
    let mut operators = expression.get_operators_reader();
    let number = match operators.read()? {
        Operator::I32Const { value } => value.cast_unsigned().into(),
        Operator::I64Const { value } => value.cast_unsigned(),
        _ => return Ok(None),
    };
    // Otherwise the number is an operand of another instruction.
    Ok(matches!(operators.read()?, Operator::End).then_some(number))
}

/// The function that a constant expression refers to, or none for null; if it is no more than that.
fn plain_reference(expression: &ConstExpr<'_>) -> Result<Option<Option<FunctionIndex>>> {
    Ok(match expression.get_operators_reader().read()? {
        Operator::RefFunc { function_index } => Some(Some(FunctionIndex(function_index))),
        Operator::RefNull { .. } => Some(None),
        _ => None,
    })
}
