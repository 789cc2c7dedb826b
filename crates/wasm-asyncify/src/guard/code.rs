//! The functions that the guards add to a module.

use wasm_encoder::Instruction::{
    Block, CallIndirect, CatchAll, End, I32Const, I32WrapI64, If, LocalGet, LocalSet, MemoryInit,
    Rethrow, Return, Select, ThrowRef, Try, TryTable, Unreachable,
};
use wasm_encoder::{BlockType, Catch, Function, Instruction, ValType};

use super::info::Exceptions;
use crate::abi;
use crate::module::{DataIndex, FunctionIndex, GlobalIndex, TableIndex, TypeIndex};

/// The globals that the guards use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Globals {
    /// `__stack_pointer`
    pub(super) stack_pointer: GlobalIndex,
    /// `bysyncify_current_core`
    pub(super) current_core: GlobalIndex,
    /// The value of the stack pointer when the outermost coroutine was resumed: the memory below is free.
    pub(super) host_stack: GlobalIndex,
    /// Why no coroutine is current, if one is running: see `Outside`.
    pub(super) why_outside: GlobalIndex,
    /// `bysyncify_stack_limit`: the stack pointer must not pass it; null on the host's stack.
    pub(super) limit: Option<GlobalIndex>,
}

/// The globals that the checks use.
#[derive(Clone, Copy, Debug)]
pub(super) struct CheckGlobals {
    /// The argument of `bysyncify_set_reporter`.
    pub(super) reporter: GlobalIndex,
    /// Whether a coroutine is being suspended, 0 or 1, if there are checks after calls.
    pub(super) unwinding: Option<GlobalIndex>,
    /// The callee of a call that was assumed not to suspend, as the library's `Report` encodes it; if there are such
    /// calls.
    pub(super) callee: Option<GlobalIndex>,
}

/// The place where code runs when no coroutine is current: the result of `bysyncify_why_outside`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outside {
    Host = 0,
    Panic = abi::OUTSIDE_IN_PANIC as isize,
    Initialiser = abi::OUTSIDE_IN_INITIALISER as isize,
    Cleanup = abi::OUTSIDE_IN_CLEANUP as isize,
}

/// Writes functions for addresses of one width.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writer {
    pub(super) memory64: bool,
    pub(super) globals: Globals,
    /// The instructions that catch exceptions in the wrappers. None if the module catches no exceptions.
    pub(super) exceptions: Option<Exceptions>,
}

impl Writer {
    /// The type of an address.
    pub(super) fn address(&self) -> ValType {
        if self.memory64 { ValType::I64 } else { ValType::I32 }
    }

    /// Whether an exception that passes through the module can be caught in it.
    pub(super) fn catches(&self) -> bool {
        self.exceptions.is_some()
    }

    /// The wrapper of a function that begins a panic, in a module that can catch it. For the panic hook no coroutine
    /// is current; for the code that catches the panic the same one as before is.
    pub(super) fn panic(&self, callee: FunctionIndex, parameters: u32) -> Function {
        let current_core = Some(self.globals.current_core);
        self.leave(&[callee.call()], parameters, current_core, Outside::Panic, Vec::new())
    }

    /// Runs an initialiser in which two coroutines must not wait at once.
    pub(super) fn initialiser(&self, callee: FunctionIndex, parameters: u32) -> Function {
        let current_core = Some(self.globals.current_core);
        self.leave(&[callee.call()], parameters, current_core, Outside::Initialiser, Vec::new())
    }

    /// The body of `bysyncify_why_outside()`.
    pub(super) fn why_outside(&self) -> Function {
        self.function(0, vec![self.globals.why_outside.get()])
    }

    /// The body of `bysyncify_symbols(to, from, length)`, which copies from this data segment.
    pub(super) fn symbols(&self, DataIndex(data_index): DataIndex) -> Function {
        let number = |local| {
            let wrapped = self.memory64.then_some(I32WrapI64);
            [LocalGet(local)].into_iter().chain(wrapped)
        };
        let mut code = vec![LocalGet(0)];
        code.extend(number(1).chain(number(2)));
        code.extend([MemoryInit { mem: 0, data_index }, I32Const(1)]);
        self.function(0, code)
    }

    /// Calls an imported function. No coroutine is current in the host, and if the host calls back, it does so on the
    /// host's stack.
    pub(super) fn host(&self, callee: FunctionIndex, parameters: u32) -> Function {
        let current_core = Some(self.globals.current_core);
        self.leave(&[callee.call()], parameters, current_core, Outside::Host, Vec::new())
    }

    /// Calls a function that runs while an exception propagates: it cannot be suspended there.
    pub(super) fn cleanup(&self, callee: FunctionIndex, parameters: u32) -> Function {
        let current_core = Some(self.globals.current_core);
        self.leave(&[callee.call()], parameters, current_core, Outside::Cleanup, Vec::new())
    }

    /// The same through a table; the index in the table comes after the parameters.
    pub(super) fn cleanup_indirect(
        &self,
        ty: TypeIndex,
        table: TableIndex,
        parameters: u32,
    ) -> Function {
        let current_core = Some(self.globals.current_core);
        let target = [CallIndirect { type_index: ty.0, table_index: table.0 }];
        self.leave(&target, parameters + 1, current_core, Outside::Cleanup, Vec::new())
    }

    /// The same for a function that wasm-bindgen will replace by an import. So it must stay a function, but wasm-opt
    /// inlines a function that is called once: a second call prevents that.
    pub(super) fn future_host(&self, callee: FunctionIndex, parameters: u32) -> Function {
        let current_core = self.globals.current_core;
        let mut before = vec![current_core.get(), self.is_null(), If(BlockType::Empty)];
        before.extend((0..parameters).map(LocalGet));
        before.extend([callee.call(), Return, End]);
        self.leave(&[callee.call()], parameters, Some(current_core), Outside::Host, before)
    }

    /// Calls `bysyncify_outside`, which handles the current coroutine itself.
    pub(super) fn outside(&self, callee: FunctionIndex) -> Function {
        self.leave(&[callee.call()], 2, None, Outside::Host, Vec::new())
    }

    /// Makes the call `target` on the host's stack, with the global `nulled` set to null.
    fn leave(
        &self,
        target: &[Instruction<'static>],
        parameters: u32,
        nulled: Option<GlobalIndex>,
        place: Outside,
        before: Vec<Instruction<'static>>,
    ) -> Function {
        let nulled: Vec<_> = nulled.into_iter().chain(self.globals.limit).collect();
        // Also `host_stack`: a function that an exception passes through could not restore it.
        let Globals { stack_pointer, host_stack, why_outside, .. } = self.globals;
        let mut saved = vec![stack_pointer, host_stack, why_outside];
        saved.extend(&nulled);
        let mut code = before;
        save(&mut code, parameters, &saved);
        code.extend(self.switch_to_host_stack());
        code.extend(nulled.iter().flat_map(|global| [self.null(), global.set()]));
        code.extend(self.is_at(place));
        self.call(&mut code, target, parameters, &saved);
        self.function(saved.len(), code)
    }

    /// Makes the call `target` and restores the globals, which were saved in the locals after the parameters. If the
    /// call throws, it restores them, too, and throws the exception again.
    fn call(
        &self,
        code: &mut Vec<Instruction<'static>>,
        target: &[Instruction<'static>],
        parameters: u32,
        saved: &[GlobalIndex],
    ) {
        code.extend(match self.exceptions {
            Some(Exceptions::Legacy) => vec![Try(BlockType::Empty)],
            Some(Exceptions::Standard) => vec![
                Block(BlockType::Result(ValType::EXNREF)),
                TryTable(BlockType::Empty, [Catch::AllRef { label: 0 }].as_slice().into()),
            ],
            None => Vec::new(),
        });
        code.extend((0..parameters).map(LocalGet));
        code.extend_from_slice(target);
        restore(code, parameters, saved);
        match self.exceptions {
            // The results are on the stack, so no block needs them in its type.
            Some(Exceptions::Legacy) => code.extend([Return, CatchAll]),
            Some(Exceptions::Standard) => code.extend([Return, End, Unreachable, End]),
            None => return,
        }
        restore(code, parameters, saved);
        code.extend(match self.exceptions {
            Some(Exceptions::Legacy) => vec![Rethrow(0), End, Unreachable],
            _ => vec![ThrowRef],
        });
    }

    /// Calls `bysyncify_resume(entry, data, core)`, and saves where the host's stack ends. That is not restored
    /// afterwards: it is read only where a coroutine is current. Where none is, and one is set aside, a
    /// [wrapper](Self::leave) is on the stack, which restores it. `why_outside` stays as it is: it is not read while a
    /// coroutine is current, and each wrapper that sets the coroutine aside sets and restores it.
    pub(super) fn resume(&self, callee: FunctionIndex) -> Function {
        let Globals { stack_pointer, current_core, host_stack, limit, .. } = self.globals;
        let mut saved = Vec::new();
        if self.catches() {
            // The switch restores these, except if an exception passes through it.
            saved.extend([stack_pointer, current_core].into_iter().chain(limit));
        }
        let mut code = Vec::new();
        save(&mut code, 3, &saved);
        code.extend([current_core.get(), self.is_null(), If(BlockType::Empty)]);
        code.extend([stack_pointer.get(), host_stack.set(), End]);
        self.call(&mut code, &[callee.call()], 3, &saved);
        self.function(saved.len(), code)
    }

    /// The first instructions of a function that never returns: it leaves the coroutine for good.
    pub(super) fn leave_for_good(&self) -> Vec<Instruction<'static>> {
        let mut code = self.switch_to_host_stack().to_vec();
        code.extend([self.null(), self.globals.current_core.set()]);
        let limit = self.globals.limit;
        code.extend(limit.into_iter().flat_map(|limit| [self.null(), limit.set()]));
        code.extend(self.is_at(Outside::Panic));
        code
    }

    fn is_at(&self, place: Outside) -> [Instruction<'static>; 2] {
        let place = place as i32;
        let number = match self.memory64 {
            true => Instruction::I64Const(place.into()),
            false => Instruction::I32Const(place),
        };
        [number, self.globals.why_outside.set()]
    }

    /// Switches to the host's stack if a coroutine is current.
    fn switch_to_host_stack(&self) -> [Instruction<'static>; 6] {
        let Globals { stack_pointer, current_core, host_stack, .. } = self.globals;
        [
            stack_pointer.get(),
            host_stack.get(),
            current_core.get(),
            self.is_null(),
            Select,
            stack_pointer.set(),
        ]
    }

    /// A function with this number of locals for addresses.
    pub(super) fn function(&self, locals: usize, code: Vec<Instruction<'static>>) -> Function {
        let locals = (locals > 0).then_some((locals as u32, self.address()));
        let mut function = Function::new(locals);
        for instruction in code {
            function.instruction(&instruction);
        }
        function.instruction(&End);
        function
    }

    pub(super) fn null(&self) -> Instruction<'static> {
        if self.memory64 { Instruction::I64Const(0) } else { Instruction::I32Const(0) }
    }

    pub(super) fn add(&self) -> Instruction<'static> {
        if self.memory64 { Instruction::I64Add } else { Instruction::I32Add }
    }

    pub(super) fn is_null(&self) -> Instruction<'static> {
        if self.memory64 { Instruction::I64Eqz } else { Instruction::I32Eqz }
    }
}

/// Saves globals in locals, the first of which is `first`.
fn save(code: &mut Vec<Instruction<'static>>, first: u32, globals: &[GlobalIndex]) {
    code.extend((first..).zip(globals).flat_map(|(l, g)| [g.get(), LocalSet(l)]));
}

fn restore(code: &mut Vec<Instruction<'static>>, first: u32, globals: &[GlobalIndex]) {
    code.extend((first..).zip(globals).flat_map(|(l, g)| [LocalGet(l), g.set()]));
}
