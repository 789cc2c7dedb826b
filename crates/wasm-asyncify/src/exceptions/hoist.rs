//! Takes legacy handlers out of their `try`, so that what is in them can be suspended.
//!
//! ```text
//!   try                     block $after
//!     a                       block $handler (result i32)
//!   catch $tag                  try
//!     b            becomes        a
//!   end                           br $after
//!                               catch $tag
//!                                 br $handler
//!                               end
//!                               unreachable
//!                             end
//!                             b
//!                           end
//! ```
//!
//! `b` is the same code: it has the exception's values on the stack, and what it throws is not caught
//! by the `try`. Only a `rethrow` in it must be in the handler. So a `try` is left alone if one of its
//! handlers throws on, or catches whatever there is, which LLVM's do only to throw on.

use core::convert::Infallible;
use std::collections::BTreeSet;

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{BlockType, CodeSection, Function, Instruction, Module};
use wasmparser::{FuncType, FunctionBody, Operator, Parser};

use crate::debug::{self, Pass, Recorder, Trail};
use crate::error::{Context, Result};
use crate::module::{FunctionIndex, ModuleInfo, TypeIndex};

/// The module with handlers taken out, in these functions.
pub(crate) fn hoist(
    read: &ModuleInfo<'_>,
    functions: &BTreeSet<FunctionIndex>,
    trail: &mut Trail,
) -> Result<Vec<u8>> {
    let tags = Tags::new(read);
    if tags.results.is_empty() {
        return Ok(read.bytes.to_vec());
    }
    let mut module = Module::new();
    let mut hoister = Hoister { next: read.imports.end(), tags, functions, moves: trail.pass() };
    hoister
        .parse_core_module(&mut module, Parser::new(0), read.bytes)
        .context("cannot hoist handlers")?;
    trail.add(hoister.moves);
    Ok(module.finish())
}

/// The tags of a module.
struct Tags {
    /// By tag: the type of a block that results in what it carries; none if that takes several.
    results: Vec<Option<wasmparser::BlockType>>,
}

impl Tags {
    fn new(module: &ModuleInfo<'_>) -> Self {
        let result = |ty: &TypeIndex| match module.function_type(*ty).map(FuncType::params) {
            Some([]) => Some(wasmparser::BlockType::Empty),
            Some([one]) => Some(wasmparser::BlockType::Type(*one)),
            _ => None,
        };
        Self { results: module.tags.iter().map(result).collect() }
    }
}

struct Hoister<'a> {
    tags: Tags,
    functions: &'a BTreeSet<FunctionIndex>,
    /// The function whose body comes next.
    next: FunctionIndex,
    moves: Pass,
}

/// A `try`, as found by a first look.
#[derive(Default)]
struct Try {
    /// What its handlers catch; none is for whatever there is.
    handlers: Vec<Option<u32>>,
    throws_on: bool,
}

/// A structure of the old code, while the new one is written.
struct Open {
    /// What a branch to it goes to, as a number among the structures of the new code.
    label: usize,
    /// What `rethrow` and `delegate` mean by it.
    own: usize,
    /// The handlers of a `try` that is being taken apart.
    hoisted: Vec<u32>,
    /// How many of them have been begun.
    begun: usize,
}

impl Hoister<'_> {
    /// Which of a function's `try`s are taken apart, in order.
    fn tries(&self, body: &FunctionBody<'_>) -> Result<Vec<Try>, Error> {
        let mut tries: Vec<Try> = Vec::new();
        let mut open: Vec<Option<usize>> = vec![None];
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            match operators.read()? {
                Operator::Block { .. }
                | Operator::Loop { .. }
                | Operator::If { .. }
                | Operator::TryTable { .. } => open.push(None),
                Operator::Try { blockty } => {
                    let has_parameters = matches!(blockty, wasmparser::BlockType::FuncType(_));
                    open.push(Some(tries.len()));
                    tries.push(Try { throws_on: has_parameters, ..Try::default() });
                }
                Operator::Catch { tag_index } => {
                    if let Some(Some(innermost)) = open.last() {
                        tries[*innermost].handlers.push(Some(tag_index));
                    }
                }
                Operator::CatchAll => {
                    if let Some(Some(innermost)) = open.last() {
                        tries[*innermost].handlers.push(None);
                    }
                }
                Operator::Rethrow { relative_depth } => {
                    let at = open.len().checked_sub(1 + relative_depth as usize);
                    if let Some(Some(meant)) = at.and_then(|at| open.get(at)).copied() {
                        tries[meant].throws_on = true;
                    }
                }
                Operator::End | Operator::Delegate { .. } => {
                    open.pop();
                }
                // Branches of references: LLVM makes none.
                Operator::BrOnNull { .. }
                | Operator::BrOnNonNull { .. }
                | Operator::BrOnCast { .. }
                | Operator::BrOnCastFail { .. } => return Ok(Vec::new()),
                _ => {}
            }
        }
        Ok(tries)
    }

    /// The tags of a `try` that can be taken apart.
    fn hoisted(&self, found: &Try) -> Option<Vec<u32>> {
        let tags: Option<Vec<u32>> = found.handlers.iter().copied().collect();
        let is_simple =
            |tag: &u32| self.tags.results.get(*tag as usize).is_some_and(Option::is_some);
        tags.filter(|tags| !found.throws_on && !tags.is_empty() && tags.iter().all(is_simple))
    }

    fn rewrite(
        &mut self,
        body: &FunctionBody<'_>,
        tries: &[Try],
        new: &mut Function,
        moved: &mut Recorder,
    ) -> Result<(), Error> {
        let mut tries = tries.iter();
        // The new code's structures that are open are numbered from the outermost.
        let mut height = 1;
        let mut open = vec![Open { label: 0, own: 0, hoisted: Vec::new(), begun: 0 }];
        let of = |open: &[Open], old: u32| open.len() - 1 - old as usize;
        let branch = |open: &[Open], height: usize, old: u32| {
            (height - 1 - open[of(open, old)].label) as u32
        };
        let own =
            |open: &[Open], height: usize, old: u32| (height - 1 - open[of(open, old)].own) as u32;
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            moved.instruction(operators.original_position(), new.byte_len());
            let operator = operators.read()?;
            let plain = Open { label: height, own: height, hoisted: Vec::new(), begun: 0 };
            match operator {
                Operator::Block { .. }
                | Operator::Loop { .. }
                | Operator::If { .. }
                | Operator::TryTable { .. } => {
                    open.push(plain);
                    height += 1;
                    new.instruction(&self.instruction(operator)?);
                }
                Operator::Try { blockty } => {
                    let tags = tries.next().and_then(|found| self.hoisted(found));
                    let Some(hoisted) = tags else {
                        open.push(plain);
                        height += 1;
                        new.instruction(&self.instruction(operator)?);
                        continue;
                    };
                    let ty = self.block_type(blockty)?;
                    new.instruction(&Instruction::Block(ty));
                    for tag in hoisted.iter().rev() {
                        let ty = self.tags.results[*tag as usize]
                            .unwrap_or(wasmparser::BlockType::Empty);
                        let ty = self.block_type(ty)?;
                        new.instruction(&Instruction::Block(ty));
                    }
                    new.instruction(&Instruction::Try(BlockType::Empty));
                    let own = height + 1 + hoisted.len();
                    open.push(Open { label: height, own, hoisted, begun: 0 });
                    height = own + 1;
                }
                Operator::Catch { .. } if open.last().is_some_and(|it| !it.hoisted.is_empty()) => {
                    let Some(innermost) = open.last_mut() else { continue };
                    // What came before has its results on the stack.
                    new.instruction(&Instruction::Br((height - 1 - innermost.label) as u32));
                    if innermost.begun == 0 {
                        for (number, tag) in (0..).zip(&innermost.hoisted) {
                            new.instruction(&Instruction::Catch(*tag));
                            new.instruction(&Instruction::Br(1 + number));
                        }
                        new.instruction(&Instruction::End);
                        new.instruction(&Instruction::Unreachable);
                        height -= 1;
                        // What is thrown from now on is not for its handlers.
                        innermost.own = innermost.label;
                    }
                    innermost.begun += 1;
                    new.instruction(&Instruction::End);
                    height -= 1;
                }
                Operator::End | Operator::Delegate { .. } => {
                    let ended = open.pop();
                    height -= 1;
                    if let Operator::Delegate { relative_depth } = operator {
                        let depth = own(&open, height, relative_depth);
                        new.instruction(&Instruction::Delegate(depth));
                    } else {
                        new.instruction(&Instruction::End);
                    }
                    debug_assert!(ended.is_none_or(|it| it.label == height));
                }
                Operator::Br { relative_depth } => {
                    let depth = branch(&open, height, relative_depth);
                    new.instruction(&Instruction::Br(depth));
                }
                Operator::BrIf { relative_depth } => {
                    let depth = branch(&open, height, relative_depth);
                    new.instruction(&Instruction::BrIf(depth));
                }
                Operator::BrTable { ref targets } => {
                    let depths: Result<Vec<u32>, _> = targets
                        .targets()
                        .map(|old| Ok::<_, Error>(branch(&open, height, old?)))
                        .collect();
                    let last = branch(&open, height, targets.default());
                    new.instruction(&Instruction::BrTable(depths?.into(), last));
                }
                Operator::Rethrow { relative_depth } => {
                    let depth = own(&open, height, relative_depth);
                    new.instruction(&Instruction::Rethrow(depth));
                }
                other => {
                    new.instruction(&self.instruction(other)?);
                }
            }
        }
        Ok(())
    }
}

impl Reencode for Hoister<'_> {
    type Error = Infallible;

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error> {
        let function = self.next;
        self.next = function.next();
        let tries = match self.functions.contains(&function) {
            true => self.tries(&body)?,
            false => Vec::new(),
        };
        let mut moved = self.moves.recorder(&body);
        if tries.iter().any(|found| self.hoisted(found).is_some()) {
            let mut new = self.new_function_with_parsed_locals(&body)?;
            self.rewrite(&body, &tries, &mut new, &mut moved)?;
            code.function(&new);
        } else {
            debug::copy_body(self, code, &body, &mut moved)?;
        }
        self.moves.push(moved);
        Ok(())
    }
}
