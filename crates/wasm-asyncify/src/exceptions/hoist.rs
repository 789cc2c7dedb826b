//! Moves legacy handlers out of their `try`, so that the code in them can be suspended.
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
//! `b` is the same code: it has the exception's values on the stack, and what it throws is not caught by the `try`.
//! Only a `rethrow` must be in the handler. So a `try` is left alone if one of its handlers rethrows, or is a
//! `catch_all`, which LLVM emits only to rethrow.

use core::convert::Infallible;
use std::collections::BTreeSet;

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{BlockType, Function, Instruction};
use wasmparser::{FuncType, FunctionBody, Operator};

use crate::debug::{Recorder, Trail};
use crate::error::{Context, Result};
use crate::module::{self, Added, FunctionIndex, ModuleInfo, Rewrite, TagIndex, TypeIndex};

/// The module with the handlers of these functions moved out.
pub(crate) fn hoist(
    read: &ModuleInfo<'_>,
    functions: &BTreeSet<FunctionIndex>,
    trail: &mut Trail,
) -> Result<Vec<u8>> {
    let tags = Tags::new(read);
    if tags.results.is_empty() {
        return Ok(read.bytes.to_vec());
    }
    module::write(read, &mut Hoister { tags, functions }, Added::default(), trail)
        .context("cannot hoist handlers")
}

/// The tags of a module.
struct Tags {
    /// By tag: the type of a block whose result is the tag's value; None if it has several values.
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
}

/// A `try`, as the first scan finds it.
#[derive(Default)]
struct Try {
    /// The tags of its handlers; None is a `catch_all`.
    handlers: Vec<Option<TagIndex>>,
    throws_on: bool,
}

/// A control structure of the old code, while the new code is written.
struct Open {
    /// The target of a branch to it, as an index among the open structures of the new code.
    label: usize,
    /// The target of a `rethrow` or `delegate` that refers to it.
    own: usize,
    /// The tags of the handlers, if it is a `try` whose handlers are moved out.
    hoisted: Vec<TagIndex>,
    /// How many of these handlers have begun.
    begun: usize,
}

impl Hoister<'_> {
    /// The `try`s of a function, in order.
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
                        tries[*innermost].handlers.push(Some(TagIndex(tag_index)));
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
                // Branches on references: LLVM emits none.
                Operator::BrOnNull { .. }
                | Operator::BrOnNonNull { .. }
                | Operator::BrOnCast { .. }
                | Operator::BrOnCastFail { .. } => return Ok(Vec::new()),
                _ => {}
            }
        }
        Ok(tries)
    }

    /// The tags of a `try` whose handlers can be moved out.
    fn hoisted(&self, found: &Try) -> Option<Vec<TagIndex>> {
        let tags: Option<Vec<TagIndex>> = found.handlers.iter().copied().collect();
        let is_simple =
            |tag: &TagIndex| self.tags.results.get(usize::from(*tag)).is_some_and(Option::is_some);
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
        // The open structures of the new code are numbered from the outermost.
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
                        let ty = self.tags.results[usize::from(*tag)]
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
                    // The code before it has its results on the stack.
                    new.instruction(&Instruction::Br((height - 1 - innermost.label) as u32));
                    if innermost.begun == 0 {
                        for (number, tag) in (0..).zip(&innermost.hoisted) {
                            new.instruction(&Instruction::Catch(tag.0));
                            new.instruction(&Instruction::Br(1 + number));
                        }
                        new.instruction(&Instruction::End);
                        new.instruction(&Instruction::Unreachable);
                        height -= 1;
                        // From here on its handlers catch nothing that is thrown.
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
}

impl Rewrite for Hoister<'_> {
    fn body(
        &mut self,
        function: FunctionIndex,
        body: &FunctionBody<'_>,
        moved: &mut Recorder,
    ) -> Result<Option<Function>, Error> {
        if !self.functions.contains(&function) {
            return Ok(None);
        }
        let tries = self.tries(body)?;
        if !tries.iter().any(|found| self.hoisted(found).is_some()) {
            return Ok(None);
        }
        let mut new = self.new_function_with_parsed_locals(body)?;
        self.rewrite(body, &tries, &mut new, moved)?;
        Ok(Some(new))
    }
}
