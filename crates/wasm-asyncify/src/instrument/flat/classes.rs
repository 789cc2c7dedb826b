//! Code that branches by a function's number in the dispatcher's table: functions of one class go to one block.

use wasm_encoder::BlockType;
use wasm_encoder::Instruction::{self, Block, BrTable, LocalGet};

/// Goes to the end of one of so many blocks: which one, the functions' numbers say. There is a block
/// around them for numbers that are nobody's.
pub(super) fn classes(by_function: Vec<u32>, count: usize) -> Vec<Instruction<'static>> {
    // The innermost block is the first class's.
    let mut code = vec![Block(BlockType::Empty); count + 1];
    code.extend([LocalGet(0), BrTable(by_function.into(), count as u32)]);
    code
}
