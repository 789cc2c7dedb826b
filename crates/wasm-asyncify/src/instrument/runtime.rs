//! What instrumented functions share: the state, and where frames are saved.
//!
//! A program's imports from module `asyncify` become functions of its own, as Binaryen's documentation of the pass
//! describes them:
//!
//! | | state afterwards | |
//! |---|---|---|
//! | `start_unwind(data)` | 1, unwinding | frames are saved from `data->start` on |
//! | `stop_unwind()` | 0, normal | |
//! | `start_rewind(data)` | 2, rewinding | frames are taken from below `data->start` |
//! | `stop_rewind()` | 0, normal | |
//!
//! If the host suspends code, it finds these as exports, `asyncify_start_unwind` and so on, and `asyncify_get_state`.
//!
//! `data` points to two pointers, `start` and `end`. Each of the four functions traps if `start` has passed `end`,
//! unless all their callers check that. A frame that does not fit is not written, but `start` still moves. So code
//! that reads it before `stop_unwind` traps sees how much room was needed.

use crate::module::{GlobalIndex, MemoryIndex};
use wasm_encoder::{Function, Instruction, MemArg, MemArgTarget, ValType};

/// The imports that are replaced, in order.
pub(super) const REPLACED: [&str; 4] =
    ["start_unwind", "stop_unwind", "start_rewind", "stop_rewind"];

/// Indices of what is added to the module, and the width of its addresses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Runtime {
    /// The memory that frames are in.
    pub(super) memory: MemoryIndex,
    pub(super) memory64: bool,
    /// The global with the state: an `i32`.
    pub(super) state: GlobalIndex,
    /// The global with the argument of the last `start_*`: an address.
    pub(super) data: GlobalIndex,
    /// In the flat form: the global with the address of what is restored next.
    pub(super) frame: GlobalIndex,
    /// The function that makes room for a frame of this many bytes. It returns the frame's address, or null if the
    /// frame does not fit.
    pub(super) push: u32,
    /// The function that removes such a frame. It returns the frame's address.
    pub(super) pop: u32,
    /// Whether functions are resumed one by one: see [`flat`](super::flat).
    pub(super) is_flat: bool,
    /// Whether all callers of the four functions compare `start` with `end` first.
    pub(super) callers_check: bool,
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

    /// The distance by which an address is moved.
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

    /// The operand of an access to `data`, or to a frame.
    pub(super) fn at(self, offset: u32) -> MemArg {
        let target = MemArgTarget::Memory(self.memory.0);
        MemArg { offset: offset.into(), align: 2, target, ordering: None }
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
