//! The code of the checks of a debug build.

use wasm_encoder::Instruction::{
    Call, End, GlobalGet, GlobalSet, I32And, I32Const, I32Eqz, I32Store, I32Sub, I64And, I64Const,
    I64ExtendI32U, I64LtU, I64Store, I64Sub, If, LocalGet, LocalTee, MemoryInit, Unreachable,
};
use wasm_encoder::{BlockType, Function, Instruction, MemArg, MemArgTarget};

use super::code::{CheckGlobals, Globals, Writer};

/// The addresses in the library's `Report`.
const REPORT_WORDS: u64 = 4;

impl Writer {
    /// The body of `bysyncify_set_reporter(reporter, core_size)`.
    pub(super) fn set_reporter(&self, checks: CheckGlobals) -> Function {
        let CheckGlobals { reporter, core_size, .. } = checks;
        let code = [LocalGet(0), GlobalSet(reporter), LocalGet(1), GlobalSet(core_size)];
        self.function(0, code.into())
    }

    /// Sets the stack pointer: `(new, text)`. Calls `report` if that is below the coroutine's
    /// stack; unless it was already, because some code has brought a stack of its own.
    pub(super) fn set_stack_pointer(&self, checks: CheckGlobals, report: u32) -> Function {
        let Globals { stack_pointer, .. } = self.globals;
        let is_less = if self.memory64 { I64LtU } else { Instruction::I32LtU };
        let code = vec![
            LocalGet(0),
            GlobalGet(checks.limit),
            is_less.clone(),
            GlobalGet(stack_pointer),
            GlobalGet(checks.limit),
            is_less,
            I32Eqz,
            I32And,
            If(BlockType::Empty),
            LocalGet(0),
            LocalGet(1),
            LocalGet(2),
            Call(report),
            End,
            LocalGet(0),
            GlobalSet(stack_pointer),
        ];
        self.function(0, code)
    }

    /// Calls `report` if a coroutine is being suspended.
    pub(super) fn assert_not_unwinding(
        &self,
        checks: CheckGlobals,
        (offset, length): (i32, i32),
        report: u32,
    ) -> [Instruction<'static>; 7] {
        [
            GlobalGet(checks.unwinding),
            If(BlockType::Empty),
            self.null(),
            I32Const(offset),
            I32Const(length),
            Call(report),
            End,
        ]
    }

    /// Ends the program with a message: `(stack_pointer, text)`, with no stack pointer if it is
    /// about a suspend. Does so on the host's stack, where
    /// there is room. `texts` is the data segment of the texts.
    pub(super) fn report(
        &self,
        checks: CheckGlobals,
        outside: u32,
        texts: Option<u32>,
    ) -> Function {
        let Globals { stack_pointer, host_stack, .. } = self.globals;
        let (offset, length, report) = (1, 2, 3);
        let word = if self.memory64 { 8 } else { 4 };
        // The report, and above it the text.
        let mut code = vec![GlobalGet(host_stack), LocalGet(length)];
        code.extend(self.extended());
        code.extend([self.sub(), self.constant(REPORT_WORDS * word), self.sub()]);
        code.extend([self.constant(16_u64.wrapping_neg()), self.and(), LocalTee(report)]);
        code.push(GlobalSet(stack_pointer));
        let text = [LocalGet(report), self.constant(REPORT_WORDS * word), self.add()];
        if let Some(data_index) = texts {
            code.extend(text.clone());
            code.extend([LocalGet(offset), LocalGet(length), MemoryInit { mem: 0, data_index }]);
        }
        code.push(LocalGet(report));
        code.extend(text);
        code.extend([self.store(0), LocalGet(report), LocalGet(length)]);
        code.extend(self.extended());
        code.extend([self.store(word), LocalGet(report), LocalGet(0), self.store(2 * word)]);
        code.extend([LocalGet(report), GlobalGet(checks.limit), self.store(3 * word)]);
        code.extend([self.null(), GlobalSet(checks.limit)]);
        code.extend([GlobalGet(checks.reporter), LocalGet(report), Call(outside), Unreachable]);
        self.function(1, code)
    }

    fn constant(&self, value: u64) -> Instruction<'static> {
        let value = value.cast_signed();
        if self.memory64 { I64Const(value) } else { I32Const(value as i32) }
    }

    fn sub(&self) -> Instruction<'static> {
        if self.memory64 { I64Sub } else { I32Sub }
    }

    fn and(&self) -> Instruction<'static> {
        if self.memory64 { I64And } else { I32And }
    }

    fn store(&self, offset: u64) -> Instruction<'static> {
        let at = |align| MemArg { offset, align, target: MemArgTarget::Memory(0), ordering: None };
        if self.memory64 { I64Store(at(3)) } else { I32Store(at(2)) }
    }

    /// Makes an address of an `i32`.
    fn extended(&self) -> Option<Instruction<'static>> {
        self.memory64.then_some(I64ExtendI32U)
    }
}
