//! Code that branches by a function's number in the dispatcher's table: functions of one class go to one block.

use wasm_encoder::BlockType;
use wasm_encoder::Instruction::{self, Block, BrTable, LocalGet};

/// Branches to the end of one of `count` blocks, which the function's number selects. One more block around them is
/// for numbers without a function.
pub(super) fn classes(by_function: Vec<u32>, count: usize) -> Vec<Instruction<'static>> {
    // The innermost block is for the first class.
    let mut code = vec![Block(BlockType::Empty); count + 1];
    code.extend([LocalGet(0), BrTable(by_function.into(), count as u32)]);
    code
}
