//! Where function pointers lie, from the relocations that `--emit-relocs` keeps.
//!
//! Without them all that is known of a function in the table is that someone has its address.
//! With them each place that holds the address is known, and for places in data the symbol
//! they belong to. That matters for the vtables of trait objects, in which most functions of a
//! Rust program that are called indirectly lie:
//!
//! ```text
//!   word 0             1     2          3        4
//!   ├ drop_in_place ──┼ size ┼ alignment ┼ method ┼ method …
//! ```
//!
//! A method is called by loading the word at a constant offset from the vtable's beginning. So
//! a function that is nowhere but in word 3 of vtables is not what is called through word 4.
//!
//! This relies on what no one promises, but Rust programs cannot help and LLVM does not undo:
//!
//! - A pointer to a vtable that is passed from one function to another is one to its beginning. (No
//!   program can name the inside of a vtable. Within a function we look: see [`super::value`].)
//! - A function pointer from a vtable is called, and neither stored nor passed on.
//! - Constants that look like a vtable, and that the compiler had to name, are vtables: they have
//!   `drop_in_place` in word 0 or nothing, two numbers that can be a type's size and alignment,
//!   and nothing but addresses in all other words. A static has a name of its own, and is none.
//!
//! Debug builds check the outcome while they run.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::{Context, Result};
use wasmparser::{
    Linking, LinkingSectionReader, RelocSectionReader, RelocationEntry, RelocationType, SymbolInfo,
};

use super::program::{FunctionIndex, Taken};

/// No type is aligned to more; a larger number in a vtable's place is no alignment.
const MOST_ALIGNMENT: u64 = 1 << 29;

/// What the `linking` and `reloc.*` sections say.
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
    /// Where its contents begin in the file.
    pub(super) in_file: u64,
    /// Where they will be in memory, if that is known.
    pub(super) address: Option<u64>,
    pub(super) data: &'a [u8],
}

/// The vtables, by where they begin in memory; with their sizes.
#[derive(Debug, Default)]
pub(super) struct Vtables(BTreeMap<u64, u64>);

impl Vtables {
    /// Whether an address is in a vtable, but not at its beginning.
    pub(super) fn contains_inside(&self, address: u64) -> bool {
        let before = self.0.range(..address).next_back();
        before.is_some_and(|(start, size)| address < start + size && !self.0.contains_key(&address))
    }
}

#[derive(Clone, Copy, Debug)]
enum Symbol {
    Function(FunctionIndex),
    Data { segment: u32, offset: u64, size: u64, is_anonymous: bool },
    Other,
}

/// The functions whose address some data or code holds.
#[derive(Debug, Default)]
pub(super) struct Pointers {
    taken: HashMap<FunctionIndex, Taken>,
}

impl Pointers {
    /// Where the address of a function is, which somebody has.
    ///
    /// If nobody is known to have it, it is not by a relocation that they do.
    pub(super) fn taken(&self, function: FunctionIndex) -> Taken {
        let unknown = Taken { anywhere: true, slots: BTreeSet::new() };
        self.taken.get(&function).cloned().unwrap_or(unknown)
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
                    SymbolInfo::Func { index, .. } => Symbol::Function(index),
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
            // Of debug information.
            _ => return Ok(()),
        };
        for entry in relocations.entries() {
            list.push(entry?);
        }
        Ok(())
    }

    /// The vtables, and what is known of function pointers; nothing without relocations.
    ///
    /// `word` is the size of a pointer; `drops` says whether a function is `drop_in_place`.
    pub(super) fn find(
        &self,
        segments: &[Segment<'_>],
        word: u64,
        drops: impl Fn(FunctionIndex) -> bool,
    ) -> Result<Option<(Vtables, Pointers)>> {
        if self.in_code.is_empty() {
            return Ok(None);
        }
        let vtables = self.vtables(segments, word, drops)?;
        let mut pointers = Pointers::default();
        for entry in self.in_code.iter().filter(|entry| is_function_pointer(entry.ty)) {
            if let Symbol::Function(function) = self.symbol(entry)? {
                pointers.anywhere(function);
            }
        }
        for entry in self.in_data.iter().filter(|entry| is_function_pointer(entry.ty)) {
            let Symbol::Function(function) = self.symbol(entry)? else { continue };
            let at = self.data_start + u64::from(entry.offset);
            match vtables.range(..=at).next_back() {
                Some((start, vtable)) if at + word <= start + vtable.size => {
                    pointers.in_slot(function, at - start);
                }
                _ => pointers.anywhere(function),
            }
        }
        let in_memory = vtables.values().map(|vtable| (vtable.address, vtable.size)).collect();
        Ok(Some((Vtables(in_memory), pointers)))
    }

    fn symbol(&self, entry: &RelocationEntry) -> Result<Symbol> {
        let symbol = self.symbols.get(entry.index as usize);
        symbol.copied().with_context(|| format!("a relocation of symbol {}", entry.index))
    }

    /// The vtables, by where they begin in the file.
    fn vtables(
        &self,
        segments: &[Segment<'_>],
        word: u64,
        drops: impl Fn(FunctionIndex) -> bool,
    ) -> Result<BTreeMap<u64, Vtable>> {
        let mut addresses = BTreeMap::new();
        for entry in &self.in_data {
            let address = match self.symbol(entry)? {
                Symbol::Function(function) => Address::Function { drops: drops(function) },
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
            // In memory that is not mapped at a known place there are thread-locals.
            let Some(address) = segment.address else { continue };
            let start = segment.in_file + offset;
            let contents = usize::try_from(offset).ok().and_then(|at| segment.data.get(at..));
            if contents.is_some_and(|it| is_vtable(start, size, it, &addresses, word)) {
                vtables.insert(start, Vtable { address: address + offset, size });
            }
        }
        // One that something points into is none.
        for entry in self.in_code.iter().chain(&self.in_data).filter(|entry| entry.addend != 0) {
            let Symbol::Data { segment, offset, .. } = self.symbol(entry)? else { continue };
            if let Some(segment) = segments.get(segment as usize) {
                vtables.remove(&(segment.in_file + offset));
            }
        }
        Ok(vtables)
    }
}

/// Whether the compiler made this name up: vtables have no other.
fn is_anonymous(name: &str) -> bool {
    let name = name.strip_prefix(".L").unwrap_or(name);
    name.starts_with("anon.") || name.starts_with("vtable.")
}

struct Vtable {
    address: u64,
    size: u64,
}

/// What an address in data is of.
#[derive(Clone, Copy)]
enum Address {
    Function { drops: bool },
    Data,
}

/// Whether the data at `start` in the file has a vtable's shape. `addresses` are those in all of
/// the data, by where they are in the file.
fn is_vtable(
    start: u64,
    size: u64,
    contents: &[u8],
    addresses: &BTreeMap<u64, Address>,
    word: u64,
) -> bool {
    if size < 4 * word || !size.is_multiple_of(word) {
        return false;
    }
    let drops = match addresses.get(&start) {
        Some(Address::Function { drops }) => *drops,
        Some(Address::Data) => false,
        None => number(contents, 0, word) == Some(0),
    };
    // Size and alignment are plain numbers. After them there are only functions, and the addresses
    // of supertraits' vtables. (A method that no one can call leaves a hole. It is not worth
    // taking every other table for a vtable for its sake.)
    let mut numbers = (1..size / word).filter(|at| !addresses.contains_key(&(start + at * word)));
    if [numbers.next(), numbers.next(), numbers.next()] != [Some(1), Some(2), None] {
        return false;
    }
    let (size_of, align_of) = (number(contents, 1, word), number(contents, 2, word));
    let (Some(size_of), Some(align_of)) = (size_of, align_of) else { return false };
    let is_alignment = align_of.is_power_of_two() && align_of <= MOST_ALIGNMENT;
    drops && is_alignment && size_of.is_multiple_of(align_of)
}

/// The word at this place.
fn number(bytes: &[u8], index: usize, word: u64) -> Option<u64> {
    let word = usize::try_from(word).ok()?;
    let bytes = bytes.get(index * word..(index + 1) * word)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
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
