//! Emits the switch: a relocatable WebAssembly object with the functions that Rust cannot express, because stable
//! Rust reaches neither `__stack_pointer` nor a wasm global of its own.
//!
//! `build/switch.wat` is the same as text, with comments on the reasons; `tests` compares the two. The object
//! format is that of LLVM ("WebAssembly Object File Linking", version 2, in the tool-conventions repository). Pure
//! functions: the same bytes on every machine.
//!
//! ```text
//! type | import | function | global | code | "linking" | "reloc.CODE" [| "target_features"]
//! ```

use crate::abi;
use crate::encode::{
    ELSE, END, F32, FIRST_GLOBAL, Function, I32, I32_EQ, I32_EQZ, I32_NE, I64_EQ, RETURN,
    Relocation, Symbol, Width, function_type, import, name, section, signed, unsigned, vector,
};

/// Emits the object. Its `target_features` tell the linker what the library was compiled for. With `threads`, they
/// are the features that a linker requires of every object in a module with shared memory. Without, they forbid to
/// link the object into such a module: coroutines are then `Send` because there is no other thread. If shared
/// memory was requested in a way that build.rs does not detect, linking fails.
pub(crate) fn emit(width: Width, threads: bool) -> Vec<u8> {
    let pointer = width.value_type();
    let limits = match width {
        Width::W32 => 0x00,
        Width::W64 => 0x04,
    };

    let types = vector(&[
        function_type(&[pointer], &[]),    // 0: start_*, set_reporter
        function_type(&[], &[]),           // 1: stop_*
        function_type(&[pointer], &[I32]), // 2: suspend, intact
        function_type(&[pointer, pointer, pointer], &[I32]), // 3: resume, symbols
        function_type(&[], &[pointer]),    // 4: current, why_outside, stack_left
        function_type(&[pointer, pointer], &[]), // 5: outside
        function_type(&[pointer, F32], &[I32]), // 6: every entry
        function_type(&[pointer, F32], &[]), // 7: functions called outside
    ]);
    let imports = vector(&[
        import("env", "__linear_memory", &[0x02, limits, 0]),
        import("env", "__indirect_function_table", &[0x01, 0x70, limits, 0]),
        import("env", "__stack_pointer", &[0x03, pointer, 0x01]),
        import("asyncify", "start_unwind", &[0x00, 0]),
        import("asyncify", "stop_unwind", &[0x00, 1]),
        import("asyncify", "start_rewind", &[0x00, 0]),
        import("asyncify", "stop_rewind", &[0x00, 1]),
    ]);
    let functions =
        vector(&[vec![3], vec![2], vec![4], vec![5], vec![2], vec![0], vec![4], vec![4], vec![3]]);
    let global = |mutable, value| {
        [vec![pointer, mutable, width.const_opcode()], signed(value), vec![END]].concat()
    };
    let reserve = global(0x00, abi::LLVM_RED_ZONE as i64);
    let globals = vector(&[global(0x01, 0), global(0x01, 0), reserve]);

    let bodies =
        [resume, suspend, current, outside, intact, set_reporter, why_outside, stack_left, symbols]
            .map(|function| function(width));
    let mut code = unsigned(bodies.len() as u64);
    let mut relocations = Vec::new();
    for function in bodies {
        let size = unsigned(function.bytes.len() as u64);
        let base = code.len() + size.len();
        code.extend(size);
        code.extend(function.bytes);
        relocations.extend(
            function.relocations.into_iter().map(|r| Relocation { offset: base + r.offset, ..r }),
        );
    }

    let mut module = b"\0asm\x01\0\0\0".to_vec();
    module.extend(section(1, types));
    module.extend(section(2, imports));
    module.extend(section(3, functions));
    module.extend(section(6, globals));
    module.extend(section(10, code));
    module.extend(section(0, linking()));
    module.extend(section(0, reloc_code(&relocations)));
    let feature = |prefix: &str, feature: &str| [prefix.as_bytes(), &name(feature)].concat();
    let features = match threads {
        true => vector(&[feature("+", "atomics"), feature("+", "bulk-memory")]),
        false => vector(&[feature("-", "shared-mem")]),
    };
    module.extend(section(0, [name("target_features"), features].concat()));
    module
}

// --- The functions -----------------------------------------------------------------------

// Indices into the symbol table that `linking` writes.
const START_UNWIND: Symbol = Symbol(0);
const STOP_UNWIND: Symbol = Symbol(1);
const START_REWIND: Symbol = Symbol(2);
const STOP_REWIND: Symbol = Symbol(3);
const INTACT: Symbol = Symbol(8);
const STACK_POINTER: Symbol = FIRST_GLOBAL;
const CURRENT: Symbol = Symbol(FIRST_GLOBAL.0 + 1);
const STACK_LIMIT: Symbol = Symbol(FIRST_GLOBAL.0 + 2);
const STACK_RESERVE: Symbol = Symbol(FIRST_GLOBAL.0 + 3);

const ENTRY_TYPE: u64 = 6;
const OUTSIDE_TYPE: u64 = 7;

fn resume(width: Width) -> Function {
    let (entry, data, core) = (0, 1, 2);
    let (caller_sp, caller_limit, caller, end, moved, finished) = (3, 4, 5, 6, 7, 8);
    let mut f = Function::new(width, &[(5, width.value_type()), (1, I32)]);
    // Save the caller's stack and coroutine; switch to the coroutine's.
    f.global_get(STACK_POINTER).local_set(caller_sp);
    f.global_get(STACK_LIMIT).local_set(caller_limit);
    f.global_get(CURRENT).local_set(caller);
    f.local_get(core).global_set(CURRENT);
    f.local_get(core).load(abi::STACK_POINTER).global_set(STACK_POINTER);
    f.local_get(core).pointer_const(abi::core_size(width.bytes() as usize) as u64).add();
    f.global_get(STACK_RESERVE).add().global_set(STACK_LIMIT);
    // Rewind a coroutine that is suspended; just start a new one.
    f.local_get(core).load_u32(abi::PHASE).i32_const(abi::SUSPENDED).op(I32_EQ).if_void();
    f.local_get(core).i32_const(abi::REWINDING).store_u32(abi::PHASE);
    f.local_get(core).call(START_REWIND);
    f.op(ELSE);
    f.local_get(core).i32_const(abi::RUNNING).store_u32(abi::PHASE);
    f.op(END);
    f.local_get(data).abi_tag().local_get(entry).call_indirect(ENTRY_TYPE).local_set(finished);
    // An unwind does not move the stack pointer. A function that was not instrumented, and returned during the
    // unwind, moves it up.
    f.global_get(STACK_POINTER).local_set(moved);
    // Switch back.
    f.local_get(caller_sp).global_set(STACK_POINTER);
    f.local_get(caller_limit).global_set(STACK_LIMIT);
    f.local_get(caller).global_set(CURRENT);
    f.local_get(finished).if_void();
    // The coroutine has returned. It must not be during an unwind, nor after an overflow.
    f.local_get(core).load_u32(abi::PHASE).i32_const(abi::RUNNING).op(I32_EQ).if_void();
    f.local_get(core).call(INTACT).if_void();
    f.i32_const(abi::OUTCOME_FINISHED).op(RETURN).op(END).op(END);
    f.op(ELSE);
    // The coroutine was unwound. Check that this switch has begun the unwind, that no function has returned in it,
    // and that the frames fitted.
    f.block_void();
    f.local_get(core).load_u32(abi::PHASE).i32_const(abi::UNWINDING).op(I32_NE).br_if(0);
    f.local_get(moved).local_get(core).load(abi::STACK_POINTER).greater().br_if(0);
    f.global_get(STACK_RESERVE);
    f.local_get(core).load(abi::END).local_get(core).load(abi::START).sub();
    f.greater_signed().br_if(0);
    f.local_get(core).i32_const(abi::SUSPENDED).store_u32(abi::PHASE);
    f.call(STOP_UNWIND);
    f.i32_const(abi::OUTCOME_SUSPENDED).op(RETURN).op(END).op(END);
    // An error. Make `stop_unwind` accept the state, so that the code that reports the error can run. It checks
    // the last argument of a `start_*`, which may not be our core: so pass our core.
    f.local_get(core).load(abi::END).global_get(STACK_RESERVE).sub().local_set(end);
    f.local_get(core).local_get(core).load(abi::START).store(abi::END);
    f.local_get(core).call(START_REWIND);
    f.call(STOP_UNWIND);
    f.local_get(core).local_get(end).store(abi::END);
    f.i32_const(abi::OUTCOME_UNSOUND);
    f.end()
}

fn suspend(width: Width) -> Function {
    let (wait, core) = (0, 1);
    let mut f = Function::new(width, &[(1, width.value_type())]);
    f.global_get(CURRENT).local_set(core);
    // There is nothing to suspend.
    f.local_get(core).is_zero().if_void().i32_const(abi::SUSPEND_NOT_CURRENT).op(RETURN).op(END);
    // The rewind has arrived where the unwind began.
    f.local_get(core).load_u32(abi::PHASE).i32_const(abi::REWINDING).op(I32_EQ).if_void();
    f.local_get(core).i32_const(abi::RUNNING).store_u32(abi::PHASE);
    f.call(STOP_REWIND);
    f.local_get(core).load(abi::STACK_POINTER).global_get(STACK_POINTER).less_or_equal().if_void();
    f.local_get(core).load_u32(abi::EPOCH).local_get(wait).load_u32(abi::WAIT_EPOCH).op(I32_NE);
    f.op(RETURN).op(END);
    f.i32_const(abi::SUSPEND_UNSOUND).op(RETURN).op(END);
    // The future has not seen the latest waker.
    f.local_get(core).load_u32(abi::EPOCH).local_get(wait).load_u32(abi::WAIT_EPOCH).op(I32_NE);
    f.if_void().i32_const(abi::SUSPEND_NEW_EPOCH).op(RETURN).op(END);
    f.local_get(core).local_get(wait).store(abi::WAITING);
    // Asyncify may save frames up to the current stack pointer, if there is any room beyond the reserve.
    f.local_get(core).global_get(STACK_POINTER).store(abi::STACK_POINTER);
    f.local_get(core).load(abi::START).global_get(STACK_RESERVE).add();
    f.global_get(STACK_POINTER).less_or_equal().if_void();
    f.global_get(STACK_POINTER).local_get(core).load(abi::HIGH).less_or_equal().if_void();
    f.local_get(core).call(INTACT).if_void();
    f.local_get(core).global_get(STACK_POINTER).store(abi::END);
    f.local_get(core).i32_const(abi::UNWINDING).store_u32(abi::PHASE);
    f.local_get(core).call(START_UNWIND);
    f.i32_const(abi::SUSPEND_UNSOUND).op(RETURN).op(END).op(END).op(END);
    f.local_get(core).global_get(STACK_POINTER).global_get(STACK_RESERVE).sub().store(abi::END);
    f.i32_const(abi::SUSPEND_UNSOUND);
    f.end()
}

fn current(width: Width) -> Function {
    let mut f = Function::new(width, &[]);
    f.global_get(CURRENT);
    f.end()
}

fn outside(width: Width) -> Function {
    let (function, data, caller, end) = (0, 1, 2, 3);
    let mut f = Function::new(width, &[(2, width.value_type())]);
    f.global_get(CURRENT).local_tee(caller).is_zero().op(I32_EQZ).if_void();
    f.local_get(caller).load_u32(abi::PHASE).i32_const(abi::UNWINDING).op(I32_EQ).if_void();
    f.local_get(caller).load(abi::END).global_get(STACK_RESERVE).sub().local_set(end);
    f.local_get(caller).local_get(caller).load(abi::START).store(abi::END);
    f.call(STOP_UNWIND);
    f.local_get(caller).local_get(end).store(abi::END).op(END).op(END);
    f.null().global_set(CURRENT);
    f.local_get(data).abi_tag().local_get(function).call_indirect(OUTSIDE_TYPE);
    f.local_get(caller).global_set(CURRENT);
    f.end()
}

fn intact(width: Width) -> Function {
    let core = 0;
    let mut f = Function::new(width, &[]);
    f.local_get(core).load_u64(abi::CANARY);
    f.i64_const(abi::CANARY_VALUE as i64).op(I64_EQ);
    f.end()
}

fn set_reporter(width: Width) -> Function {
    Function::new(width, &[]).end()
}

fn why_outside(width: Width) -> Function {
    let mut f = Function::new(width, &[]);
    f.null();
    f.end()
}

fn stack_left(width: Width) -> Function {
    let mut f = Function::new(width, &[]);
    f.global_get(STACK_POINTER).global_get(STACK_LIMIT).sub();
    f.end()
}

fn symbols(width: Width) -> Function {
    let mut f = Function::new(width, &[]);
    f.i32_const(0);
    f.end()
}

// --- Sections ----------------------------------------------------------------------------

fn linking() -> Vec<u8> {
    const VERSION: u64 = 2;
    const SYMBOL_TABLE: u8 = 8;
    const FUNCTION: u8 = 0;
    const GLOBAL: u8 = 2;
    const GLOBAL_BINDING: u64 = 0x00;
    const LOCAL_BINDING: u64 = 0x02;
    const HIDDEN: u64 = 0x04;
    const UNDEFINED: u64 = 0x10;
    // An undefined symbol is named by its import, and must be defined elsewhere, unless it has
    // a name of its own: then it stays an import.
    const EXPLICIT_NAME: u64 = 0x40;
    let undefined = |kind, index| [vec![kind], unsigned(UNDEFINED), unsigned(index)].concat();
    let named = |kind, flags, index, symbol| {
        [vec![kind], unsigned(flags), unsigned(index), name(symbol)].concat()
    };
    let symbols = vector(&[
        named(FUNCTION, UNDEFINED | EXPLICIT_NAME, 0, "bysyncify_start_unwind"),
        named(FUNCTION, UNDEFINED | EXPLICIT_NAME, 1, "bysyncify_stop_unwind"),
        named(FUNCTION, UNDEFINED | EXPLICIT_NAME, 2, "bysyncify_start_rewind"),
        named(FUNCTION, UNDEFINED | EXPLICIT_NAME, 3, "bysyncify_stop_rewind"),
        named(FUNCTION, GLOBAL_BINDING | HIDDEN, 4, abi::RESUME),
        named(FUNCTION, GLOBAL_BINDING | HIDDEN, 5, abi::SUSPEND),
        named(FUNCTION, GLOBAL_BINDING | HIDDEN, 6, abi::CURRENT),
        named(FUNCTION, GLOBAL_BINDING | HIDDEN, 7, abi::OUTSIDE),
        named(FUNCTION, LOCAL_BINDING, 8, abi::INTACT),
        named(FUNCTION, GLOBAL_BINDING | HIDDEN, 9, abi::SET_REPORTER),
        named(FUNCTION, GLOBAL_BINDING | HIDDEN, 10, abi::WHY_OUTSIDE),
        named(FUNCTION, GLOBAL_BINDING | HIDDEN, 11, abi::STACK_LEFT),
        named(FUNCTION, GLOBAL_BINDING | HIDDEN, 12, abi::SYMBOLS),
        undefined(GLOBAL, 0),
        named(GLOBAL, LOCAL_BINDING, 1, abi::CURRENT_CORE),
        named(GLOBAL, LOCAL_BINDING, 2, abi::STACK_LIMIT),
        named(GLOBAL, LOCAL_BINDING, 3, abi::STACK_RESERVE),
    ]);
    [name("linking"), unsigned(VERSION), section(SYMBOL_TABLE, symbols)].concat()
}

fn reloc_code(relocations: &[Relocation]) -> Vec<u8> {
    const CODE_SECTION_INDEX: u64 = 4;
    let entries: Vec<_> = relocations
        .iter()
        .map(|r| [vec![r.kind], unsigned(r.offset as u64), unsigned(r.index)].concat())
        .collect();
    [name("reloc.CODE"), unsigned(CODE_SECTION_INDEX), vector(&entries)].concat()
}
