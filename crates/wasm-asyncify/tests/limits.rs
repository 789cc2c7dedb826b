//! Modules that are as large as a valid one may be, in what costs memory: they are made pausable all
//! the same, or refused with a message, and do not take the machine with them.

#[cfg(target_os = "linux")]
use std::fs;

use wasm_asyncify::analysis::{Choice, Imports, Program};
use wasm_asyncify::{Options, Producer, transform};
use wasm_encoder::{
    BlockType, CodeSection, EntityType, Function, FunctionSection, ImportSection, Instruction,
    MemorySection, MemoryType, Module, TypeSection, ValType,
};

/// A module with one function of its own, which has these locals. Its import `env.sleep` suspends.
fn module(locals: u32, code: impl FnOnce(&mut Function)) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut imports = ImportSection::new();
    imports.import("env", "sleep", EntityType::Function(0));
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut function = Function::new([(locals, ValType::I32)]);
    code(&mut function);
    function.instruction(&Instruction::End);
    let mut codes = CodeSection::new();
    codes.function(&function);
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&memories);
    module.section(&codes);
    module.finish()
}

fn options() -> Options {
    let choice = Choice { imports: Imports::All, ..Choice::default() };
    Options { producer: Producer::Any, choice, ..Options::default() }
}

/// All of these are live in all of that.
#[test]
fn many_locals_and_many_loops_fit_into_a_gigabyte() {
    const LOCALS: u32 = 49_000;
    const LOOPS: u32 = 10_000;
    let wasm = module(LOCALS, |function| {
        for at in 0..LOOPS {
            function.instruction(&Instruction::Loop(BlockType::Empty));
            function.instruction(&Instruction::Call(0));
            function.instruction(&Instruction::LocalGet(at));
            function.instruction(&Instruction::BrIf(0));
            function.instruction(&Instruction::End);
        }
        for at in 0..LOCALS {
            function.instruction(&Instruction::LocalGet(at));
            function.instruction(&Instruction::Drop);
        }
    });
    let made = transform(&wasm, &options()).unwrap();
    assert_eq!((made.functions, made.instrumented), (1, 1));
    // What this process has needed at most: the other tests in it need little.
    #[cfg(target_os = "linux")]
    {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(kilobytes < 1 << 20, "{kilobytes} kB");
    }
}

#[test]
fn four_billion_locals_are_an_error_of_one_line() {
    let wasm = module(u32::MAX, |_| {});
    let expected =
        "the module is not valid: too many locals: locals exceed maximum (at offset 0x2b)";
    for error in [
        transform(&wasm, &options()).unwrap_err().to_string(),
        Program::read(&wasm).unwrap_err().to_string(),
    ] {
        assert_eq!(error, expected);
    }
}
