//! Writes the functions that others are inlined into.

use core::convert::Infallible;
use std::collections::{BTreeMap, BTreeSet};

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{BlockType, Encode, Function, Instruction};
use wasmparser::{FunctionBody, Operator};

use crate::debug::Recorder;
use crate::instrument::is_indirect;
use crate::module::{FunctionIndex, LocalIndex, Locals, ModuleInfo, Rewrite, zero};

/// An indirect call: the function, and the number of the call among its indirect calls.
pub(super) type Indirect = (FunctionIndex, u32);

pub(super) struct Writer<'a> {
    module: &'a ModuleInfo<'a>,
    /// The functions to inline, each with its caller.
    callers: &'a BTreeMap<FunctionIndex, FunctionIndex>,
    /// The functions that others are inlined into.
    hosts: BTreeSet<FunctionIndex>,
    /// The new numbers of the indirect calls of these functions.
    pub(super) moved: BTreeMap<Indirect, Indirect>,
}

/// A function with all that is inlined into it.
struct Whole {
    function: FunctionIndex,
    bytes: Vec<u8>,
    locals: Locals,
    /// The number of indirect calls so far.
    indirect: u32,
}

/// One of the functions that it consists of.
struct Part<'a> {
    function: FunctionIndex,
    body: &'a FunctionBody<'a>,
    /// The index of its first local.
    first: LocalIndex,
    is_in_loop: bool,
}

impl Whole {
    fn write(&mut self, instruction: &Instruction<'_>) {
        instruction.encode(&mut self.bytes);
    }
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        module: &'a ModuleInfo<'a>,
        callers: &'a BTreeMap<FunctionIndex, FunctionIndex>,
    ) -> Self {
        Self { module, callers, hosts: callers.values().copied().collect(), moved: BTreeMap::new() }
    }

    /// Writes a function, or one that is inlined, up to its last `end`.
    fn write(&mut self, whole: &mut Whole, part: &Part<'_>) -> Result<(), Error> {
        // For each open structure: whether it is a loop.
        let mut open = Vec::new();
        let mut indirect = 0;
        let mut operators = part.body.get_operators_reader()?;
        while !operators.is_end_then_eof() {
            let operator = operators.read()?;
            if is_indirect(&operator) {
                let now = (whole.function, whole.indirect);
                self.moved.insert((part.function, indirect), now);
                indirect += 1;
                whole.indirect += 1;
            }
            let is_whole = part.function == whole.function;
            match operator {
                Operator::LocalGet { local_index } => {
                    whole.write(&part.first.plus(local_index).get());
                }
                Operator::LocalSet { local_index } => {
                    whole.write(&part.first.plus(local_index).set());
                }
                Operator::LocalTee { local_index } => {
                    whole.write(&part.first.plus(local_index).tee());
                }
                Operator::Return if !is_whole => {
                    whole.write(&Instruction::Br(open.len() as u32));
                }
                Operator::Call { function_index } if self.is_moved(function_index) => {
                    let is_in_loop = part.is_in_loop || open.contains(&true);
                    self.put(whole, FunctionIndex(function_index), is_in_loop)?;
                }
                other => {
                    match &other {
                        Operator::Loop { .. } => open.push(true),
                        Operator::Block { .. }
                        | Operator::If { .. }
                        | Operator::Try { .. }
                        | Operator::TryTable { .. } => open.push(false),
                        Operator::End | Operator::Delegate { .. } => {
                            open.pop();
                        }
                        _ => {}
                    }
                    whole.write(&self.instruction(other)?);
                }
            }
        }
        Ok(())
    }

    fn is_moved(&self, function: u32) -> bool {
        self.callers.contains_key(&FunctionIndex(function))
    }

    /// Writes the code of a function in place of a call of it.
    fn put(
        &mut self,
        whole: &mut Whole,
        function: FunctionIndex,
        is_in_loop: bool,
    ) -> Result<(), Error> {
        let module = self.module;
        let ty = module.signatures.get(function);
        let ty = ty.and_then(|ty| module.function_type(*ty));
        let (Some(ty), Some(body)) = (ty, module.body(function)) else { return Ok(()) };
        let first = whole.locals.next();
        let mut parameters = Vec::with_capacity(ty.params().len());
        for ty in ty.params() {
            parameters.push(whole.locals.add(self.val_type(*ty)?));
        }
        for parameter in parameters.iter().rev() {
            whole.write(&parameter.set());
        }
        for group in body.get_locals_reader()? {
            let (count, ty) = group?;
            for _ in 0..count {
                let local = whole.locals.add(self.val_type(ty)?);
                if let Some(zero) = zero(ty).filter(|_| is_in_loop) {
                    whole.write(&zero);
                    whole.write(&local.set());
                }
            }
        }
        let result = match ty.results() {
            [one] => BlockType::Result(self.val_type(*one)?),
            _ => BlockType::Empty,
        };
        whole.write(&Instruction::Block(result));
        self.write(whole, &Part { function, body, first, is_in_loop })?;
        whole.write(&Instruction::End);
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
        _: &mut Recorder,
    ) -> Result<Option<Function>, Error> {
        if self.callers.contains_key(&function) {
            // There is no call of it any more.
            let mut new = Function::new([]);
            new.instruction(&Instruction::Unreachable).instruction(&Instruction::End);
            return Ok(Some(new));
        }
        if !self.hosts.contains(&function) {
            return Ok(None);
        }
        let (_, parameters) = self.module.signature(function).unwrap_or_default();
        let locals = Locals::read(self, parameters, body)?;
        let mut whole = Whole { function, bytes: Vec::new(), locals, indirect: 0 };
        self.write(&mut whole, &Part { function, body, first: LocalIndex(0), is_in_loop: false })?;
        whole.write(&Instruction::End);
        let mut new = whole.locals.function();
        new.raw(whole.bytes);
        Ok(Some(new))
    }
}
