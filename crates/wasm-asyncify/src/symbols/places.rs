//! Maps addresses of a module to places in the source, by its DWARF.

use addr2line::gimli::{Dwarf, EndianSlice, LittleEndian, SectionId};
use addr2line::{Context as Lines, Frame, LookupResult};
use wasmparser::{CustomSectionReader, Parser, Payload};

use crate::analysis::readable;
use crate::error::{Error, Result};

type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// The DWARF of a module, for looking up addresses.
#[derive(Default)]
pub(super) struct Places<'a> {
    /// Whether places and names are written at all.
    pub(super) are_told: bool,
    lines: Option<Lines<Slice<'a>>>,
    folder: Option<&'a str>,
}

/// A line of the source, in a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// None if DWARF does not say.
    pub(super) function: Option<String>,
    pub(super) file: String,
    pub(super) line: u32,
}

impl<'a> Places<'a> {
    /// Reads a module's DWARF. A module without DWARF is fine.
    pub(super) fn read(wasm: &'a [u8], folder: Option<&'a str>) -> Result<Self> {
        let mut sections: Vec<CustomSectionReader<'a>> = Vec::new();
        for payload in Parser::new(0).parse_all(wasm) {
            if let Payload::CustomSection(section) = payload? {
                sections.push(section);
            }
        }
        let dwarf = Dwarf::load(|id: SectionId| {
            let section = sections.iter().find(|section| section.name() == id.name());
            let data = section.map_or(&[][..], CustomSectionReader::data);
            Ok::<_, Error>(EndianSlice::new(data, LittleEndian))
        })?;
        Ok(Self { are_told: true, lines: Some(Lines::from_dwarf(dwarf)?), folder })
    }

    /// The source lines of an address: the innermost inlined function's first. Empty if they are not known.
    pub(super) fn of(&self, address: u64) -> Vec<Place> {
        let Some(lines) = &self.lines else { return Vec::new() };
        let LookupResult::Output(Ok(mut frames)) = lines.find_frames(address) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        while let Ok(Some(Frame { function, location, .. })) = frames.next() {
            let Some((file, line)) = location.and_then(|it| Some((it.file?, it.line?))) else {
                continue;
            };
            let function = function.and_then(|it| Some(readable(&it.raw_name().ok()?)));
            found.push(Place { function, file: self.shown(file), line });
        }
        found
    }

    /// A file name, without the folder if it is in that.
    fn shown(&self, file: &str) -> String {
        let inner = self.folder.and_then(|folder| file.strip_prefix(folder));
        let inner = inner.and_then(|inner| inner.strip_prefix(['/', '\\']));
        inner.unwrap_or(file).to_owned()
    }
}
