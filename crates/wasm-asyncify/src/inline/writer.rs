//! Writes the functions that others are put into.

use core::convert::Infallible;
use std::collections::{BTreeMap, BTreeSet};

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{BlockType, CodeSection, Encode, Function, Instruction};
use wasmparser::{FunctionBody, Operator, ValType};

use crate::instrument::is_indirect;
use crate::module::{FunctionIndex, ModuleInfo};

/// An indirect call: a function's, and which one of all that it makes.
pub(super) type Indirect = (FunctionIndex, u32);

pub(super) struct Writer<'a> {
    module: &'a ModuleInfo<'a>,
    /// The functions that are put elsewhere, each with the one that calls it.
    callers: &'a BTreeMap<FunctionIndex, FunctionIndex>,
    /// Those that call them.
    hosts: BTreeSet<FunctionIndex>,
    /// The function whose body comes next.
    next: FunctionIndex,
    /// The indirect calls of these functions: what was, and what it is now.
    pub(super) moved: BTreeMap<Indirect, Indirect>,
}

/// A function with all that is put into it.
struct Whole {
    function: FunctionIndex,
    bytes: Vec<u8>,
    /// How many parameters and locals it has of its own.
    own: u32,
    /// The locals that are added.
    added: Vec<ValType>,
    /// How many indirect calls there are so far.
    indirect: u32,
}

/// One of the functions that are in it.
struct Part<'a> {
    function: FunctionIndex,
    body: &'a FunctionBody<'a>,
    /// The number that its first local has.
    first: u32,
    is_in_loop: bool,
}

impl Whole {
    fn write(&mut self, instruction: &Instruction<'_>) {
        instruction.encode(&mut self.bytes);
    }

    /// Locals of these types. The first one's number.
    fn add(&mut self, types: &[ValType]) -> u32 {
        let first = self.own + self.added.len() as u32;
        self.added.extend(types);
        first
    }
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        module: &'a ModuleInfo<'a>,
        callers: &'a BTreeMap<FunctionIndex, FunctionIndex>,
    ) -> Self {
        Self {
            module,
            callers,
            hosts: callers.values().copied().collect(),
            next: module.imports.end(),
            moved: BTreeMap::new(),
        }
    }

    /// Writes a function, or a part of one: up to its last `end`.
    fn write(&mut self, whole: &mut Whole, part: &Part<'_>) -> Result<(), Error> {
        // Whether the structures that are open are loops.
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
                    whole.write(&Instruction::LocalGet(part.first + local_index));
                }
                Operator::LocalSet { local_index } => {
                    whole.write(&Instruction::LocalSet(part.first + local_index));
                }
                Operator::LocalTee { local_index } => {
                    whole.write(&Instruction::LocalTee(part.first + local_index));
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

    /// Writes what is in a function in place of a call of it.
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
        let first = whole.add(ty.params());
        for parameter in (first..first + ty.params().len() as u32).rev() {
            whole.write(&Instruction::LocalSet(parameter));
        }
        for group in body.get_locals_reader()? {
            let (count, ty) = group?;
            let own = whole.add(&vec![ty; count as usize]);
            for local in (own..).take(count as usize).filter(|_| is_in_loop) {
                whole.write(&zero(ty));
                whole.write(&Instruction::LocalSet(local));
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

/// What a local of this type is where a function begins.
fn zero(ty: ValType) -> Instruction<'static> {
    match ty {
        ValType::I64 => Instruction::I64Const(0),
        ValType::F32 => Instruction::F32Const(0.0.into()),
        ValType::F64 => Instruction::F64Const(0.0.into()),
        ValType::V128 => Instruction::V128Const(0),
        _ => Instruction::I32Const(0),
    }
}

impl Reencode for Writer<'_> {
    type Error = Infallible;

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error> {
        let function = self.next;
        self.next = function.next();
        if self.callers.contains_key(&function) {
            // Nobody calls it any more.
            let mut new = Function::new([]);
            new.instruction(&Instruction::Unreachable).instruction(&Instruction::End);
            code.function(&new);
            return Ok(());
        }
        if !self.hosts.contains(&function) {
            return utils::parse_function_body(self, code, body);
        }
        let (_, parameters) = self.module.signature(function).unwrap_or_default();
        let mut locals = Vec::new();
        let mut own = parameters;
        for group in body.get_locals_reader()? {
            let (count, ty) = group?;
            own += count;
            locals.push((count, self.val_type(ty)?));
        }
        let mut whole = Whole { function, bytes: Vec::new(), own, added: Vec::new(), indirect: 0 };
        self.write(&mut whole, &Part { function, body: &body, first: 0, is_in_loop: false })?;
        whole.write(&Instruction::End);
        for ty in whole.added {
            locals.push((1, self.val_type(ty)?));
        }
        let mut new = Function::new(locals);
        new.raw(whole.bytes);
        code.function(&new);
        Ok(())
    }
}
