//! Where function pointers are stored, from the relocations that `--emit-relocs` keeps.
//!
//! Without relocations, it is only known of a function in the table that its address is taken. With them, each
//! place that holds the address is known, and for places in data the symbol they belong to. That matters for
//! the vtables of trait objects: most functions of a Rust program that are called indirectly are there.
//!
//! A method is called by loading the word at a constant offset from the vtable's beginning. So a function that
//! is only in word 3 of vtables cannot be called through word 4.
//!
//! This is used only if the user asks for it ([`Precision::Slots`](super::Precision)), because it relies on
//! facts without a guarantee. rustc and LLVM keep to them, but a program can break the last one:
//!
//! - A pointer to a vtable that is passed from one function to another is one to its beginning. (No program can
//!   name the inside of a vtable. Within a function this is checked: see [`super::value`].)
//! - A function pointer from a vtable is called, and neither stored nor passed on.
//! - Constants that look like a vtable, and were named by the compiler, are vtables: see [`super::vtables`]. A
//!   static has its own name, so it is none. But a table in safe code can look the same, be copied, and have
//!   its functions called at other offsets.
//!
//! Every build checks the outcome at run time: see [`super::assumed`].

use std::collections::{BTreeMap, BTreeSet, HashMap};

use wasmparser::{
    Linking, LinkingSectionReader, RelocSectionReader, RelocationEntry, RelocationType, SymbolInfo,
};

use super::program::{AddressTaken, Vtable};
use super::vtables::{Address, is_anonymous, is_vtable};
use crate::error::{Context, Result};
use crate::module::FunctionIndex;

/// The contents of the `linking` and `reloc.*` sections.
#[derive(Debug, Default)]
pub(super) struct Relocations {
    /// By index in the symbol table.
    symbols: Vec<Symbol>,
    in_code: Vec<RelocationEntry>,
    in_data: Vec<RelocationEntry>,
    /// Where the contents of the data section begin in the file.
    pub(super) data_start: u64,
}

/// One segment of data.
#[derive(Debug)]
pub(super) struct Segment<'a> {
    /// Its address in memory, if that is a constant.
    pub(super) address: Option<u64>,
    /// The offset of its contents in the file.
    pub(super) in_file: u64,
    pub(super) data: &'a [u8],
}

#[derive(Clone, Copy, Debug)]
enum Symbol {
    Function(FunctionIndex),
    Data { segment: u32, offset: u64, size: u64, is_anonymous: bool },
    Other,
}

/// The functions whose address is in data or code.
#[derive(Debug, Default)]
pub(super) struct Pointers {
    /// By offset in the file.
    vtables: BTreeMap<u64, Vtable>,
    taken: HashMap<FunctionIndex, AddressTaken>,
}

impl Pointers {
    /// Where the address of a function is stored, if it is taken.
    ///
    /// If no relocation is known for it, the address can be anywhere.
    pub(super) fn taken(&self, function: FunctionIndex) -> AddressTaken {
        let unknown = AddressTaken { anywhere: true, slots: BTreeSet::new() };
        self.taken.get(&function).cloned().unwrap_or(unknown)
    }

    /// The constants that are treated as vtables.
    pub(super) fn into_vtables(self) -> Vec<Vtable> {
        self.vtables.into_values().collect()
    }

    fn anywhere(&mut self, function: FunctionIndex) {
        self.taken.entry(function).or_default().anywhere = true;
    }

    fn in_slot(&mut self, function: FunctionIndex, offset: u64) {
        self.taken.entry(function).or_default().slots.insert(offset);
    }
}

impl Relocations {
    pub(super) fn read_symbols(&mut self, linking: LinkingSectionReader<'_>) -> Result<()> {
        for subsection in linking.subsections() {
            let Linking::SymbolTable(symbols) = subsection? else { continue };
            for symbol in symbols {
                self.symbols.push(match symbol? {
                    SymbolInfo::Func { index, .. } => Symbol::Function(FunctionIndex(index)),
                    SymbolInfo::Data { symbol: Some(data), name, .. } => Symbol::Data {
                        segment: data.index,
                        offset: data.offset.into(),
                        size: data.size.into(),
                        is_anonymous: is_anonymous(name),
                    },
                    _ => Symbol::Other,
                });
            }
        }
        Ok(())
    }

    pub(super) fn read_entries(
        &mut self,
        section: &str,
        relocations: RelocSectionReader<'_>,
    ) -> Result<()> {
        let list = match section {
            "reloc.CODE" => &mut self.in_code,
            "reloc.DATA" => &mut self.in_data,
            // Relocations of debug information.
            _ => return Ok(()),
        };
        for entry in relocations.entries() {
            list.push(entry?);
        }
        Ok(())
    }

    /// Where function pointers are stored; none without relocations.
    ///
    /// `word` is the size of a pointer; `name` returns a function's readable name. The addresses in `read` are
    /// read directly. No vtable is read like that, so a constant with such an address is no vtable.
    pub(super) fn find(
        &self,
        segments: &[Segment<'_>],
        read: &BTreeSet<u64>,
        word: u64,
        name: impl Fn(FunctionIndex) -> String,
    ) -> Result<Option<Pointers>> {
        if self.in_code.is_empty() {
            return Ok(None);
        }
        let mut vtables = self.vtables(segments, word, name)?;
        vtables.retain(|_, vtable| {
            let range = |address| address..address + vtable.size;
            vtable.address.is_none_or(|address| read.range(range(address)).next().is_none())
        });
        let mut pointers = Pointers::default();
        for entry in self.in_code.iter().filter(|entry| is_function_address(entry.ty)) {
            if let Symbol::Function(function) = self.symbol(entry)? {
                pointers.anywhere(function);
            }
        }
        for entry in self.in_data.iter().filter(|entry| is_function_pointer(entry.ty)) {
            let Symbol::Function(function) = self.symbol(entry)? else { continue };
            let at = self.data_start + u64::from(entry.offset);
            match vtables.range_mut(..=at).next_back() {
                Some((start, vtable)) if at + word <= start + vtable.size => {
                    vtable.functions.insert(at - start, function);
                    pointers.in_slot(function, at - start);
                }
                _ => pointers.anywhere(function),
            }
        }
        pointers.vtables = vtables;
        Ok(Some(pointers))
    }

    fn symbol(&self, entry: &RelocationEntry) -> Result<Symbol> {
        let symbol = self.symbols.get(entry.index as usize);
        symbol.copied().with_context(|| format!("a relocation of symbol {}", entry.index))
    }

    /// The constants that look like vtables, by offset in the file; without their functions.
    fn vtables(
        &self,
        segments: &[Segment<'_>],
        word: u64,
        name: impl Fn(FunctionIndex) -> String,
    ) -> Result<BTreeMap<u64, Vtable>> {
        let mut addresses = BTreeMap::new();
        for entry in &self.in_data {
            let address = match self.symbol(entry)? {
                Symbol::Function(function) => Address::of_function(&name(function)),
                Symbol::Data { .. } | Symbol::Other => Address::Data,
            };
            addresses.insert(self.data_start + u64::from(entry.offset), address);
        }
        let mut vtables = BTreeMap::new();
        for symbol in &self.symbols {
            let Symbol::Data { segment, offset, size, is_anonymous: true } = *symbol else {
                continue;
            };
            let Some(segment) = segments.get(segment as usize) else { continue };
            let start = segment.in_file + offset;
            let contents = usize::try_from(offset).ok().and_then(|at| segment.data.get(at..));
            if contents.is_some_and(|it| is_vtable(start, size, it, &addresses, word)) {
                let address = segment.address.map(|address| address + offset);
                vtables.insert(start, Vtable { address, size, functions: BTreeMap::new() });
            }
        }
        // A constant that something points into is no vtable.
        for entry in self.in_code.iter().chain(&self.in_data).filter(|entry| entry.addend != 0) {
            let Symbol::Data { segment, offset, .. } = self.symbol(entry)? else { continue };
            if let Some(segment) = segments.get(segment as usize) {
                vtables.remove(&(segment.in_file + offset));
            }
        }
        Ok(vtables)
    }
}

fn is_function_pointer(ty: RelocationType) -> bool {
    matches!(
        ty,
        RelocationType::TableIndexSleb
            | RelocationType::TableIndexI32
            | RelocationType::TableIndexSleb64
            | RelocationType::TableIndexI64
            | RelocationType::TableIndexRelSleb
            | RelocationType::TableIndexRelSleb64
    )
}

/// Whether code gets a function's address by such a relocation: as a number, or from a global that holds it.
fn is_function_address(ty: RelocationType) -> bool {
    is_function_pointer(ty)
        || matches!(ty, RelocationType::GlobalIndexLeb | RelocationType::GlobalIndexI32)
}
