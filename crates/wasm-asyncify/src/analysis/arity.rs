//! The number of operands of each instruction: `wasmparser` computes it from the types and blocks that it gets
//! here.

use wasmparser::{
    BlockType, CompositeInnerType, ContType, FrameKind, FuncType, ModuleArity, RefType, SubType,
};

use super::scan::Scan;
use crate::module::{FunctionIndex, TagIndex, TypeIndex};

impl ModuleArity for Scan<'_> {
    fn sub_type_at(&self, type_index: u32) -> Option<&SubType> {
        self.module.types.sub_type(TypeIndex(type_index))
    }

    fn tag_type_arity(&self, tag: u32) -> Option<(u32, u32)> {
        self.module.types.arity(self.module.types.tag(TagIndex(tag))?).ok()
    }

    fn type_index_of_function(&self, function: u32) -> Option<u32> {
        self.module.signatures.get(FunctionIndex(function)).map(|ty| ty.0)
    }

    fn func_type_of_cont_type(&self, continuation: &ContType) -> Option<&FuncType> {
        match &self.sub_type_at(continuation.0.as_module_index()?)?.composite_type.inner {
            CompositeInnerType::Func(function) => Some(function),
            _ => None,
        }
    }

    fn sub_type_of_ref_type(&self, reference: &RefType) -> Option<&SubType> {
        self.sub_type_at(reference.type_index()?.as_module_index()?)
    }

    fn control_stack_height(&self) -> u32 {
        u32::try_from(self.frames.len()).unwrap_or(u32::MAX)
    }

    fn label_block(&self, depth: u32) -> Option<(BlockType, FrameKind)> {
        let frame = self.frames.iter().rev().nth(depth as usize)?;
        Some((frame.block, frame.kind))
    }
}
