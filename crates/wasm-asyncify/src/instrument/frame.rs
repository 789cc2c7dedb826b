//! What is saved of a function while it is suspended, and where.
//!
//! ```text
//!            position  local 0   local 4         operand
//!   frame ─► ┌───────┬─────────┬───────────────┬─────────┐
//!            │  i32  │   i32   │      f64      │   i32   │
//!            └───────┴─────────┴───────────────┴─────────┘
//! ```
//!
//! For a reference, the frame has the place where it is kept ([`references`](super::references)).
//!
//! A frame has room for everything that is live after any of the function's sites. What is dead at the suspended site
//! is not saved, or saved as 0, unless the function is huge: see [`exits`](super::exits).
//!
//! A rewind restores a local at the beginning of a level (the function, or a loop in it). At the site, the restored
//! value joins the value that the local has there otherwise. To the engine's compiler, both are one value if both
//! come from the loop's beginning:
//!
//! ```text
//!   restore total                          restore word
//!   loop                                   where the loop begins `word` is dead: restored before the
//!     restore word                         loop it would be live in all of it
//!     ┌──────────► site
//!     word = …     │                       `total` is live where the loop begins: restored in the loop
//!     site ◄───────┘                       it would be another value at each site, and from there on
//!     use word, total                      at every join
//!   end
//! ```
//!
//! So each local is restored in the innermost level at whose beginning it is dead. Joined values are copied if the
//! compiler puts them at different places on the stack, and it often does. In one large function, such copies were
//! half of the time that instrumenting it cost.

use std::collections::{BTreeMap, BTreeSet};

use wasm_encoder::Instruction;
use wasmparser::ValType;

use super::Reason;
use super::exits::{Exits, Local};
use super::helpers::{Helper, Helpers};
use super::liveness::Liveness;
use super::references::Kind;
use super::runtime::Runtime;
use super::shape::Shape;
use super::types::{cast, nullable};
use super::zeroes::Locals;
use crate::error::Result;
use crate::module::LocalIndex;

/// The largest number of locals that are followed in a function, counted at each site and each structure. Beyond
/// that, all locals are saved, because sets of this size take hundreds of megabytes.
const MOST_FOLLOWED: usize = 1 << 24;

/// The locals that are added to a function. Most hold operands when the stack must be empty: there is one for each
/// height on the stack, and type.
#[derive(Debug)]
pub(super) struct Slots {
    first: LocalIndex,
    /// The types of the added locals.
    pub(super) added: Vec<ValType>,
    /// By height (0 for the lowest operand) and type.
    operands: BTreeMap<usize, Vec<(ValType, LocalIndex)>>,
}

impl Slots {
    /// No slots yet; the first will be local `first`.
    pub(super) fn new(first: LocalIndex) -> Self {
        Self { first, added: Vec::new(), operands: BTreeMap::new() }
    }

    /// Adds a local for any purpose. Returns its index.
    pub(super) fn add(&mut self, ty: ValType) -> LocalIndex {
        let index = self.first.plus(self.added.len() as u32);
        self.added.push(ty);
        index
    }

    /// The local for the operand at this height, if there is one.
    pub(super) fn known(&self, height: usize, ty: ValType) -> Option<LocalIndex> {
        let ty = nullable(ty);
        let mut known = self.operands.get(&height).into_iter().flatten();
        known.find(|(other, _)| *other == ty).map(|(_, slot)| *slot)
    }

    /// The local for the operand at this height. It can be null, even if the operand cannot.
    pub(super) fn of(&mut self, height: usize, ty: ValType) -> LocalIndex {
        let ty = nullable(ty);
        if let Some(slot) = self.known(height, ty) {
            return slot;
        }
        let slot = self.add(ty);
        self.operands.entry(height).or_default().push((ty, slot));
        slot
    }
}

/// The saved locals, and where in the frame each is.
#[derive(Debug)]
pub(super) struct Frame {
    saved: Vec<Saved>,
    /// By level: which of them a rewind restores there.
    restored: BTreeMap<usize, Vec<usize>>,
    /// The frame's size in bytes.
    pub(super) size: u32,
    /// The entries to the code that saves, by site.
    exits: Exits,
}

#[derive(Debug)]
struct Saved {
    local: LocalIndex,
    ty: ValType,
    /// Its kind, if it is a reference.
    kind: Option<Kind>,
    /// In bytes, from the frame's beginning.
    offset: u32,
}

/// Where a local is needed.
#[derive(Clone, Debug, Default)]
struct Uses {
    /// The sites after which it is live.
    sites: BTreeSet<usize>,
    /// The levels in which a rewind restores it: for each site, the innermost level at whose beginning it is dead.
    /// See the module's documentation.
    levels: BTreeSet<usize>,
}

impl Frame {
    /// Finds out what must be saved. `position` is the local with the number of the suspended site, if there is one.
    /// `operands_are_read_again`: an operand that was read from a local is read from there again, and its code is not
    /// repeated.
    pub(super) fn new(
        shape: &Shape<'_>,
        slots: &mut Slots,
        position: Option<LocalIndex>,
        operands_are_read_again: bool,
    ) -> Result<Self, Reason> {
        let kind = |ty| match ty {
            ValType::Ref(reference) => shape.types.kind(reference),
            _ => None,
        };
        let is_lost = |ty: ValType| ty.is_reference_type() && kind(ty).is_none();
        let mut saved: BTreeMap<LocalIndex, (ValType, Uses)> = BTreeMap::new();
        let places = shape.sites.len() + shape.structures.len();
        let is_followed = places.saturating_mul(shape.locals.len()) <= MOST_FOLLOWED;
        let Liveness { at_sites, at_beginnings } = match is_followed {
            true => Liveness::new(shape),
            false => Liveness::nothing(shape),
        };
        for (index, (site, live)) in shape.sites.iter().zip(at_sites).enumerate() {
            let levels = shape.levels_around(index);
            let mut save = |local, ty: ValType, begins_in: &dyn Fn(&usize) -> bool| {
                let (_, uses) = saved.entry(local).or_insert((ty, Uses::default()));
                uses.sites.insert(index);
                // A reference can be taken back only once.
                let level = match ty {
                    ValType::Ref(_) => 0,
                    _ => levels.iter().copied().find(begins_in).unwrap_or_default(),
                };
                uses.levels.insert(level);
            };
            for local in live {
                let mut ty = shape.locals[usize::from(local)];
                if is_lost(ty) {
                    return Err(Reason::ReferenceInLocal(local));
                }
                if shape.is_made_nullable(local) {
                    ty = nullable(ty);
                }
                save(local, ty, &|level| !at_beginnings[*level].contains(&local));
            }
            let operand = shape.operand_in(index).filter(|_| operands_are_read_again);
            if let Some(local) = operand {
                let is_dead = |level: &usize| !at_beginnings[*level].contains(&local);
                save(local, shape.locals[usize::from(local)], &is_dead);
            }
            let is_slot =
                |(height, _): &(usize, _)| operand.is_none() || *height < site.below.len();
            for (height, ty) in site.kept().filter(is_slot) {
                if is_lost(ty) {
                    return Err(Reason::ReferenceOnStack);
                }
                let is_above = |level: &usize| shape.structures[*level].below.len() <= height;
                save(slots.of(height, ty), nullable(ty), &is_above);
            }
        }
        if let Some(position) = position {
            let sites = (0..shape.sites.len()).collect();
            saved.insert(position, (ValType::I32, Uses { sites, levels: [0].into() }));
        }
        if !is_followed {
            for (local, ty) in (0..).map(LocalIndex).zip(&shape.locals) {
                if is_lost(*ty) {
                    return Err(Reason::ReferenceInLocal(local));
                }
                let ty = if shape.is_made_nullable(local) { nullable(*ty) } else { *ty };
                // A rewind restores it at the function's beginning.
                saved.insert(local, (ty, Uses { sites: BTreeSet::new(), levels: [0].into() }));
            }
        }
        let exits = match is_followed {
            true => {
                let locals = saved.iter().map(|(local, (ty, uses))| Local {
                    index: *local,
                    ty: *ty,
                    sites: &uses.sites,
                });
                Exits::new(&locals.collect::<Vec<_>>(), shape.sites.len())
            }
            false => Exits::single(saved.len(), shape.sites.len()),
        };
        let mut frame = Self { saved: Vec::new(), restored: BTreeMap::new(), size: 0, exits };
        for (local, (ty, uses)) in saved {
            for level in uses.levels {
                frame.restored.entry(level).or_default().push(frame.saved.len());
            }
            let (kind, offset) = (kind(ty), frame.size);
            frame.saved.push(Saved { local, ty, kind, offset });
            frame.size += match ty {
                ValType::I64 | ValType::F64 => 8,
                ValType::V128 => 16,
                _ => 4,
            };
        }
        Ok(frame)
    }

    /// Where a local is saved, in fast form: bytes from the frame's beginning.
    pub(super) fn offset_of(&self, local: LocalIndex) -> Option<u32> {
        self.saved.iter().find(|saved| saved.local == local).map(|saved| saved.offset)
    }

    /// The saved locals.
    pub(super) fn locals(
        &self,
    ) -> impl DoubleEndedIterator<Item = (LocalIndex, ValType, Option<Kind>)> {
        self.saved.iter().map(|saved| (saved.local, saved.ty, saved.kind))
    }

    /// Code that saves the locals between an entry and the next. `frame` is the local with the frame's address. The
    /// first `header` bytes of the frame are for something else.
    pub(super) fn save(
        &self,
        runtime: Runtime,
        helpers: &mut Helpers,
        frame: LocalIndex,
        header: u32,
        entry: usize,
    ) -> Vec<Instruction<'static>> {
        let mut code = Vec::new();
        for number in self.exits.saved(entry) {
            let Saved { local, ty, kind, offset } = &self.saved[*number];
            let at = runtime.at(header + *offset);
            let store = match ty {
                ValType::I64 => Instruction::I64Store(at),
                ValType::F32 => Instruction::F32Store(at),
                ValType::F64 => Instruction::F64Store(at),
                ValType::V128 => Instruction::V128Store(at),
                _ => Instruction::I32Store(at),
            };
            code.extend([frame.get(), local.get()]);
            code.extend(kind.map(|kind| helpers.call(Helper::Keep(kind))));
            code.push(store);
        }
        code
    }

    /// Code that restores the locals of a level.
    pub(super) fn restore(
        &self,
        runtime: Runtime,
        helpers: &mut Helpers,
        frame: LocalIndex,
        level: usize,
    ) -> Vec<Instruction<'static>> {
        let mut code = Vec::new();
        for at in self.restored.get(&level).into_iter().flatten() {
            let Saved { local, ty, kind, offset } = &self.saved[*at];
            let at = runtime.at(*offset);
            let load = match ty {
                ValType::I64 => Instruction::I64Load(at),
                ValType::F32 => Instruction::F32Load(at),
                ValType::F64 => Instruction::F64Load(at),
                ValType::V128 => Instruction::V128Load(at),
                _ => Instruction::I32Load(at),
            };
            code.extend([frame.get(), load]);
            code.extend(kind.map(|kind| helpers.call(Helper::Take(kind))));
            code.extend(cast(*ty, *kind));
            code.push(local.set());
        }
        code
    }

    /// How many entries there are to the code that saves.
    pub(super) fn entries(&self) -> usize {
        self.exits.count()
    }

    /// The entry of a site.
    pub(super) fn entry(&self, site: usize) -> usize {
        self.exits.of(site)
    }

    /// The saved locals that are set to 0 at a site, because they are dead after it.
    pub(super) fn zeroed(&self, site: usize) -> Locals {
        let saved = self.exits.zeroed(site).iter().map(|number| &self.saved[*number]);
        saved.map(|saved| (saved.local, saved.ty)).collect()
    }
}
