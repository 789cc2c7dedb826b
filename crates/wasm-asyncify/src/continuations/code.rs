//! The code of the added functions, and the code that replaces the switch's calls of Asyncify.

use wasm_encoder::Instruction::{
    Block, Br, Call, CallIndirect, ContNew, Drop, Else, End, F32Const, I32Const, I32Eq, I32Eqz,
    I32Load, I32Store, If, LocalGet, LocalSet, Loop, RefNull, Resume, Return, Suspend, TableGet,
    TableGrow, TableSet, Unreachable,
};
use wasm_encoder::{
    BlockType, Function, Handle, HeapType, Instruction, MemArg, MemArgTarget, RefType, ValType,
};
use wasmparser::Operator;

use super::layout::{Asyncify, Layout};
use crate::abi;
use crate::module::FunctionIndex;

/// Stands for no slot.
pub(super) const NONE: i32 = -1;

// Parameters and locals of `run`.
const DATA: u32 = 0;
const ENTRY: u32 = 2;
const SLOT: u32 = 3;
const RESULT: u32 = 4;
const CONTINUATION: u32 = 5;

/// Writes code for a module with this layout.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writer<'a>(pub(super) &'a Layout);

impl Writer<'_> {
    /// The replacement of an instruction of the switch. None if the instruction stays.
    pub(super) fn in_place_of(
        self,
        function: FunctionIndex,
        operator: &Operator<'_>,
    ) -> Option<Vec<Instruction<'static>>> {
        let Self(layout) = self;
        match operator {
            Operator::Call { function_index } => {
                match layout.removed.get(&FunctionIndex(*function_index))? {
                    // The parameter is the library's `Wait`: call this function again with it. It finds the phase
                    // that the resume has set.
                    Asyncify::StartUnwind => Some(vec![
                        Drop,
                        I32Const(0),
                        Suspend(layout.tag().0),
                        Drop,
                        LocalGet(0),
                        Call(layout.new_index(layout.suspend)),
                        Return,
                    ]),
                    Asyncify::StartRewind => Some(vec![Drop]),
                    Asyncify::Stop => Some(Vec::new()),
                }
            }
            // The operands stay: the entry function is the last of them.
            Operator::CallIndirect { .. } if function == layout.resume => {
                Some(vec![Call(layout.run())])
            }
            _ => None,
        }
    }

    /// `run(data, tag, entry)`: resumes the current coroutine if it was suspended; otherwise has a worker call
    /// `entry(data, tag)`. Returns 0 if the coroutine waits, and otherwise the result of the entry function.
    pub(super) fn run(self) -> Function {
        let Self(layout) = self;
        let locals = [(2, ValType::I32), (1, ValType::Ref(self.continuation()))];
        let mut code = vec![layout.current_core.get(), I32Load(self.field(abi::PHASE))];
        code.extend([I32Const(abi::REWINDING as i32), I32Eq, If(BlockType::Empty)]);
        code.extend(self.place_of_slot());
        code.extend([I32Load(at(0)), LocalSet(SLOT), Else]);
        // If no worker is idle, make one. It suspends at once, as an idle one.
        code.extend([layout.idle().get(), I32Const(NONE), I32Eq, If(BlockType::Empty)]);
        code.extend([RefNull(HeapType::Concrete(layout.continuation())), I32Const(1)]);
        // If the table cannot grow, the slot is -1, and `table.set` traps.
        code.extend([TableGrow(layout.table()), LocalSet(SLOT)]);
        let new = [layout.worker_reference().get(), ContNew(layout.continuation())];
        code.extend(self.resume(&new));
        code.extend([End, layout.idle().get(), LocalSet(SLOT)]);
        code.extend([
            LocalGet(ENTRY),
            layout.entry().set(),
            LocalGet(DATA),
            layout.data().set(),
            End,
        ]);
        code.extend(self.resume(&[LocalGet(SLOT), TableGet(layout.table())]));
        code.extend([LocalGet(RESULT), I32Eqz, If(BlockType::Empty)]);
        code.extend(self.place_of_slot());
        code.extend([LocalGet(SLOT), I32Store(at(0)), End, LocalGet(RESULT)]);
        function(locals, &code)
    }

    /// `worker(slot)`: never returns.
    pub(super) fn worker(self) -> Function {
        const SLOT: u32 = 0;
        const NEXT: u32 = 1;
        const RESULT: u32 = 2;
        let Self(layout) = self;
        let idle = layout.idle();
        let (type_index, table_index) = (layout.entry_type, layout.entry_table);
        let code = [
            // `run`, which makes the worker, ignores this result.
            I32Const(1),
            LocalSet(RESULT),
            Loop(BlockType::Empty),
            idle.get(),
            LocalSet(NEXT),
            LocalGet(SLOT),
            idle.set(),
            LocalGet(RESULT),
            Suspend(layout.tag().0),
            Drop,
            LocalGet(NEXT),
            idle.set(),
            layout.data().get(),
            F32Const(0.0.into()),
            layout.entry().get(),
            CallIndirect { type_index, table_index },
            LocalSet(RESULT),
            Br(0),
            End,
        ];
        function([(2, ValType::I32)], &code)
    }

    /// Resumes the continuation that `continuation` puts on the stack. Then stores the new continuation in the slot, and
    /// the value given with `suspend` in `RESULT`.
    fn resume(self, continuation: &[Instruction<'static>]) -> Vec<Instruction<'static>> {
        let Self(layout) = self;
        let mut code = vec![Block(BlockType::FunctionType(layout.handler_type())), LocalGet(SLOT)];
        code.extend_from_slice(continuation);
        let resume_table = vec![Handle::OnLabel { tag: layout.tag().0, label: 0 }].into();
        code.extend([
            Resume { cont_type_index: layout.continuation(), resume_table },
            Unreachable,
            End,
        ]);
        code.extend([LocalSet(CONTINUATION), LocalSet(RESULT)]);
        code.extend([LocalGet(SLOT), LocalGet(CONTINUATION), TableSet(layout.table())]);
        code
    }

    /// The type of a nullable reference to a continuation.
    pub(super) fn continuation(self) -> RefType {
        RefType { nullable: true, heap_type: HeapType::Concrete(self.0.continuation()) }
    }

    /// The address at which the current coroutine keeps the number of its slot while it is suspended.
    fn place_of_slot(self) -> Vec<Instruction<'static>> {
        const BYTES: i32 = size_of::<u32>() as i32;
        let mut code = vec![self.0.current_core.get()];
        code.extend(match self.0.memory64 {
            true => [
                Instruction::I64Load(self.field(abi::STACK_POINTER)),
                Instruction::I64Const(BYTES.into()),
                Instruction::I64Sub,
            ],
            false => {
                [I32Load(self.field(abi::STACK_POINTER)), I32Const(BYTES), Instruction::I32Sub]
            }
        });
        code
    }

    /// A field of a core.
    fn field(self, pointers: usize) -> MemArg {
        let size = if self.0.memory64 { 8 } else { 4 };
        at((pointers * size) as u64)
    }
}

fn at(offset: u64) -> MemArg {
    MemArg { offset, align: 2, target: MemArgTarget::Memory(0), ordering: None }
}

fn function<const N: usize>(locals: [(u32, ValType); N], code: &[Instruction<'_>]) -> Function {
    let mut function = Function::new(locals);
    for instruction in code.iter().chain([&End]) {
        function.instruction(instruction);
    }
    function
}
