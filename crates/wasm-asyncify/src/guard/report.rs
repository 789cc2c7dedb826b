//! The code that reports what a check found.

use wasm_encoder::Instruction::{
    End, I32And, I32Const, I32Eq, I32Eqz, I32GeU, I32Load8U, I32LtU, I32Or, I32ShrU, I32Store,
    I32Sub, I64And, I64Const, I64ExtendI32U, I64GeU, I64LtU, I64ShrU, I64Store, I64Sub, If,
    LocalGet, LocalTee, MemoryInit, MemorySize, Unreachable,
};
use wasm_encoder::{BlockType, ConstExpr, Function, Instruction, MemArg, MemArgTarget};

use super::code::{CheckGlobals, Globals, Writer};
use super::stack::{ABOVE_LOW_END, RESERVE};
use crate::abi;
use crate::initialisers::{ALIVE, Place};
use crate::module::{DataIndex, FunctionIndex, GlobalIndex};

impl Writer {
    /// The body of `bysyncify_set_reporter(reporter)`.
    pub(super) fn set_reporter(&self, checks: CheckGlobals) -> Function {
        self.function(0, vec![LocalGet(0), checks.reporter.set()])
    }

    /// `(new, …who)`: calls `report` if the stack pointer would pass the limit when it is set to `new`. If it was
    /// below the reserve before, the code uses a stack of its own, and that is no overflow. `new` may be so far below
    /// that it wraps to a large number.
    pub(super) fn passed(
        &self,
        limit: GlobalIndex,
        parameters: u32,
        report: FunctionIndex,
    ) -> Function {
        let (is_less, is_not_less, shift) =
            if self.memory64 { (I64LtU, I64GeU, I64ShrU) } else { (I32LtU, I32GeU, I32ShrU) };
        let mut code = vec![LocalGet(0), limit.get(), is_less];
        // Tests whether the address is above all memory.
        code.extend([LocalGet(0), self.constant(16), shift, MemorySize(0), is_not_less.clone()]);
        code.extend([I32Or, self.globals.stack_pointer.get(), limit.get()]);
        code.extend([self.constant(RESERVE), self.sub(), is_not_less, I32And]);
        code.extend([limit.get(), self.is_null(), I32Eqz, I32And]);
        code.push(If(BlockType::Empty));
        code.extend([LocalGet(0), self.constant(ABOVE_LOW_END), self.sub()]);
        code.extend((1..parameters).map(LocalGet));
        code.extend([report.call(), End]);
        self.function(0, code)
    }

    /// `(…who)`: calls `report`, because the stack pointer, which was set already, has passed the limit. On the
    /// host's stack there is no limit: then that stack has run into address 0.
    pub(super) fn was_passed(
        &self,
        limit: GlobalIndex,
        parameters: u32,
        report: FunctionIndex,
    ) -> Function {
        let mut code = vec![limit.get(), self.is_null(), If(BlockType::Empty), Unreachable, End];
        code.push(self.globals.stack_pointer.get());
        code.extend([self.constant(ABOVE_LOW_END), self.sub()]);
        code.extend((0..parameters).map(LocalGet));
        code.push(report.call());
        self.function(0, code)
    }

    /// Calls `report` if a coroutine is current.
    pub(super) fn assert_not_in_coroutine(
        &self,
        who: &[Instruction<'static>],
        report: FunctionIndex,
    ) -> Vec<Instruction<'static>> {
        let mut code = vec![self.globals.current_core.get(), self.is_null(), I32Eqz];
        code.extend([If(BlockType::Empty), self.constant(abi::REPORT_PARKED as u64)]);
        code.extend(who.iter().cloned());
        code.extend([report.call(), End]);
        code
    }

    /// Calls `report` if the state of a `thread_local!` is alive.
    pub(super) fn assert_dead(
        &self,
        state: Place,
        who: &[Instruction<'static>],
        report: FunctionIndex,
    ) -> Vec<Instruction<'static>> {
        let base = state.base.map_or(self.null(), GlobalIndex::get);
        let target = MemArgTarget::Memory(0);
        let memarg = MemArg { offset: state.address, align: 0, target, ordering: None };
        let mut code = vec![base, I32Load8U(memarg), I32Const(ALIVE), I32Eq];
        code.extend([If(BlockType::Empty), self.constant(abi::REPORT_REINITIALISED as u64)]);
        code.extend(who.iter().cloned());
        code.extend([report.call(), End]);
        code
    }

    /// Calls `report` if a coroutine is being suspended.
    pub(super) fn assert_not_unwinding(
        &self,
        unwinding: GlobalIndex,
        who: &[Instruction<'static>],
        report: FunctionIndex,
    ) -> Vec<Instruction<'static>> {
        let mut code = vec![unwinding.get(), If(BlockType::Empty), self.null()];
        code.extend(who.iter().cloned());
        code.extend([report.call(), End]);
        code
    }

    /// `(callee, …who)`: reports that a coroutine is being suspended where it is assumed not to be.
    pub(super) fn suspended(
        &self,
        callee: GlobalIndex,
        parameters: u32,
        report: FunctionIndex,
    ) -> Function {
        let mut code = vec![LocalGet(0), callee.set(), self.null()];
        code.extend((1..parameters).map(LocalGet));
        code.push(report.call());
        self.function(0, code)
    }

    /// Calls `suspended` if a coroutine is being suspended. `callee` is the callee of the call before, if it is
    /// known.
    pub(super) fn assume_not_unwinding(
        &self,
        unwinding: GlobalIndex,
        callee: Option<FunctionIndex>,
        who: &[Instruction<'static>],
        suspended: FunctionIndex,
    ) -> Vec<Instruction<'static>> {
        // Encoded as in the library's `Report`.
        let callee = callee.map_or(u64::MAX, |callee| u64::from(callee.0) + 1);
        let mut code = vec![unwinding.get(), If(BlockType::Empty), self.constant(callee)];
        code.extend(who.iter().cloned());
        code.extend([suspended.call(), End]);
        code
    }

    /// Ends the program with a message: `(lowest, number)`, or `(lowest, number, text, length)` with the data segment
    /// of the texts. `lowest` is null if the report is about a suspend. The code runs on the host's stack, where
    /// there is room.
    pub(super) fn report(
        &self,
        checks: CheckGlobals,
        outside: FunctionIndex,
        texts: Option<DataIndex>,
    ) -> Function {
        let Globals { stack_pointer, host_stack, limit, current_core, .. } = self.globals;
        let (lowest, number, offset, length) = (0, 1, 2, 3);
        let report = if texts.is_some() { 4 } else { 2 };
        let word = if self.memory64 { 8 } else { 4 };
        let field = |offset: usize| self.store(offset as u64 * word);
        let size = self.constant(abi::REPORT_WORDS as u64 * word);
        // The report, and above it the text.
        let mut code = vec![host_stack.get()];
        if texts.is_some() {
            code.push(LocalGet(length));
            code.extend(self.extended());
            code.push(self.sub());
        }
        code.extend([size.clone(), self.sub()]);
        code.extend([self.constant(16_u64.wrapping_neg()), self.and(), LocalTee(report)]);
        code.push(stack_pointer.set());
        let text = [LocalGet(report), size, self.add()];
        if let Some(DataIndex(data_index)) = texts {
            code.extend(text.clone());
            code.extend([LocalGet(offset), LocalGet(length), MemoryInit { mem: 0, data_index }]);
        }
        // This is an address even if there is no text.
        code.push(LocalGet(report));
        code.extend(text);
        code.extend([field(abi::REPORT_FUNCTION), LocalGet(report)]);
        code.push(if texts.is_some() { LocalGet(length) } else { I32Const(0) });
        code.extend(self.extended());
        code.extend([field(abi::REPORT_FUNCTION_LEN), LocalGet(report), LocalGet(number)]);
        code.extend(self.extended());
        code.extend([field(abi::REPORT_NUMBER), LocalGet(report), LocalGet(lowest)]);
        code.extend([field(abi::REPORT_LOWEST), LocalGet(report)]);
        code.push(checks.callee.map_or(self.null(), GlobalIndex::get));
        code.push(field(abi::REPORT_CALLEE));
        if let Some(limit) = limit {
            // There is a limit only on the stack of a coroutine, and that one is current then.
            code.extend([LocalGet(report), current_core.get(), field(abi::REPORT_OWNER)]);
            code.extend([self.null(), limit.set()]);
        }
        code.extend([checks.reporter.get(), LocalGet(report), outside.call(), Unreachable]);
        self.function(1, code)
    }

    /// The initial value of the reserve's global.
    pub(super) fn above_low_end(&self) -> ConstExpr {
        let value = ABOVE_LOW_END.cast_signed();
        if self.memory64 { ConstExpr::i64_const(value) } else { ConstExpr::i32_const(value as i32) }
    }

    fn constant(&self, value: u64) -> Instruction<'static> {
        let value = value.cast_signed();
        if self.memory64 { I64Const(value) } else { I32Const(value as i32) }
    }

    pub(super) fn sub(&self) -> Instruction<'static> {
        if self.memory64 { I64Sub } else { I32Sub }
    }

    fn and(&self) -> Instruction<'static> {
        if self.memory64 { I64And } else { I32And }
    }

    fn store(&self, offset: u64) -> Instruction<'static> {
        let at = |align| MemArg { offset, align, target: MemArgTarget::Memory(0), ordering: None };
        if self.memory64 { I64Store(at(3)) } else { I32Store(at(2)) }
    }

    /// Extends an `i32` to an address.
    fn extended(&self) -> Option<Instruction<'static>> {
        self.memory64.then_some(I64ExtendI32U)
    }
}
