//! Encodes the data about frames, in the format that the library reads.

use std::collections::{BTreeMap, HashMap};

use wasmparser::{ElementItems, ElementKind, Operator};

use super::places::{Place, Places};
use crate::abi;
use crate::analysis::readable;
use crate::error::{Context, Result};
use crate::instrument::{Called, FrameMap};
use crate::module::{FunctionIndex, ModuleInfo};

/// The encoder, and what it has written so far.
pub(super) struct Encoder<'a> {
    info: &'a ModuleInfo<'a>,
    maps: &'a [FrameMap],
    is_flat: bool,
    places: Places<'a>,
    /// By function index: its number in this data.
    numbers: BTreeMap<FunctionIndex, u32>,
    lines: Vec<u32>,
    texts: Vec<u8>,
    /// The offset of each text.
    known: HashMap<String, u32>,
}

impl<'a> Encoder<'a> {
    pub(super) fn new(
        info: &'a ModuleInfo<'a>,
        maps: &'a [FrameMap],
        is_flat: bool,
        places: Places<'a>,
    ) -> Self {
        let numbers = maps.iter().map(|map| map.function).zip(0..).collect();
        let (lines, texts, known) = Default::default();
        Self { info, maps, is_flat, places, numbers, lines, texts, known }
    }

    pub(super) fn encode(mut self) -> Result<Vec<u8>> {
        let (mut functions, mut sites) = (Vec::new(), Vec::new());
        let code = self.info.code_start;
        for map in self.maps {
            let first = sites.len() as u32;
            let body = self.info.body(map.function).context("a function without a body")?.range();
            for site in &map.sites {
                let (called, of) = match site.callee {
                    Called::InTable(at) => (abi::CALLED_IN_TABLE, at),
                    Called::Function(callee) => match self.numbers.get(&callee) {
                        Some(number) => (abi::CALLED_FUNCTION, *number),
                        None => (abi::CALLED_NOBODY, 0),
                    },
                    Called::Unknown => (abi::CALLED_NOBODY, 0),
                };
                // For a function that is not rewritten, `site.at` was not recorded.
                let places = match map.size {
                    Some(_) => self.places.of(body.start + u64::from(site.at) - code),
                    None => Vec::new(),
                };
                let line = self.lines.len() as u32;
                for place in &places {
                    self.line(place);
                }
                sites.extend([site.number, called, of, line, places.len() as u32]);
            }
            let name = match self.info.function_names.get(&map.function) {
                Some(name) if self.places.are_told => self.text(&readable(name)),
                _ => [0, 0],
            };
            functions.extend([
                map.size.unwrap_or(abi::SYMBOLS_NONE),
                map.position.unwrap_or(abi::SYMBOLS_NONE),
                map.function.0,
            ]);
            functions.extend(name);
            functions.extend([first, map.sites.len() as u32]);
        }
        let table = self.table()?;
        // The offset of each part, now that their lengths are known.
        let bytes = |words: &[u32]| 4 * words.len() as u32;
        let functions_at = 4 * abi::SYMBOLS_WORDS;
        let sites_at = functions_at + bytes(&functions);
        let lines_at = sites_at + bytes(&sites);
        let table_at = lines_at + bytes(&self.lines);
        let texts_at = table_at + bytes(&table);
        for function in functions.chunks_exact_mut(abi::FUNCTION_WORDS as usize) {
            function[abi::FUNCTION_NAME as usize] += texts_at;
            let first = &mut function[abi::FUNCTION_SITES as usize];
            *first = sites_at + 4 * *first;
        }
        for site in sites.chunks_exact_mut(abi::SITE_WORDS as usize) {
            let first = &mut site[abi::SITE_LINES as usize];
            *first = lines_at + 4 * *first;
        }
        for line in self.lines.chunks_exact_mut(abi::LINE_WORDS as usize) {
            line[abi::LINE_NAME as usize] += texts_at;
            line[abi::LINE_FILE as usize] += texts_at;
        }
        let count = |words: &[u32], each: u32| words.len() as u32 / each;
        let header = [
            abi::SYMBOLS_FORMAT,
            u32::from(self.is_flat),
            functions_at,
            count(&functions, abi::FUNCTION_WORDS),
            table_at,
            count(&table, abi::ELEMENT_WORDS),
        ];
        let words = [&header[..], &functions, &sites, &self.lines, &table].concat();
        let mut all: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        all.extend(self.texts);
        Ok(all)
    }

    fn line(&mut self, place: &Place) {
        let name = place.function.as_deref().map_or([0, 0], |name| self.text(name));
        let file = self.text(&place.file);
        self.lines.extend(name.into_iter().chain(file).chain([place.line]));
    }

    /// The offset of a text among the texts, and its length.
    fn text(&mut self, text: &str) -> [u32; 2] {
        let at = match self.known.get(text) {
            Some(at) => *at,
            None => {
                let at = self.texts.len() as u32;
                self.texts.extend(text.as_bytes());
                self.known.insert(text.to_owned(), at);
                at
            }
        };
        [at, text.len() as u32]
    }

    /// The described functions in the program's first table, by their indices there. Only the program's own elements
    /// matter: functions that an instance puts there later are not the program's.
    fn table(&self) -> Result<Vec<u32>> {
        let mut elements = BTreeMap::new();
        for element in &self.info.elements {
            let ElementKind::Active { table_index: None | Some(0), offset_expr } = &element.kind
            else {
                continue;
            };
            let first = match offset_expr.get_operators_reader().read()? {
                Operator::I32Const { value } => value.cast_unsigned(),
                Operator::I64Const { value } => u32::try_from(value)?,
                _ => continue,
            };
            if let ElementItems::Functions(functions) = &element.items {
                for (index, function) in (first..).zip(functions.clone()) {
                    elements.insert(index, FunctionIndex(function?));
                }
            }
        }
        let known = elements
            .into_iter()
            .filter_map(|(index, function)| Some([index, *self.numbers.get(&function)?]));
        Ok(known.flatten().collect())
    }
}
