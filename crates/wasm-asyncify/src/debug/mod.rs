//! Keeps a module's DWARF correct where passes have moved the code.
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
//! Only data with addresses is changed: in place, except for the line tables and the lists of DWARF 5, because
//! numbers elsewhere have fixed sizes. gimli's own conversion is for functions that move as a whole. Here distances
//! within a function change, and gimli leaves these alone (`DW_AT_high_pc`, rows, lists). It also treats addresses
//! of the memory as addresses of code; and it would read and write all names and types, which stay.
//!
//! Afterwards DWARF gives the same line for each call and each instruction as before, also in the copies for
//! rewinds. Ranges of blocks and of inlined functions cover their code where it runs the first time. They do not
//! cover calls that a rewind repeats: these are only in the range of the whole function.

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

pub(crate) use moved::{Pass, Recorder, Trail};

/// Sections that do not refer to the code.
const STAY: [SectionId; 7] = [
    SectionId::DebugAbbrev,
    SectionId::DebugStr,
    SectionId::DebugLineStr,
    SectionId::DebugStrOffsets,
    SectionId::DebugNames,
    SectionId::DebugPubNames,
    SectionId::DebugPubTypes,
];

/// A module's DWARF, before the module is changed.
#[derive(Debug)]
pub(crate) struct Debug {
    sections: BTreeMap<&'static str, Vec<u8>>,
    layout: Layout,
}

impl Debug {
    /// Reads the DWARF of a module. None if it has none.
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

    /// Corrects the DWARF and adds it to the transformed module.
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

/// The identifier of a section that this module corrects or copies.
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
