//! What instrumented functions share: the state, and where frames are saved.
//!
//! The functions that a program imports from module `asyncify` become functions of its own, as
//! Binaryen's documentation of the pass describes them:
//!
//! | | state afterwards | |
//! |---|---|---|
//! | `start_unwind(data)` | 1, unwinding | frames are saved from `data->start` on |
//! | `stop_unwind()` | 0, normal | |
//! | `start_rewind(data)` | 2, rewinding | frames are taken from below `data->start` |
//! | `stop_rewind()` | 0, normal | |
//!
//! Where the host suspends by itself, it finds these as exports, `asyncify_start_unwind` and so on, and
//! `asyncify_get_state`.
//!
//! `data` points to two pointers, `start` and `end`. Each of the four traps if `start` has passed
//! `end`. A frame that does not fit is not written, but `start` moves all the same: so whoever
//! looks before `stop_unwind` traps sees how much would have been needed.

use wasm_encoder::{BlockType, Function, Instruction, MemArg, MemArgTarget, ValType};

use super::flat::segment;

/// The imports that are replaced, in order.
pub(super) const REPLACED: [&str; 4] =
    ["start_unwind", "stop_unwind", "start_rewind", "stop_rewind"];

/// Indices of what is added to the module, and how wide its addresses are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Runtime {
    pub(super) memory64: bool,
    /// The global with the state: an `i32`.
    pub(super) state: u32,
    /// The global with what the last `start_*` was given: an address.
    pub(super) data: u32,
    /// The function that makes room for a frame of so many bytes: its address, or null if it does
    /// not fit.
    pub(super) push: u32,
    /// The function that takes such a frame away again: its address.
    pub(super) pop: u32,
    /// Whether functions are resumed one by one: see [`flat`](super::flat).
    pub(super) is_flat: bool,
}

impl Runtime {
    pub(super) fn address(self) -> ValType {
        if self.memory64 { ValType::I64 } else { ValType::I32 }
    }

    /// A number of bytes, or an address.
    pub(super) fn constant(self, value: u32) -> Instruction<'static> {
        if self.memory64 {
            Instruction::I64Const(value.into())
        } else {
            Instruction::I32Const(value.cast_signed())
        }
    }

    /// How far to move an address.
    pub(super) fn distance(self, value: i32) -> Instruction<'static> {
        if self.memory64 {
            Instruction::I64Const(value.into())
        } else {
            Instruction::I32Const(value)
        }
    }

    pub(super) fn subtract(self) -> Instruction<'static> {
        if self.memory64 { Instruction::I64Sub } else { Instruction::I32Sub }
    }

    /// A pointer into `data`, or into a frame.
    pub(super) fn at(self, offset: u32) -> MemArg {
        MemArg { offset: offset.into(), align: 2, target: MemArgTarget::Memory(0), ordering: None }
    }

    pub(super) fn size_of_pointer(self) -> u32 {
        if self.memory64 { 8 } else { 4 }
    }

    pub(super) fn load_pointer(self, offset: u32) -> Instruction<'static> {
        if self.memory64 {
            Instruction::I64Load(self.at(offset))
        } else {
            Instruction::I32Load(self.at(offset))
        }
    }

    pub(super) fn store_pointer(self, offset: u32) -> Instruction<'static> {
        if self.memory64 {
            Instruction::I64Store(self.at(offset))
        } else {
            Instruction::I32Store(self.at(offset))
        }
    }

    pub(super) fn add(self) -> Instruction<'static> {
        if self.memory64 { Instruction::I64Add } else { Instruction::I32Add }
    }

    pub(super) fn equals(self) -> Instruction<'static> {
        if self.memory64 { Instruction::I64Eq } else { Instruction::I32Eq }
    }

    pub(super) fn is_above(self) -> Instruction<'static> {
        if self.memory64 { Instruction::I64GtU } else { Instruction::I32GtU }
    }

    /// The code of the function that takes the place of an import.
    pub(super) fn replacement(self, import: &str) -> Function {
        let state = match import {
            "start_unwind" => 1,
            "start_rewind" => 2,
            _ => 0,
        };
        let mut code = vec![Instruction::I32Const(state), Instruction::GlobalSet(self.state)];
        if import.starts_with("start") {
            code.extend([Instruction::LocalGet(0), Instruction::GlobalSet(self.data)]);
        }
        code.extend([
            Instruction::GlobalGet(self.data),
            self.load_pointer(0),
            Instruction::GlobalGet(self.data),
            self.load_pointer(self.size_of_pointer()),
            self.is_above(),
            Instruction::If(BlockType::Empty),
            Instruction::Unreachable,
            Instruction::End,
        ]);
        if self.is_flat && import == "start_unwind" {
            code.extend(segment::begin(self));
        }
        function([], &code)
    }

    /// The code of `push`.
    pub(super) fn push(self) -> Function {
        self.making_room(&[])
    }

    /// The code of the same for functions in compact form, whose index is given. It calls itself
    /// when no unwind or rewind is in progress, which never is so: because of that call no optimiser
    /// puts a copy of all this wherever it is called.
    pub(super) fn move_end(self, index: u32) -> Function {
        self.making_room(&[
            Instruction::GlobalGet(self.state),
            Instruction::I32Eqz,
            Instruction::If(BlockType::Empty),
            Instruction::LocalGet(0),
            Instruction::Call(index),
            Instruction::Drop,
            Instruction::End,
        ])
    }

    /// The code of a function that adds its parameter, a number of bytes, to `start`. It returns what
    /// `start` was, or null if it is too large now.
    fn making_room(self, first: &[Instruction<'static>]) -> Function {
        let mut code = first.to_vec();
        if self.is_flat {
            code.extend(segment::making_room(self));
            return function([(1, self.address()), (1, ValType::I32)], &code);
        }
        let (size, frame) = (0, 1);
        code.extend([
            Instruction::GlobalGet(self.data),
            Instruction::GlobalGet(self.data),
            self.load_pointer(0),
            Instruction::LocalTee(frame),
            Instruction::LocalGet(size),
            self.add(),
            self.store_pointer(0),
            Instruction::LocalGet(frame),
            self.constant(0),
            Instruction::GlobalGet(self.data),
            self.load_pointer(0),
            Instruction::GlobalGet(self.data),
            self.load_pointer(self.size_of_pointer()),
            self.is_above(),
            Instruction::I32Eqz,
            Instruction::Select,
        ]);
        function([(1, self.address())], &code)
    }

    /// The code of what tells the state.
    pub(super) fn get_state(self) -> Function {
        function([], &[Instruction::GlobalGet(self.state)])
    }

    /// The code of `pop`.
    pub(super) fn pop(self) -> Function {
        let (size, frame) = (0, 1);
        let code = [
            Instruction::GlobalGet(self.data),
            Instruction::GlobalGet(self.data),
            self.load_pointer(0),
            Instruction::LocalGet(size),
            self.subtract(),
            Instruction::LocalTee(frame),
            self.store_pointer(0),
            Instruction::LocalGet(frame),
        ];
        function([(1, self.address())], &code)
    }
}

pub(super) fn function<const N: usize>(
    locals: [(u32, ValType); N],
    code: &[Instruction<'_>],
) -> Function {
    let mut function = Function::new(locals);
    for instruction in code {
        function.instruction(instruction);
    }
    function.instruction(&Instruction::End);
    function
}
