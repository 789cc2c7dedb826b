//! The functions that instrumented functions share to save and restore.
//!
//! | | |
//! |---|---|
//! | `save_i32_3(a, b, c)` | makes room for 12 bytes and writes them |
//! | `save_i64(a)` | the same with 8 bytes |
//! | `restore_i32()` | removes the last 4 bytes and returns them |
//! | `save_extern(a)` | makes room for 4 bytes, keeps the reference, and writes its place |
//! | `keep_extern(a)`, `take_extern(place)` | see [`references`](super::references); for both forms |
//!
//! So two bytes of code save a local, and four restore it, instead of seven each. What was saved last is restored
//! first.
//!
//! An optimiser must not inline these functions. At `-O3`, Binaryen inlines functions of up to 20 instructions that
//! contain no call. So all of them call `move`, and `move` contains a call, too.

use std::collections::BTreeMap;

use wasm_encoder::{BlockType, Function, Instruction, ValType};
use wasmparser::RefType;

use super::additions::Globals;
use super::flat::segment;
use super::references::{Kind, Tables};
use super::runtime::{Runtime, function};
use super::shared;
use super::stand_ins::{Making, StandIns};
use super::types::Types;
use crate::module::GlobalIndex;

/// The largest number of locals that one call saves.
pub(super) const MOST: u8 = 8;

/// One of these functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Helper {
    /// Moves the end of the frames by a number of bytes, which can be negative. Returns where it was, or null if it
    /// is too far now.
    Move,
    /// In the flat form: moves the address of what is restored next. Returns where it was.
    Advance,
    /// Saves this many `i32`s.
    SaveI32(u8),
    /// Saves one value.
    Save(Number),
    /// Restores one value.
    Restore(Number),
    /// Keeps a reference, and returns its place.
    Keep(Kind),
    /// Takes a reference back.
    Take(Kind),
    /// Is never called: only a reference to it is needed. It has this type.
    Never(u32),
}

impl Helper {
    pub(super) fn name(self) -> String {
        match self {
            Self::Move => "asyncify_move".to_owned(),
            Self::Advance => "asyncify_advance".to_owned(),
            Self::SaveI32(count) => format!("asyncify_save_i32_{count}"),
            Self::Save(number) => format!("asyncify_save_{}", number.name()),
            Self::Restore(number) => format!("asyncify_restore_{}", number.name()),
            Self::Keep(kind) => format!("asyncify_keep_{}", kind.name()),
            Self::Take(kind) => format!("asyncify_take_{}", kind.name()),
            Self::Never(ty) => format!("asyncify_never_{ty}"),
        }
    }
}

/// The type of a local that can be saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Number {
    I32,
    I64,
    F32,
    F64,
    /// A reference: its place is saved.
    Reference(Kind),
}

impl Number {
    /// Returns nothing for any other type, and for references.
    pub(super) fn for_type(ty: wasmparser::ValType) -> Option<Self> {
        match ty {
            wasmparser::ValType::I32 => Some(Self::I32),
            wasmparser::ValType::I64 => Some(Self::I64),
            wasmparser::ValType::F32 => Some(Self::F32),
            wasmparser::ValType::F64 => Some(Self::F64),
            wasmparser::ValType::V128 | wasmparser::ValType::Ref(_) => None,
        }
    }

    fn ty(self) -> ValType {
        match self {
            Self::I32 => ValType::I32,
            Self::I64 => ValType::I64,
            Self::F32 => ValType::F32,
            Self::F64 => ValType::F64,
            Self::Reference(kind) => kind.ty(),
        }
    }

    pub(in crate::instrument) fn bytes(self) -> u32 {
        match self {
            Self::I32 | Self::F32 | Self::Reference(_) => 4,
            Self::I64 | Self::F64 => 8,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Reference(kind) => kind.name(),
        }
    }

    fn store(self, runtime: Runtime, offset: u32) -> Instruction<'static> {
        let at = runtime.at(offset);
        match self {
            Self::I32 | Self::Reference(_) => Instruction::I32Store(at),
            Self::I64 => Instruction::I64Store(at),
            Self::F32 => Instruction::F32Store(at),
            Self::F64 => Instruction::F64Store(at),
        }
    }

    fn load(self, runtime: Runtime) -> Instruction<'static> {
        let at = runtime.at(0);
        match self {
            Self::I32 | Self::Reference(_) => Instruction::I32Load(at),
            Self::I64 => Instruction::I64Load(at),
            Self::F32 => Instruction::F32Load(at),
            Self::F64 => Instruction::F64Load(at),
        }
    }
}

/// The helpers that a module uses.
#[derive(Debug)]
pub(super) struct Helpers {
    runtime: Runtime,
    /// The index of the first helper.
    first: u32,
    used: BTreeMap<Helper, u32>,
    /// The tables in which references are kept.
    pub(super) tables: Tables,
    pub(super) globals: Globals,
    stand_ins: StandIns,
}

impl Helpers {
    /// Begins with the helpers that are known to be used; the first is function `first`.
    pub(super) fn new(
        runtime: Runtime,
        first: u32,
        known: &[Helper],
        tables: Tables,
        globals: Globals,
    ) -> Self {
        let used = known.iter().copied().zip(first..).collect();
        Self { runtime, first, used, tables, globals, stand_ins: StandIns::default() }
    }

    /// Returns a call of a helper.
    pub(super) fn call(&mut self, helper: Helper) -> Instruction<'static> {
        match helper {
            Helper::Keep(kind) | Helper::Take(kind) => {
                self.tables.need(kind, &mut self.globals);
            }
            Helper::Save(Number::Reference(kind)) => {
                self.call(Helper::Keep(kind));
            }
            Helper::Restore(Number::Reference(kind)) => {
                self.call(Helper::Take(kind));
            }
            _ => {}
        }
        match helper {
            Helper::Restore(_) if self.runtime.is_flat => _ = self.index(Helper::Advance),
            Helper::SaveI32(_) | Helper::Save(_) | Helper::Restore(_) => {
                self.index(Helper::Move);
            }
            _ => {}
        }
        Instruction::Call(self.index(helper))
    }

    /// The global with the stand-in for a reference that cannot be null, if there can be one.
    pub(super) fn stand_in(
        &mut self,
        reference: RefType,
        types: &Types<'_>,
    ) -> Option<GlobalIndex> {
        let Self { first, used, globals, stand_ins, .. } = self;
        let mut making = Making {
            types,
            globals,
            function: self.runtime.push,
            never: &mut |ty| index(*first, used, Helper::Never(ty)),
        };
        stand_ins.global(reference, &mut making)
    }

    fn index(&mut self, helper: Helper) -> u32 {
        index(self.first, &mut self.used, helper)
    }

    /// The number of helpers.
    pub(super) fn count(&self) -> usize {
        self.used.len()
    }

    /// All helpers that are used, by their indices.
    pub(super) fn used(&self) -> Vec<(u32, Helper)> {
        let mut used: Vec<_> = self.used.iter().map(|(helper, index)| (*index, *helper)).collect();
        used.sort_unstable();
        used
    }

    /// The types of a helper's parameters and results, if a type is added for it.
    pub(super) fn ty(&self, helper: Helper) -> Option<(Vec<ValType>, Vec<ValType>)> {
        let address = self.runtime.address();
        Some(match helper {
            Helper::Move | Helper::Advance => (vec![address], vec![address]),
            Helper::SaveI32(count) => (vec![ValType::I32; count.into()], Vec::new()),
            Helper::Save(number) => (vec![number.ty()], Vec::new()),
            Helper::Restore(number) => (Vec::new(), vec![number.ty()]),
            Helper::Keep(kind) => (vec![kind.ty()], vec![ValType::I32]),
            Helper::Take(kind) => (vec![ValType::I32], vec![kind.ty()]),
            Helper::Never(_) => return None,
        })
    }

    pub(super) fn code(&self, helper: Helper) -> Function {
        match helper {
            Helper::Move => shared::move_end(self.runtime, self.used[&Helper::Move]),
            Helper::Advance => segment::advance(self.runtime, self.used[&Helper::Advance]),
            Helper::SaveI32(count) => self.save(Number::I32, count.into()),
            Helper::Save(number) => self.save(number, 1),
            Helper::Restore(number) => self.restore(number),
            Helper::Keep(kind) => self.tables.keep(kind),
            Helper::Take(kind) => self.tables.take(kind),
            Helper::Never(_) => function([], &[Instruction::Unreachable]),
        }
    }

    fn save(&self, number: Number, count: u32) -> Function {
        let frame = count;
        let mut code = vec![
            self.runtime.constant(count * number.bytes()),
            Instruction::Call(self.used[&Helper::Move]),
            Instruction::LocalTee(frame),
        ];
        if self.runtime.memory64 {
            code.extend([Instruction::I64Eqz, Instruction::I32Eqz]);
        }
        code.push(Instruction::If(BlockType::Empty));
        for local in 0..count {
            // In the flat form, the last argument is the function's number, which comes first.
            let at = if self.runtime.is_flat { count - 1 - local } else { local };
            let store = number.store(self.runtime, at * number.bytes());
            code.extend([Instruction::LocalGet(frame), Instruction::LocalGet(local)]);
            if let Number::Reference(kind) = number {
                code.push(Instruction::Call(self.used[&Helper::Keep(kind)]));
            }
            code.push(store);
        }
        code.push(Instruction::End);
        function([(1, self.runtime.address())], &code)
    }

    fn restore(&self, number: Number) -> Function {
        let size = self.runtime.constant(number.bytes());
        let mut code = match self.runtime.is_flat {
            true => vec![size, Instruction::Call(self.used[&Helper::Advance])],
            false => vec![
                self.runtime.distance(-number.bytes().cast_signed()),
                Instruction::Call(self.used[&Helper::Move]),
                size,
                self.runtime.subtract(),
            ],
        };
        code.push(number.load(self.runtime));
        if let Number::Reference(kind) = number {
            code.push(Instruction::Call(self.used[&Helper::Take(kind)]));
        }
        function([], &code)
    }
}

/// The index of a helper. The first helper has index `first`.
fn index(first: u32, used: &mut BTreeMap<Helper, u32>, helper: Helper) -> u32 {
    let next = first + used.len() as u32;
    *used.entry(helper).or_insert(next)
}
