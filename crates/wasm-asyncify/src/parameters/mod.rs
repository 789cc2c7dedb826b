//! Passes the parameters of blocks in locals, so that code in such a block can be suspended.
//!
//! ```text
//!   a                          a
//!   loop (param i32)           local.set p
//!     b                        loop
//!     br_if 0        becomes     local.get p
//!   end                          b
//!                                local.set c   local.set p
//!                                local.get p   local.get c
//!                                br_if 0
//!                              end
//! ```
//!
//! A rewind enters a block in the middle, so it cannot put parameters below the block on the stack. Only to a loop
//! do branches pass parameters, too: a branch sets them first. If the branch is not taken, the values that it set
//! are never read: parameters are read where the loop begins, and set before that.
//!
//! A `br_table` can branch to loops and blocks. Each of its targets is reached by a branch of its own:
//!
//! ```text
//!   block block  local.get c  br_table 0 1 0  end  …  br (first)  end  …  br (second)
//! ```
//!
//! A module in which no function to instrument has such a block stays as it is.

mod code;

use core::convert::Infallible;
use std::collections::BTreeSet;

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{BlockType, FuncType, Function, Instruction, ValType};
use wasmparser::{Catch, FunctionBody, Operator};

use self::code::{Code, Open};
use crate::debug::{Recorder, Trail};
use crate::error::{Context, Result};
use crate::module::{
    self, Added, AddedType, FunctionIndex, LocalIndex, Locals, ModuleInfo, Rewrite, TypeIndex,
};

/// The module without parameters of blocks, in these functions. A function with branches on references is left as
/// it is, and so is one that catches an exception into such a loop.
///
/// # Errors
///
/// If the module cannot be read.
pub(crate) fn in_locals(
    module: &ModuleInfo<'_>,
    functions: &BTreeSet<FunctionIndex>,
    trail: &mut Trail,
) -> Result<Vec<u8>> {
    let mut writer = Writer::new(module, functions)?;
    if writer.meant.is_empty() {
        return Ok(module.bytes.to_vec());
    }
    let added = Added { types: writer.types()?, ..Added::default() };
    module::write(module, &mut writer, added, trail)
        .context("cannot pass the parameters of blocks in locals")
}

struct Writer<'a> {
    module: &'a ModuleInfo<'a>,
    /// The functions to rewrite.
    meant: BTreeSet<FunctionIndex>,
}

impl<'a> Writer<'a> {
    fn new(module: &'a ModuleInfo<'a>, functions: &BTreeSet<FunctionIndex>) -> Result<Self> {
        let mut writer = Self { module, meant: BTreeSet::new() };
        for (function, body) in module.bodies() {
            if functions.contains(&function) && writer.is_meant(body)? {
                writer.meant.insert(function);
            }
        }
        Ok(writer)
    }

    fn parameters(&self, ty: wasmparser::BlockType) -> &[wasmparser::ValType] {
        match ty {
            wasmparser::BlockType::FuncType(index) => self
                .module
                .function_type(TypeIndex(index))
                .map_or(&[], wasmparser::FuncType::params),
            _ => &[],
        }
    }

    /// Whether a function has such blocks, and nothing that this pass does not handle.
    fn is_meant(&self, body: &FunctionBody<'_>) -> Result<bool> {
        let mut is_meant = false;
        // For each open structure: whether it is a loop with parameters.
        let mut open = vec![false];
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let operator = operators.read()?;
            let (ty, is_loop) = match &operator {
                Operator::Block { blockty }
                | Operator::If { blockty }
                | Operator::Try { blockty } => (*blockty, false),
                Operator::Loop { blockty } => (*blockty, true),
                Operator::TryTable { try_table } => {
                    let label = |catch: &Catch| match *catch {
                        Catch::One { label, .. }
                        | Catch::OneRef { label, .. }
                        | Catch::All { label }
                        | Catch::AllRef { label } => label,
                    };
                    let is_loop = |depth: u32| {
                        let at = open.len().checked_sub(1 + depth as usize);
                        at.and_then(|at| open.get(at)).copied().unwrap_or_default()
                    };
                    if try_table.catches.iter().any(|catch| is_loop(label(catch))) {
                        return Ok(false);
                    }
                    (try_table.ty, false)
                }
                Operator::BrOnNull { .. }
                | Operator::BrOnNonNull { .. }
                | Operator::BrOnCast { .. }
                | Operator::BrOnCastFail { .. } => return Ok(false),
                Operator::End | Operator::Delegate { .. } => {
                    open.pop();
                    continue;
                }
                _ => continue,
            };
            let has_parameters = !self.parameters(ty).is_empty();
            is_meant |= has_parameters;
            open.push(is_loop && has_parameters);
        }
        Ok(is_meant)
    }

    /// The block's type without parameters, and the locals for its parameters.
    fn opened(
        &mut self,
        ty: wasmparser::BlockType,
        code: &mut Code,
    ) -> Result<(BlockType, Vec<LocalIndex>), Error> {
        let parameters = self.parameters(ty).to_vec();
        if parameters.is_empty() {
            return Ok((self.block_type(ty)?, Vec::new()));
        }
        let mut locals = Vec::with_capacity(parameters.len());
        for parameter in parameters {
            locals.push(code.locals.add(self.val_type(parameter)?));
        }
        Ok((self.without(ty)?, locals))
    }

    /// The type of a block with the same results, and no parameters.
    fn without(&mut self, ty: wasmparser::BlockType) -> Result<BlockType, Error> {
        let wasmparser::BlockType::FuncType(index) = ty else { return self.block_type(ty) };
        let before = (0..index).filter_map(|index| self.module.function_type(TypeIndex(index)));
        let added = before.filter(|ty| needs_another(ty)).count();
        match self.module.function_type(TypeIndex(index)).map(wasmparser::FuncType::results) {
            None | Some([]) => Ok(BlockType::Empty),
            Some([result]) => Ok(BlockType::Result(self.val_type(*result)?)),
            Some(_) => Ok(BlockType::FunctionType((self.module.types.len() + added) as u32)),
        }
    }

    /// The types that [`without`](Self::without) counts on.
    fn types(&mut self) -> Result<Vec<AddedType>, Error> {
        let module = self.module;
        let all = (0..module.types.len() as u32)
            .filter_map(|index| module.function_type(TypeIndex(index)));
        let added = all.filter(|ty| needs_another(ty)).map(|ty| {
            let results = self.val_types(ty.results().to_vec())?;
            Ok(AddedType::Function(FuncType::new([], results)))
        });
        added.collect()
    }

    fn operator(&mut self, operator: Operator<'_>, code: &mut Code) -> Result<(), Error> {
        match operator {
            Operator::Block { blockty } => {
                let (ty, parameters) = self.opened(blockty, code)?;
                code.set(&parameters);
                code.push(&Instruction::Block(ty));
                code.get(&parameters);
                code.open.push(Open::default());
            }
            Operator::Try { blockty } => {
                let (ty, parameters) = self.opened(blockty, code)?;
                code.set(&parameters);
                code.push(&Instruction::Try(ty));
                code.get(&parameters);
                code.open.push(Open::default());
            }
            Operator::TryTable { try_table } => {
                let (ty, parameters) = self.opened(try_table.ty, code)?;
                code.set(&parameters);
                let mut catches = Vec::with_capacity(try_table.catches.len());
                for catch in try_table.catches {
                    catches.push(self.catch(catch)?);
                }
                code.push(&Instruction::TryTable(ty, catches.into()));
                code.get(&parameters);
                code.open.push(Open::default());
            }
            Operator::Loop { blockty } => {
                let (ty, parameters) = self.opened(blockty, code)?;
                code.set(&parameters);
                code.push(&Instruction::Loop(ty));
                code.get(&parameters);
                code.open.push(Open { parameters, is_loop: true, is_if: false });
            }
            Operator::If { blockty } => {
                let (ty, parameters) = self.opened(blockty, code)?;
                if !parameters.is_empty() {
                    let condition = code.locals.add(ValType::I32);
                    code.set(&[condition]);
                    code.set(&parameters);
                    code.get(&[condition]);
                }
                code.push(&Instruction::If(ty));
                code.get(&parameters);
                code.open.push(Open { parameters, is_loop: false, is_if: true });
            }
            Operator::Else => {
                code.push(&Instruction::Else);
                if let Some(open) = code.open.last_mut() {
                    let parameters = core::mem::take(&mut open.parameters);
                    code.get(&parameters);
                }
            }
            Operator::End => {
                // An `if` without `else` results in its parameters.
                if let Some(Open { parameters, is_if: true, .. }) = code.open.pop()
                    && !parameters.is_empty()
                {
                    code.push(&Instruction::Else);
                    code.get(&parameters);
                }
                code.push(&Instruction::End);
            }
            Operator::Delegate { relative_depth } => {
                code.open.pop();
                code.push(&Instruction::Delegate(relative_depth));
            }
            Operator::Br { relative_depth } => {
                code.set(&code.passed(relative_depth));
                code.push(&Instruction::Br(relative_depth));
            }
            Operator::BrIf { relative_depth } => {
                let passed = code.passed(relative_depth);
                if !passed.is_empty() {
                    let condition = code.locals.add(ValType::I32);
                    code.set(&[condition]);
                    code.set(&passed);
                    code.get(&passed);
                    code.get(&[condition]);
                }
                code.push(&Instruction::BrIf(relative_depth));
            }
            Operator::BrTable { targets } => {
                let depths = targets.targets().collect::<Result<Vec<u32>, _>>()?;
                code.table(&depths, targets.default());
            }
            other => code.push(&self.instruction(other)?),
        }
        Ok(())
    }
}

impl Reencode for Writer<'_> {
    type Error = Infallible;
}

impl Rewrite for Writer<'_> {
    fn body(
        &mut self,
        function: FunctionIndex,
        body: &FunctionBody<'_>,
        moved: &mut Recorder,
    ) -> Result<Option<Function>, Error> {
        if !self.meant.contains(&function) {
            return Ok(None);
        }
        let (_, parameters) = self.module.signature(function).unwrap_or_default();
        let locals = Locals::read(self, parameters, body)?;
        let mut new = Code { bytes: Vec::new(), locals, open: vec![Open::default()] };
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            moved.instruction(operators.original_position(), new.bytes.len());
            self.operator(operators.read()?, &mut new)?;
        }
        let mut function = new.locals.function();
        moved.shift(function.byte_len());
        function.raw(new.bytes);
        Ok(Some(function))
    }
}

/// Whether a type without its parameters must be added: a block with several results needs a type.
fn needs_another(ty: &wasmparser::FuncType) -> bool {
    !ty.params().is_empty() && ty.results().len() > 1
}
