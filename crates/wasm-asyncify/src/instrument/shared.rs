//! The functions that instrumented functions share: those that replace imports, and those that make room for a frame
//! and remove it.

use wasm_encoder::{BlockType, Function, Instruction};

use super::flat::segment;
use super::runtime::{Runtime, function};

/// The code of the function that replaces an import.
pub(super) fn replacement(runtime: Runtime, import: &str) -> Function {
    let state = match import {
        "start_unwind" => 1,
        "start_rewind" => 2,
        _ => 0,
    };
    let mut code = vec![Instruction::I32Const(state), runtime.state.set()];
    if import.starts_with("start") {
        code.extend([Instruction::LocalGet(0), runtime.data.set()]);
    }
    if !runtime.callers_check {
        code.extend([
            runtime.data.get(),
            runtime.load_pointer(0),
            runtime.data.get(),
            runtime.load_pointer(runtime.size_of_pointer()),
            runtime.is_above(),
            Instruction::If(BlockType::Empty),
            Instruction::Unreachable,
            Instruction::End,
        ]);
    }
    if runtime.is_flat && import == "start_unwind" {
        code.extend(segment::begin(runtime));
    }
    function([], &code)
}

/// The code of `push`.
pub(super) fn push(runtime: Runtime) -> Function {
    making_room(runtime, &[])
}

/// The code of `push` for functions in compact form; `index` is its own index. It calls itself if no unwind or rewind
/// is in progress, which is never the case. Because of that call, no optimiser inlines all this at every call.
pub(super) fn move_end(runtime: Runtime, index: u32) -> Function {
    making_room(
        runtime,
        &[
            runtime.state.get(),
            Instruction::I32Eqz,
            Instruction::If(BlockType::Empty),
            Instruction::LocalGet(0),
            Instruction::Call(index),
            Instruction::Drop,
            Instruction::End,
        ],
    )
}

/// The code of a function that adds its parameter, a number of bytes, to `start`. It returns the old `start`, or null
/// if the new one is too large.
fn making_room(runtime: Runtime, first: &[Instruction<'static>]) -> Function {
    let mut code = first.to_vec();
    if runtime.is_flat {
        code.extend(segment::making_room(runtime));
        return function([(1, runtime.address())], &code);
    }
    let (size, frame) = (0, 1);
    code.extend([
        runtime.data.get(),
        runtime.data.get(),
        runtime.load_pointer(0),
        Instruction::LocalTee(frame),
        Instruction::LocalGet(size),
        runtime.add(),
        runtime.store_pointer(0),
        Instruction::LocalGet(frame),
        runtime.constant(0),
        runtime.data.get(),
        runtime.load_pointer(0),
        runtime.data.get(),
        runtime.load_pointer(runtime.size_of_pointer()),
        runtime.is_above(),
        Instruction::I32Eqz,
        Instruction::Select,
    ]);
    function([(1, runtime.address())], &code)
}

/// The code of the function that returns the state.
pub(super) fn get_state(runtime: Runtime) -> Function {
    function([], &[runtime.state.get()])
}

/// The code of `pop`.
pub(super) fn pop(runtime: Runtime) -> Function {
    let (size, frame) = (0, 1);
    let code = [
        runtime.data.get(),
        runtime.data.get(),
        runtime.load_pointer(0),
        Instruction::LocalGet(size),
        runtime.subtract(),
        Instruction::LocalTee(frame),
        runtime.store_pointer(0),
        Instruction::LocalGet(frame),
    ];
    function([(1, runtime.address())], &code)
}
