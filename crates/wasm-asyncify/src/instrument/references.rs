//! Where references are while a function that holds them is suspended. They cannot be written to memory. So each is
//! *kept* in a table that is added to the module, and the frame has its place there.
//!
//! ```text
//!                 place  0      1      2      3      4      5      6      7
//!   asyncify_extern  ┌──────┬──────┬──────┬──────┬──────┬──────┬──────┬──────┐
//!                    │ null │  a   │ null │  b   │ null │ null │ null │ null │     live = 2
//!                    └──────┴──▲───┴──────┴──▲───┴──▲───┴──────┴──────┴──────┘     next = 4
//!                              │             │      next
//!   frame ─► ┌───────┬─────────┴──┬──────────┴─┐
//!            │  i32  │ i32: 1     │ i32: 3     │
//!            └───────┴────────────┴────────────┘
//! ```
//!
//! | | |
//! |---|---|
//! | `keep_extern(reference) → place` | puts it where the next null is, from `next` on, cyclically |
//! | `take_extern(place) → reference` | takes it out, and leaves null |
//!
//! Place 0 is always null, so a null takes no place of its own. All other nulls are free places, and keep nothing
//! alive. There is no list of free places, because a table cannot hold numbers, so they are searched for. That takes
//! two steps for each reference on average: `next` only moves forward, and the table doubles before it is more than
//! half full. In one round, `next` passes at most as many full places as there were when the round began, which is
//! half of the table. All other places it has given away.
//!
//! `keep` traps if the table cannot grow: nothing is lost silently. `take` traps if the place is empty, as it is if a
//! frame is rewound twice.
//!
//! There is one such table for each [`Kind`], if the module needs it.

use wasm_encoder::{
    AbstractHeapType, BlockType, ConstExpr, Function, GlobalType, HeapType, Instruction, RefType,
    TableType, ValType,
};

use super::additions::Globals;
use super::runtime::function;
use crate::module::{AddedTable, GlobalIndex, TableIndex};

/// The number of places in a new table.
const PLACES: u32 = 16;

/// The table in which a reference is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Extern,
    Func,
    Exn,
    /// All references that the module's own instructions make: structs, arrays, `i31`. A reference that is taken out
    /// of this table, or has a function's type, is cast.
    Any,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Extern => "extern",
            Self::Func => "func",
            Self::Exn => "exn",
            Self::Any => "any",
        }
    }

    pub(super) fn heap(self) -> HeapType {
        match self {
            Self::Extern => HeapType::EXTERN,
            Self::Func => HeapType::FUNC,
            Self::Exn => HeapType::Abstract { shared: false, ty: AbstractHeapType::Exn },
            Self::Any => HeapType::ANY,
        }
    }

    fn reference(self) -> RefType {
        RefType { nullable: true, heap_type: self.heap() }
    }

    pub(super) fn ty(self) -> ValType {
        ValType::Ref(self.reference())
    }
}

/// The tables that a module needs.
#[derive(Debug)]
pub(super) struct Tables {
    first: TableIndex,
    /// In order of their indices.
    used: Vec<Table>,
}

/// The indices of a table, and of its globals.
#[derive(Clone, Copy, Debug)]
struct Table {
    kind: Kind,
    table: TableIndex,
    /// How many references are kept.
    live: GlobalIndex,
    /// Where the search for a free place begins.
    next: GlobalIndex,
}

impl Tables {
    /// No tables yet; the first that is added will have this index.
    pub(super) fn new(first: TableIndex) -> Self {
        Self { first, used: Vec::new() }
    }

    /// Adds a table of this kind, if there is none.
    pub(super) fn need(&mut self, kind: Kind, globals: &mut Globals) {
        if self.used.iter().any(|it| it.kind == kind) {
            return;
        }
        let mut add = |value, what| {
            let ty = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
            let name = format!("asyncify_{}_{what}", kind.name());
            globals.add(ty, ConstExpr::i32_const(value), name)
        };
        let table = self.first.plus(self.used.len() as u32);
        self.used.push(Table { kind, table, live: add(0, "live"), next: add(1, "next") });
    }

    /// The tables, in the order of their indices.
    pub(super) fn added(&self) -> impl Iterator<Item = AddedTable> {
        self.used.iter().map(|Table { kind, .. }| {
            let ty = TableType {
                element_type: kind.reference(),
                table64: false,
                minimum: PLACES.into(),
                maximum: None,
                shared: false,
            };
            AddedTable { name: Some(format!("asyncify_{}", kind.name())), ty }
        })
    }

    /// The code of the function that keeps a reference.
    pub(super) fn keep(&self, kind: Kind) -> Function {
        let table = self.used.iter().find(|it| it.kind == kind);
        function([], &table.map(|table| table.keep()).unwrap_or_default())
    }

    /// The code of the function that takes a reference back.
    pub(super) fn take(&self, kind: Kind) -> Function {
        let table = self.used.iter().find(|it| it.kind == kind);
        function([], &table.map(|table| table.take()).unwrap_or_default())
    }
}

impl Table {
    fn keep(self) -> Vec<Instruction<'static>> {
        use Instruction::{
            Br, End, I32Add, I32Const, I32Eq, I32Eqz, I32GeU, I32LtU, I32Shl, If, LocalGet, Loop,
            RefIsNull, RefNull, Return, TableGet, TableGrow, TableSet, TableSize, Unreachable,
        };
        let Self { kind, table: TableIndex(table), live, next } = self;
        let reference = 0;
        let mut code =
            vec![LocalGet(reference), RefIsNull, If(BlockType::Empty), I32Const(0), Return, End];
        code.extend([live.get(), I32Const(1), I32Add, live.set()]);
        // Grows if the table would be more than half full.
        code.extend([TableSize(table), live.get(), I32Const(1), I32Shl, I32LtU]);
        code.extend([If(BlockType::Empty), TableSize(table), next.set()]);
        code.extend([
            RefNull(kind.heap()),
            TableSize(table),
            TableGrow(table),
            I32Const(-1),
            I32Eq,
        ]);
        code.extend([If(BlockType::Empty), Unreachable, End, End]);
        // Searches for a free place.
        code.extend([Loop(BlockType::Empty), next.get(), TableSize(table), I32GeU]);
        code.extend([If(BlockType::Empty), I32Const(1), next.set(), End]);
        code.extend([next.get(), TableGet(table), RefIsNull, I32Eqz, If(BlockType::Empty)]);
        code.extend([next.get(), I32Const(1), I32Add, next.set(), Br(1), End, End]);
        code.extend([next.get(), LocalGet(reference), TableSet(table), next.get()]);
        code.extend([next.get(), I32Const(1), I32Add, next.set()]);
        code
    }

    fn take(self) -> Vec<Instruction<'static>> {
        use Instruction::{
            End, I32Const, I32Sub, If, LocalGet, RefIsNull, RefNull, TableGet, TableSet,
            Unreachable,
        };
        let Self { kind, table: TableIndex(table), live, .. } = self;
        let place = 0;
        let mut code = vec![LocalGet(place), If(BlockType::Empty)];
        code.extend([LocalGet(place), TableGet(table), RefIsNull]);
        code.extend([If(BlockType::Empty), Unreachable, End]);
        code.extend([live.get(), I32Const(1), I32Sub, live.set(), End]);
        code.extend([LocalGet(place), TableGet(table)]);
        code.extend([LocalGet(place), RefNull(kind.heap()), TableSet(table)]);
        code
    }
}
