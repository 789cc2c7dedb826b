//! Keeps what a module tells debuggers true: its DWARF, where passes have moved the code.
//!
//! ```text
//!   linked ─► guards ─► parameters ─► hoist ─► instrument ─► module
//!      │         │          │           │          │            ▲
//!      │         └──────────┴─────┬─────┴──────────┘            │
//!      │                     Trail: where each                  │
//!      │                     instruction went  (moved.rs)       │
//!      └─ .debug_* ──────────────►│                             │
//!                                 ▼                             │
//!              addresses.rs, then line.rs, entries.rs, lists.rs ┘
//! ```
//!
//! Only what has addresses is changed, and but for the line tables and the lists of DWARF 5 in place: numbers
//! there have fixed sizes. gimli's own conversion is made for functions that move as a whole. Here the distances
//! in a function change, which that leaves alone (`DW_AT_high_pc`, rows, lists); it takes addresses of
//! the memory for addresses of code; and it would read and write all names and types, which stay.
//!
//! What comes out names the same line for each call and each instruction as before, in the copies
//! for rewinds too. Ranges of blocks and of inlined functions are where their code runs the first time: a call that
//! a rewind makes again is in the function, and not in what was inlined into it.

mod addresses;
mod bytes;
mod entries;
mod line;
mod lists;
mod lists5;
mod moved;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use gimli::{Dwarf, EndianSlice, LittleEndian, SectionId};
use wasm_encoder::{CustomSection, Encode, Section};
use wasmparser::{Parser, Payload};

use self::addresses::{Addresses, Layout};
use self::entries::{ListSection, Reader};
use crate::error::{Context, Result};

pub(crate) use moved::{Pass, Recorder, Trail, copy_body};

/// Sections that say nothing of places in the code.
const STAY: [SectionId; 7] = [
    SectionId::DebugAbbrev,
    SectionId::DebugStr,
    SectionId::DebugLineStr,
    SectionId::DebugStrOffsets,
    SectionId::DebugNames,
    SectionId::DebugPubNames,
    SectionId::DebugPubTypes,
];

/// What a module has for debuggers, before it is changed.
#[derive(Debug)]
pub(crate) struct Debug {
    sections: BTreeMap<&'static str, Vec<u8>>,
    layout: Layout,
}

impl Debug {
    /// Takes it from a module. None if there is nothing.
    pub(crate) fn read(wasm: &[u8]) -> Result<Option<Self>> {
        let mut sections = BTreeMap::new();
        for payload in Parser::new(0).parse_all(wasm) {
            if let Payload::CustomSection(section) = payload?
                && let Some(id) = known(section.name())
            {
                sections.insert(id.name(), section.data().to_vec());
            }
        }
        let is_there = sections.contains_key(SectionId::DebugInfo.name());
        Ok(is_there.then_some(Self { sections, layout: Layout::read(wasm)? }))
    }

    /// Adds it to the module that has become of that one.
    pub(crate) fn add_to(&self, module: &mut Vec<u8>, trail: &Trail) -> Result<()> {
        let layout = Layout::read(module)?.without_first(trail.before());
        let moved = trail.functions().unwrap_or_default();
        let addresses = Addresses::new(&self.layout, &layout, moved)?;
        for (name, data) in self.corrected(&addresses).context("cannot correct its DWARF")? {
            if !data.is_empty() {
                let section = CustomSection { name: name.into(), data: (&data).into() };
                module.push(section.id());
                section.encode(module);
            }
        }
        Ok(())
    }

    fn section(&self, id: SectionId) -> &[u8] {
        self.sections.get(id.name()).map_or(&[], Vec::as_slice)
    }

    fn corrected(&self, addresses: &Addresses<'_>) -> Result<Vec<(&'static str, Vec<u8>)>> {
        let dwarf = Dwarf::load(|id| -> Result<Reader<'_>> {
            Ok(EndianSlice::new(self.section(id), LittleEndian))
        })?;
        let size = dwarf.units().next()?.map_or(4, |unit| unit.address_size());
        let lines = line::rewrite(self.section(SectionId::DebugLine), size, addresses)?;
        let mut entries = entries::correct(
            &dwarf,
            self.section(SectionId::DebugInfo),
            self.section(SectionId::DebugTypes),
            &lines.offsets,
            addresses,
        )?;
        let mut new: BTreeMap<SectionId, Vec<u8>> = BTreeMap::new();
        for (kind, id, has_expressions) in [
            (ListSection::Ranges, SectionId::DebugRanges, false),
            (ListSection::Locations, SectionId::DebugLoc, true),
        ] {
            let mut section = self.section(id).to_vec();
            if let Some(lists) = entries.lists.get(&kind) {
                lists::correct(&mut section, lists, has_expressions, addresses)?;
            }
            new.insert(id, section);
        }
        let mut debug_addr = self.section(SectionId::DebugAddr).to_vec();
        for (kind, id) in [
            (ListSection::RangeLists, SectionId::DebugRngLists),
            (ListSection::LocationLists, SectionId::DebugLocLists),
        ] {
            let lists = entries.lists.remove(&kind).unwrap_or_default();
            let (old, indexed) = (self.section(id), &mut entries.indexed);
            let lists5::Rewritten { section, offsets } =
                lists5::rewrite(kind, old, &debug_addr, &lists, addresses, indexed)?;
            entries.finish(kind, &offsets)?;
            new.insert(id, section);
        }
        lists5::correct_indexed(&mut debug_addr, &entries.indexed, addresses)?;
        new.insert(SectionId::DebugAddr, debug_addr);
        let mut aranges = self.section(SectionId::DebugAranges).to_vec();
        lists::correct_aranges(&mut aranges, addresses)?;
        new.insert(SectionId::DebugAranges, aranges);
        new.extend(STAY.map(|id| (id, self.section(id).to_vec())));
        new.extend([
            (SectionId::DebugInfo, entries.info),
            (SectionId::DebugTypes, entries.types),
            (SectionId::DebugLine, lines.section),
        ]);
        Ok(new.into_iter().map(|(id, data)| (id.name(), data)).collect())
    }
}

/// A section that there will be something to do with.
fn known(name: &str) -> Option<SectionId> {
    let changed = [
        SectionId::DebugInfo,
        SectionId::DebugTypes,
        SectionId::DebugLine,
        SectionId::DebugRanges,
        SectionId::DebugLoc,
        SectionId::DebugAranges,
        SectionId::DebugAddr,
        SectionId::DebugRngLists,
        SectionId::DebugLocLists,
    ];
    changed.into_iter().chain(STAY).find(|id| id.name() == name)
}
