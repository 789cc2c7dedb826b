//! The locals of a function that is rewritten: its own, and added ones.

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{Function, Instruction, ValType};
use wasmparser::FunctionBody;

use super::index::LocalIndex;

/// The locals of a function. Added locals come after the others.
#[derive(Debug)]
pub(crate) struct Locals {
    /// The declared locals: the number and type of each group, in order.
    groups: Vec<(u32, ValType)>,
    /// The number of locals, including parameters.
    count: u32,
}

impl Locals {
    /// Reads the locals of a function with this number of parameters.
    pub(crate) fn read<R: Reencode>(
        reencoder: &mut R,
        parameters: u32,
        body: &FunctionBody<'_>,
    ) -> Result<Self, Error<R::Error>> {
        let mut locals = Self { groups: Vec::new(), count: parameters };
        for group in body.get_locals_reader()? {
            let (count, ty) = group?;
            locals.groups.push((count, reencoder.val_type(ty)?));
            locals.count += count;
        }
        Ok(locals)
    }

    /// Adds a local, and returns its index.
    pub(crate) fn add(&mut self, ty: ValType) -> LocalIndex {
        let index = self.next();
        self.groups.push((1, ty));
        self.count += 1;
        index
    }

    /// The index of the next local that is added.
    pub(crate) fn next(&self) -> LocalIndex {
        LocalIndex(self.count)
    }

    /// A function with these locals, and no code yet.
    pub(crate) fn function(self) -> Function {
        Function::new(self.groups)
    }
}

/// The initial value of a local of this type. None for a reference, which may have no such value.
pub(crate) fn zero(ty: wasmparser::ValType) -> Option<Instruction<'static>> {
    use wasmparser::ValType as Type;
    Some(match ty {
        Type::I32 => Instruction::I32Const(0),
        Type::I64 => Instruction::I64Const(0),
        Type::F32 => Instruction::F32Const(0.0.into()),
        Type::F64 => Instruction::F64Const(0.0.into()),
        Type::V128 => Instruction::V128Const(0),
        Type::Ref(_) => return None,
    })
}
