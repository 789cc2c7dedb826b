//! Small changes of a module's code.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{CodeSection, Encode, Instruction, MemArg, RawSection};
use wasmparser::{
    FuncValidatorAllocations, Operator, Parser, Payload, ValType, ValidPayload, Validator,
    WasmFeatures,
};

use crate::fuzz::random::Random;

/// How often another change is tried if a change makes the module invalid.
const TRIES: usize = 200;

/// The functions of a module, to be changed.
pub(super) struct Code<'a> {
    wasm: &'a [u8],
    bodies: Vec<Body<'a>>,
    imports: usize,
}

struct Body<'a> {
    bytes: &'a [u8],
    /// The types of all locals, including the parameters.
    locals: Vec<ValType>,
    /// The offset of each instruction in the bytes.
    begins: Vec<usize>,
    operators: Vec<Operator<'a>>,
}

/// A module that was changed, and how.
pub(super) struct Mutant {
    pub(super) wasm: Vec<u8>,
    /// The kind of change.
    pub(super) kind: &'static str,
    /// The function, by its index.
    pub(super) function: usize,
    /// The original code around the change.
    pub(super) around: String,
}

/// The replacement of some instructions.
struct Change {
    kind: &'static str,
    /// The number of instructions that it replaces.
    count: usize,
    bytes: Vec<u8>,
}

impl<'a> Code<'a> {
    pub(super) fn read(wasm: &'a [u8]) -> Result<Self> {
        let mut validator = Validator::new_with_features(WasmFeatures::all());
        let (mut bodies, mut imports) = (Vec::new(), 0);
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload?;
            if let Payload::ImportSection(section) = &payload {
                for import in section.clone().into_imports() {
                    imports += usize::from(matches!(import?.ty, wasmparser::TypeRef::Func(_)));
                }
            }
            let ValidPayload::Func(function, body) = validator.payload(&payload)? else { continue };
            let mut function = function.into_validator(FuncValidatorAllocations::default());
            function.read_locals(&mut body.get_binary_reader())?;
            let locals = (0..function.len_locals()).filter_map(|it| function.get_local_type(it));
            let start = body.range().start;
            let mut read = Body {
                bytes: body.as_bytes(),
                locals: locals.collect(),
                begins: Vec::new(),
                operators: Vec::new(),
            };
            let mut operators = body.get_operators_reader()?;
            while !operators.eof() {
                read.begins.push(usize::try_from(operators.original_position() - start)?);
                read.operators.push(operators.read()?);
            }
            bodies.push(read);
        }
        Ok(Self { wasm, bodies, imports })
    }

    /// The bodies that differ from all bodies of `before`: those that were changed, or were added and are called.
    pub(super) fn others(&self, before: &Self) -> Vec<usize> {
        let all = self.bodies.iter().flat_map(|body| &body.operators);
        let called: BTreeSet<usize> = all
            .filter_map(|operator| match operator {
                Operator::Call { function_index } => Some(*function_index as usize),
                _ => None,
            })
            .collect();
        let is_other = |index: &usize| match before.bodies.get(*index) {
            Some(body) => body.bytes != self.bodies[*index].bytes,
            None => called.contains(&(self.imports + index)),
        };
        (0..self.bodies.len()).filter(is_other).collect()
    }

    /// Changes one instruction, or a few, in one of these bodies. `None` if no possible change is found.
    pub(super) fn mutant(&self, bodies: &[usize], random: &mut Random) -> Result<Option<Mutant>> {
        for _ in 0..TRIES {
            let index = *random.pick(bodies);
            let body = &self.bodies[index];
            // The last instruction ends the function.
            let at = random.below(body.operators.len());
            let Some(change) = body.change(at, random)? else { continue };
            let end = body.begins.get(at + change.count).copied().unwrap_or(body.bytes.len());
            let bytes =
                [&body.bytes[..body.begins[at]], &change.bytes, &body.bytes[end..]].concat();
            let wasm = self.with_body(index, &bytes)?;
            let valid = Validator::new_with_features(WasmFeatures::all()).validate_all(&wasm);
            if bytes == body.bytes || valid.is_err() {
                continue;
            }
            let around = body.operators.iter().enumerate().skip(at.saturating_sub(6)).take(14);
            let around = around.map(|(number, operator)| {
                let sign = if (at..at + change.count).contains(&number) { ">" } else { " " };
                format!("    {sign} {operator:?}\n")
            });
            let function = self.imports + index;
            let around = around.collect();
            return Ok(Some(Mutant { wasm, kind: change.kind, function, around }));
        }
        Ok(None)
    }

    fn with_body(&self, changed: usize, bytes: &[u8]) -> Result<Vec<u8>> {
        let mut module = wasm_encoder::Module::new();
        for payload in Parser::new(0).parse_all(self.wasm) {
            let payload = payload?;
            if matches!(payload, Payload::CodeSectionStart { .. }) {
                let mut code = CodeSection::new();
                for (index, body) in self.bodies.iter().enumerate() {
                    code.raw(if index == changed { bytes } else { body.bytes });
                }
                module.section(&code);
            } else if let Some((id, range)) = payload.as_section() {
                let range = usize::try_from(range.start)?..usize::try_from(range.end)?;
                let data = self.wasm.get(range).context("a section outside of the module")?;
                module.section(&RawSection { id, data });
            }
        }
        Ok(module.finish())
    }
}

impl Body<'_> {
    /// A change that begins at this instruction.
    fn change(&self, at: usize, random: &mut Random) -> Result<Option<Change>> {
        let one = |kind, instructions: &[Instruction<'_>]| {
            Ok(Some(Change { kind, count: 1, bytes: encoded(instructions) }))
        };
        let mut instruction = RoundtripReencoder.instruction(self.operators[at].clone())?;
        if random.percent(40) {
            return Ok(self.moved(at, random));
        }
        let (is_first, other) = (random.percent(50), self.like(&self.operators[at], random));
        match (&mut instruction, other) {
            (Instruction::LocalSet(_), _) if is_first => {
                one("a local is not set", &[Instruction::Drop])
            }
            (Instruction::LocalTee(_), _) if is_first => one("a local is not set", &[]),
            (Instruction::LocalSet(local) | Instruction::LocalTee(local), Some(other)) => {
                *local = other;
                one("another local is set", &[instruction])
            }
            (Instruction::LocalGet(local), Some(other)) => {
                *local = other;
                one("another local is read", &[instruction])
            }
            (Instruction::I32Const(number), _) => {
                *number = changed(*number, random);
                one("a constant is another", &[instruction])
            }
            (
                Instruction::I32Store(memory)
                | Instruction::I64Store(memory)
                | Instruction::F32Store(memory)
                | Instruction::F64Store(memory),
                _,
            ) => {
                if is_first {
                    return one("nothing is stored", &[Instruction::Drop, Instruction::Drop]);
                }
                move_access(memory, random);
                one("an offset is another", &[instruction])
            }
            (
                Instruction::I32Load(memory)
                | Instruction::I64Load(memory)
                | Instruction::F32Load(memory)
                | Instruction::F64Load(memory),
                _,
            ) => {
                move_access(memory, random);
                one("an offset is another", &[instruction])
            }
            (Instruction::GlobalGet(_), _) if is_first => {
                let constant = Instruction::I32Const(random.below(3) as i32);
                one("a global is a constant", &[constant])
            }
            (Instruction::GlobalGet(global), _) => {
                *global = (*global + 1) % 3;
                one("another global is read", &[instruction])
            }
            (Instruction::GlobalSet(_), _) => one("a global is not set", &[Instruction::Drop]),
            (Instruction::BrIf(_), _) if is_first => one("a test is lost", &[Instruction::Drop]),
            (Instruction::BrIf(_) | Instruction::If(_), _) if random.percent(50) => {
                one("a test is inverted", &[Instruction::I32Eqz, instruction])
            }
            (Instruction::BrIf(depth) | Instruction::Br(depth), _) => {
                *depth = if is_first { *depth + 1 } else { depth.wrapping_sub(1) };
                one("a branch goes elsewhere", &[instruction])
            }
            (Instruction::BrTable(depths, last), _) => {
                let depths = depths.to_mut();
                match random.below(depths.len() + 1) {
                    0 => *last = depths.first().map_or(*last + 1, |first| *first),
                    place => std::mem::swap(&mut depths[place - 1], last),
                }
                one("a branch goes elsewhere", &[instruction])
            }
            (Instruction::Call(function), _) => {
                *function = function.wrapping_add(random.below(9) as u32).wrapping_sub(4);
                one("another function is called", &[instruction])
            }
            _ => Ok(None),
        }
    }

    /// A change that removes, repeats or reorders the instructions from here on.
    fn moved(&self, at: usize, random: &mut Random) -> Option<Change> {
        let end = |count: usize| self.begins.get(at + count).copied();
        let (count, more) = (1 + random.below(4), 1 + random.below(4));
        let bytes = &self.bytes[self.begins[at]..end(count)?];
        Some(match random.below(3) {
            0 => Change { kind: "instructions are missing", count, bytes: Vec::new() },
            1 => Change { kind: "instructions are there twice", count, bytes: bytes.repeat(2) },
            _ => {
                let next = &self.bytes[end(count)?..end(count + more)?];
                let bytes = [next, bytes].concat();
                Change { kind: "instructions are swapped", count: count + more, bytes }
            }
        })
    }

    /// Another local with the same type as the local of this instruction.
    fn like(&self, operator: &Operator<'_>, random: &mut Random) -> Option<u32> {
        let (Operator::LocalGet { local_index }
        | Operator::LocalSet { local_index }
        | Operator::LocalTee { local_index }) = operator
        else {
            return None;
        };
        let ty = self.locals.get(*local_index as usize)?;
        let all = (0..).zip(&self.locals);
        let others: Vec<u32> = all
            .filter(|(local, other)| local != local_index && *other == ty)
            .map(|(local, _)| local)
            .collect();
        (!others.is_empty()).then(|| *random.pick(&others))
    }
}

fn changed(number: i32, random: &mut Random) -> i32 {
    number.wrapping_add(*random.pick(&[1, -1, 4, -4, 8]))
}

fn move_access(memory: &mut MemArg, random: &mut Random) {
    memory.offset = memory.offset.wrapping_add_signed(*random.pick(&[4, -4, 8, 1])) & 0xffff;
}

fn encoded(instructions: &[Instruction<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for instruction in instructions {
        instruction.encode(&mut bytes);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mutants_are_valid_and_of_all_kinds() {
        let wasm = wat::parse_str(
            r#"(module
                (import "a" "b" (func (param i32) (result i32)))
                (memory 1)
                (global (mut i32) (i32.const 0)) (global (mut i32) (i32.const 0))
                (global (mut i32) (i32.const 0))
                (func (param i32) (result i32) (local.get 0))
                (func (param i32 i32) (result i32) (local i32)
                  (block (block (br_table 0 1 (local.get 0))) (br 0))
                  (block (br_if 0 (global.get 0)) (global.set 0 (i32.const 5)))
                  (if (global.get 0) (then (local.set 2 (call 0 (local.tee 1 (local.get 0))))))
                  (i32.store offset=4 (local.get 1) (i32.load offset=8 (local.get 1)))
                  (local.get 2)))"#,
        );
        let wasm = wasm.unwrap();
        let code = Code::read(&wasm).unwrap();
        let mut random = Random::new(1);
        let mut kinds = BTreeSet::new();
        for _ in 0..500 {
            let mutant = code.mutant(&[1], &mut random).unwrap().unwrap();
            Validator::new().validate_all(&mutant.wasm).unwrap();
            assert_ne!(mutant.wasm, wasm);
            assert_eq!(mutant.function, 2);
            let changed = Code::read(&mutant.wasm).unwrap();
            assert_eq!(changed.others(&code), [1]);
            kinds.insert(mutant.kind);
        }
        let expected = [
            "a constant is another",
            "a global is a constant",
            "a global is not set",
            "a local is not set",
            "a branch goes elsewhere",
            "a test is inverted",
            "a test is lost",
            "an offset is another",
            "another function is called",
            "another global is read",
            "another local is read",
            "another local is set",
            "instructions are missing",
            "instructions are swapped",
            "instructions are there twice",
            "nothing is stored",
        ];
        assert_eq!(kinds, expected.into());
    }
}
