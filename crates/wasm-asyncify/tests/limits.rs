//! Modules as large as a valid one may be, in properties that cost memory: they are made pausable, or rejected with
//! a message, and do not exhaust the machine's memory.

#[cfg(target_os = "linux")]
use std::fs;

use wasm_asyncify::analysis::{Choice, Imports, Program};
use wasm_asyncify::{Options, Producer, transform};
use wasm_encoder::{
    BlockType, CodeSection, EntityType, Function, FunctionSection, ImportSection, Instruction,
    MemorySection, MemoryType, Module, TypeSection, ValType,
};

/// A module with one function, which has these locals. Its import `env.sleep` suspends.
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

/// All locals are live in all loops.
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
    // The peak memory of this process: the other tests in it need little.
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

/// A program with our library, and this number of functions that can be suspended.
fn program(functions: usize) -> Vec<u8> {
    let calls: String = (0..functions).map(|_| "(func call $bysyncify_suspend)\n").collect();
    let text = format!(
        r#"(module
          (type $entry (func))
          (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
          (import "asyncify" "stop_unwind" (func $stop_unwind))
          (import "asyncify" "start_rewind" (func $start_rewind (param i32)))
          (import "asyncify" "stop_rewind" (func $stop_rewind))
          (memory 1)
          (table 2 funcref)
          (elem (i32.const 1) 10)
          (global $__stack_pointer (mut i32) (i32.const 65536))
          (global $bysyncify_current_core (mut i32) (i32.const 0))
          (global $bysyncify_stack_limit (mut i32) (i32.const 0))
          (global $bysyncify_stack_reserve i32 (i32.const 128))
          (func $bysyncify_resume (param i32 i32 i32) (result i32)
            (call $start_rewind (local.get 2))
            (call_indirect (type $entry) (local.get 0))
            (call $stop_unwind)
            (i32.const 0))
          (func $bysyncify_suspend
            (call $start_unwind (i32.const 16))
            (call $stop_rewind))
          (func $bysyncify_outside (param i32 i32)
            (call $stop_unwind))
          (func $bysyncify_set_reporter (param i32))
          (func $bysyncify_why_outside (result i32) (i32.const 0))
          (func $bysyncify_stack_left (result i32) (i32.const 0))
          {calls})"#
    );
    wat::parse_str(text).unwrap()
}

/// The dispatcher has a `br_table` with an entry for each function, and V8 accepts none larger than this.
#[test]
fn too_many_functions_for_a_table_of_branches_are_resumed_all_at_once() {
    let largest = |functions| {
        let made = transform(&program(functions), &Options::default()).unwrap();
        assert_eq!(made.instrumented, functions as u64);
        let mut largest = 0;
        for payload in wasmparser::Parser::new(0).parse_all(&made.module) {
            if let wasmparser::Payload::CodeSectionEntry(body) = payload.unwrap() {
                for operator in body.get_operators_reader().unwrap() {
                    if let wasmparser::Operator::BrTable { targets } = operator.unwrap() {
                        largest = largest.max(targets.len());
                    }
                }
            }
        }
        largest
    };
    assert_eq!([largest(65_520), largest(65_521)], [65_520, 0]);
}
