//! The statics of `thread_local!`, and where the state can be in them.
//!
//! std's storage is `#[repr(C)] { value: T, state: u8 }`: the distance of the state from the end is the alignment
//! of `T`, a power of two. Before it was `repr(C)`, the state could be at the beginning, too. LLVM may split a
//! static. Then numbers follow the names of the parts, and the state is one part or at the end of one. The initial
//! value may be a constant (`const { .. }`): such a static has the same name, and no state.
//!
//! Where memory is shared, each thread has a copy, and an address is the address of the copy plus an offset.

use std::collections::BTreeMap;
use std::ops::Range;
use wasmparser::{DataKind, FunctionBody, KnownCustom, Linking, Operator, SymbolFlags, SymbolInfo};

use super::memory::{self, Place, constant};
use crate::error::Result;
use crate::module::{GlobalIndex, ModuleInfo};

/// The name that std's macro gives the static.
const NAME: &str = "__RUST_STD_INTERNAL_VAL";

/// All of these statics, or their parts.
#[derive(Debug, Default)]
pub(super) struct Statics {
    parts: Vec<Part>,
    /// `__tls_base`
    pub(super) thread_base: Option<GlobalIndex>,
}

#[derive(Debug)]
struct Part {
    is_copied: bool,
    range: Range<u64>,
    /// Whether it is a single byte, and the whole static.
    is_alone: bool,
}

impl Statics {
    pub(super) fn find(module: &ModuleInfo<'_>) -> Result<Self> {
        let thread_base = module.global_names.get("__tls_base").copied();
        let mut statics = Self { parts: Vec::new(), thread_base };
        let mut segments = Vec::with_capacity(module.data.len());
        for data in &module.data {
            segments.push(match &data.kind {
                DataKind::Active { offset_expr, .. } => {
                    constant(&mut offset_expr.get_operators_reader())?
                }
                DataKind::Passive => None,
            });
        }
        let mut symbols = Vec::new();
        for section in &module.customs {
            let KnownCustom::Linking(linking) = section.as_known() else { continue };
            for subsection in linking.subsections() {
                let Linking::SymbolTable(table) = subsection? else { continue };
                for symbol in table {
                    if let SymbolInfo::Data { flags, name, symbol: Some(data) } = symbol?
                        && name.contains(NAME)
                    {
                        symbols.push((flags, name, data));
                    }
                }
            }
        }
        let mut counts = BTreeMap::<_, usize>::new();
        for (_, name, _) in &symbols {
            *counts.entry(whole(name)).or_default() += 1;
        }
        for (flags, name, data) in &symbols {
            let is_copied = flags.contains(SymbolFlags::TLS) && statics.thread_base.is_some();
            let segment = segments.get(data.index as usize).copied().flatten();
            let segment = if is_copied { Some(0) } else { segment };
            let Some(start) = segment.map(|segment| segment + u64::from(data.offset)) else {
                continue;
            };
            let range = start..start + u64::from(data.size);
            let is_alone = data.size == 1 && counts[whole(name)] == 1;
            statics.parts.push(Part { is_copied, range, is_alone });
        }
        Ok(statics)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Whether this place is in one of the statics.
    pub(super) fn have(&self, place: Place) -> bool {
        self.part(place).is_some()
    }

    /// Whether a state can be at this place.
    pub(super) fn have_state(&self, place: Place) -> bool {
        self.part(place).is_some_and(|part| {
            let from_end = part.range.end - place.address;
            from_end.is_power_of_two() || place.address == part.range.start
        })
    }

    /// Whether it is a static of a single byte. Then it is no flag for a value, unless the value has size 0 and may
    /// be set twice; but it could be the state of a value of size 0 that has a destructor.
    pub(super) fn is_alone(&self, place: Place) -> bool {
        self.part(place).is_some_and(|part| part.is_alone)
    }

    fn part(&self, place: Place) -> Option<&Part> {
        self.parts.iter().find(|part| {
            part.is_copied == place.base.is_some() && part.range.contains(&place.address)
        })
    }

    /// Whether a function may contain an address of one of the statics.
    pub(super) fn are_touched_by(&self, body: &FunctionBody<'_>) -> Result<bool> {
        let has = |address: u64| {
            self.parts.iter().any(|part| (part.range.start..=part.range.end).contains(&address))
        };
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let operator = operators.read()?;
            let address = match operator {
                Operator::I32Const { value } => Some(value.cast_unsigned().into()),
                Operator::I64Const { value } => Some(value.cast_unsigned()),
                _ => memory::offset(&operator),
            };
            if address.is_some_and(has) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The name of the static that a part belongs to.
fn whole(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((whole, number)) if number.bytes().all(|it| it.is_ascii_digit()) => whole,
        _ => name,
    }
}
