//! Reads a function's body. A validator provides the numbers of operands, and tells which code is unreachable.

use std::collections::BTreeMap;

use wasmparser::{
    BlockType, Catch, FuncToValidate, FuncValidator, FuncValidatorAllocations, FunctionBody,
    ModuleArity, Operator, RefType, ValType, ValidatorResources,
};

use super::code::{Clause, Code, Handler, Label, Step};
use super::operators::{Op, arity, is_call, is_indirect, op};
use super::types::Types;
use super::values::Constant;
use crate::error::{Context, Result};

/// Reads a body.
pub(super) fn read<'a>(
    function: FuncToValidate<ValidatorResources>,
    body: &FunctionBody<'a>,
    names: &Types,
) -> Result<Code<'a>> {
    let mut validator = function.into_validator(FuncValidatorAllocations::default());
    let parameters = validator.len_locals() as usize;
    validator.read_locals(&mut body.get_binary_reader())?;
    let types = (parameters as u32..validator.len_locals())
        .map(|local| validator.get_local_type(local).context("a local without a type"));
    let code = Code {
        steps: Vec::new(),
        labels: Vec::new(),
        handlers: vec![Handler::default()],
        zeroes: types.map(|ty| ty.map(zero)).collect::<Result<_>>()?,
        parameters,
        indirect: BTreeMap::new(),
        results: BTreeMap::new(),
    };
    let mut reading = Reading { code, validator, names, open: Vec::new() };
    reading.begin(None, false)?;
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        let offset = operators.original_position();
        let operator = operators.read()?;
        reading.operator(operator, offset)?;
    }
    Ok(reading.code)
}

fn zero(ty: ValType) -> Constant {
    match ty {
        ValType::I32 => Constant::I32(0),
        ValType::I64 => Constant::I64(0),
        ValType::F32 => Constant::F32(0),
        ValType::F64 => Constant::F64(0),
        ValType::V128 => Constant::V128([0; 16]),
        ValType::Ref(_) => Constant::Null,
    }
}

struct Reading<'a, 't> {
    code: Code<'a>,
    validator: FuncValidator<ValidatorResources>,
    names: &'t Types,
    /// The function, and the control structures that are open in it.
    open: Vec<Open>,
}

struct Open {
    /// The instruction that begins it; none for the function.
    begin: Option<usize>,
    label: usize,
    /// Whether it is never reached.
    is_dead: bool,
    /// The handler of exceptions that are thrown in it.
    inside: usize,
    /// Its own handler.
    own: usize,
    /// The number of open handlers in it that can rethrow.
    caught: usize,
}

impl<'a> Reading<'a, '_> {
    fn operator(&mut self, operator: Operator<'a>, offset: u64) -> Result<()> {
        let at = self.code.steps.len();
        let innermost = self.open.last().context("code after the end")?;
        let frame = self.validator.get_control_frame(0).context("code after the end")?;
        let falls_through = !innermost.is_dead && !frame.unreachable;
        if is_indirect(&operator) {
            let number = self.code.indirect.len() as u32;
            self.code.indirect.insert(at, number);
        }
        let (operands, results) = match falls_through {
            true => arity(&operator, &self.validator).context("no such type")?,
            false => (0, 0),
        };
        let handler = innermost.inside;
        let references = if falls_through { self.references() } else { Vec::new() };
        let (op, is_join) = self.op(&operator, at, falls_through)?;
        self.validator.op(offset, &operator)?;
        if falls_through && is_call(&operator) {
            // Types are named as in casts, by the first index of each.
            let named = |ty| self.names.reference(ty).map_or(ty, ValType::Ref);
            let results = self.results(results)?.into_iter().map(named).collect();
            self.code.results.insert(at, results);
        }
        let step = Step { op, operator, offset, operands, results, handler, is_join, references };
        self.code.steps.push(step);
        let operator = self.code.steps[at].operator.clone();
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                self.begin(Some(at), !falls_through)?;
            }
            Operator::Try { .. } => {
                self.begin(Some(at), !falls_through)?;
                self.begin_handler(Vec::new())?;
            }
            Operator::TryTable { try_table } => {
                let clauses =
                    try_table.catches.iter().map(|catch| self.clause(catch, falls_through));
                let clauses = clauses.collect::<Result<_>>()?;
                self.begin(Some(at), !falls_through)?;
                self.begin_handler(clauses)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The types of a call's results, which are on the stack; after a tail call, those of the function.
    fn results(&self, count: usize) -> Result<Vec<ValType>> {
        let outermost = self.validator.control_stack_height() - 1;
        let frame = self.validator.get_control_frame(outermost as usize);
        match frame.context("code after the end")?.block_type {
            BlockType::FuncType(index) if self.is_after_tail_call() => {
                let ty = self.validator.sub_type_at(index).context("no such type")?.unwrap_func();
                Ok(ty.results().to_vec())
            }
            _ => {
                let types = (0..count).rev();
                let types = types.map(|depth| self.validator.get_operand_type(depth).flatten());
                types.collect::<Option<_>>().context("a result without a type")
            }
        }
    }

    fn is_after_tail_call(&self) -> bool {
        self.validator.get_control_frame(0).is_some_and(|frame| frame.unreachable)
    }

    /// What an instruction does, and whether several paths join there.
    fn op(
        &mut self,
        operator: &Operator<'a>,
        at: usize,
        falls_through: bool,
    ) -> Result<(Op, bool)> {
        let op = match operator {
            Operator::Else => {
                let open = self.open.last().context("an else of nothing")?;
                if let Some(begin) = open.begin
                    && let Op::If { otherwise } = &mut self.code.steps[begin].op
                {
                    *otherwise = at + 1;
                }
                self.leave_arm(falls_through)?
            }
            Operator::Catch { .. } | Operator::CatchAll => {
                let op = self.leave_arm(falls_through)?;
                self.catch(operator, at)?;
                op
            }
            Operator::Delegate { relative_depth } => {
                let own = self.open.last().context("a delegate of nothing")?.own;
                let is_join = self.close(at, falls_through)?;
                self.code.handlers[own].next = self.nth(*relative_depth)?.inside;
                return Ok((Op::Nothing, is_join));
            }
            Operator::End => {
                let caught = self.open.last().map_or(0, |open| open.caught);
                let is_join = self.close(at, falls_through)?;
                let op = match self.open.last() {
                    None => Op::Return,
                    Some(outer) if outer.caught < caught => Op::EndHandler(outer.caught),
                    Some(_) => Op::Nothing,
                };
                return Ok((op, is_join));
            }
            _ if !falls_through => Op::Never,
            Operator::Br { relative_depth } => Op::Jump(self.branch(*relative_depth)?),
            Operator::BrIf { relative_depth } => Op::BranchIf(self.branch(*relative_depth)?),
            Operator::BrOnNull { relative_depth }
            | Operator::BrOnNonNull { relative_depth }
            | Operator::BrOnCast { relative_depth, .. }
            | Operator::BrOnCastFail { relative_depth, .. } => {
                Op::BranchOn(self.branch(*relative_depth)?)
            }
            Operator::BrTable { targets } => {
                let depths = targets.targets().chain([Ok(targets.default())]);
                let labels = depths.map(|depth| self.branch(depth?));
                Op::Table(labels.collect::<Result<_>>()?)
            }
            Operator::Rethrow { relative_depth } => {
                Op::Rethrow(self.nth(*relative_depth)?.caught - 1)
            }
            Operator::RefCastNonNull { hty } | Operator::RefCastNullable { hty } => {
                let nullable = matches!(operator, Operator::RefCastNullable { .. });
                self.names.to(*hty, nullable).map_or(Op::Other, Op::Cast)
            }
            other => op(other),
        };
        Ok((op, false))
    }

    /// The references on the stack, with their heights.
    fn references(&self) -> Vec<(u32, RefType)> {
        let height = self.validator.operand_stack_height();
        let type_at = |at: u32| {
            let ty = self.validator.get_operand_type((height - 1 - at) as usize)??;
            self.names.reference(ty).map(|ty| (at, ty))
        };
        (0..height).filter_map(type_at).collect()
    }

    /// Opens the control structure that an instruction has just begun.
    fn begin(&mut self, begin: Option<usize>, is_dead: bool) -> Result<()> {
        let frame = self.validator.get_control_frame(0).context("nothing is open")?;
        let (parameters, results) = match frame.block_type {
            BlockType::Empty => (0, 0),
            BlockType::Type(_) => (0, 1),
            BlockType::FuncType(index) => {
                let ty = self.validator.sub_type_at(index).context("no such type")?.unwrap_func();
                (ty.params().len(), ty.results().len())
            }
        };
        let is_loop = begin.filter(|begin| matches!(self.code.steps[*begin].op, Op::Loop(_)));
        let (inside, caught) =
            self.open.last().map_or((0, 0), |outer| (outer.inside, outer.caught));
        let label = self.code.labels.len();
        if let Some(begin) = is_loop {
            self.code.steps[begin].op = Op::Loop(label);
        }
        self.code.labels.push(Label {
            at: is_loop.unwrap_or_default(),
            height: frame.height,
            arity: if is_loop.is_some() { parameters } else { results },
            caught,
            branches: 0,
        });
        self.open.push(Open { begin, label, is_dead, inside, own: 0, caught });
        Ok(())
    }

    /// Gives a handler to the control structure that has just begun.
    fn begin_handler(&mut self, clauses: Vec<Clause>) -> Result<()> {
        let own = self.code.handlers.len();
        let open = self.open.last_mut().context("no try is open")?;
        self.code.handlers.push(Handler { clauses, next: open.inside });
        open.own = own;
        open.inside = own;
        Ok(())
    }

    /// A clause of a `try_table`. Its label is relative to the code around the `try_table`.
    fn clause(&mut self, catch: &Catch, is_reached: bool) -> Result<Clause> {
        let (tag, label, reference) = match *catch {
            Catch::One { tag, label } => (Some(tag), label, false),
            Catch::OneRef { tag, label } => (Some(tag), label, true),
            Catch::All { label } => (None, label, false),
            Catch::AllRef { label } => (None, label, true),
        };
        let payload = self.payload(tag)?;
        // An unreachable `try_table` catches nothing.
        let label = if is_reached { self.branch(label)? } else { self.nth(label)?.label };
        Ok(Clause { tag, payload, reference, rethrows: false, label })
    }

    /// Begins a handler of a `try`.
    fn catch(&mut self, operator: &Operator<'_>, at: usize) -> Result<()> {
        let tag = match operator {
            Operator::Catch { tag_index } => Some(*tag_index),
            _ => None,
        };
        let payload = self.payload(tag)?;
        let outer = self.open.iter().rev().nth(1).context("a catch of nothing")?;
        let (inside, caught) = (outer.inside, outer.caught + 1);
        let open = self.open.last_mut().context("a catch of nothing")?;
        open.inside = inside;
        open.caught = caught;
        let height = self.code.labels[open.label].height;
        let label = self.code.labels.len();
        self.code.labels.push(Label { at: at + 1, height, arity: payload, caught, branches: 1 });
        let clause = Clause { tag, payload, reference: false, rethrows: true, label };
        self.code.handlers[open.own].clauses.push(clause);
        Ok(())
    }

    fn payload(&self, tag: Option<u32>) -> Result<usize> {
        let Some(tag) = tag else { return Ok(0) };
        Ok(self.validator.tag_type_arity(tag).context("no such tag")?.0 as usize)
    }

    /// The jump from the end of an arm to the end of all arms.
    fn leave_arm(&mut self, falls_through: bool) -> Result<Op> {
        if falls_through { Ok(Op::Jump(self.branch(0)?)) } else { Ok(Op::Never) }
    }

    /// Closes the innermost control structure. Returns whether several paths join at its end.
    fn close(&mut self, at: usize, falls_through: bool) -> Result<bool> {
        let open = self.open.pop().context("an end of nothing")?;
        let label = &mut self.code.labels[open.label];
        let mut ways = usize::from(falls_through);
        match open.begin.map(|begin| &mut self.code.steps[begin].op) {
            Some(Op::Loop(_)) => return Ok(false),
            Some(Op::If { otherwise }) if *otherwise == 0 => {
                *otherwise = at;
                ways += 1;
            }
            _ => {}
        }
        label.at = at;
        Ok(ways + label.branches > 1)
    }

    /// The label that a branch goes to.
    fn branch(&mut self, depth: u32) -> Result<usize> {
        let label = self.nth(depth)?.label;
        self.code.labels[label].branches += 1;
        Ok(label)
    }

    fn nth(&self, depth: u32) -> Result<&Open> {
        self.open.iter().rev().nth(depth as usize).context("a bad branch")
    }
}
