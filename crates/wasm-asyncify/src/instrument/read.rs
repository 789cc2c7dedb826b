//! Reads a function's body with a validator, which knows the types of operands on the stack.

use std::collections::HashMap;

use wasmparser::{
    BlockType, FuncToValidate, FuncValidator, FuncValidatorAllocations, FunctionBody, ModuleArity,
    Operator, ValType, ValidatorResources,
};

use super::shape::{Kind, Shape, Site, Structure};
use super::types::Types;
use super::{Callee, is_indirect};
use crate::error::{Context, Result};
use crate::module::FunctionIndex;

/// Reads a body. For each call, with its number among the function's indirect calls, `callee` says whether it can
/// suspend.
pub(super) fn read<'a>(
    function: FuncToValidate<ValidatorResources>,
    body: &FunctionBody<'a>,
    types: &'a Types<'a>,
    callee: impl Fn(&Operator<'_>, u32) -> Option<Callee>,
) -> Result<Shape<'a>> {
    let index = FunctionIndex(function.index);
    let mut validator = function.into_validator(FuncValidatorAllocations::default());
    let parameters = validator.len_locals() as usize;
    validator.read_locals(&mut body.get_binary_reader())?;
    let locals = (0..validator.len_locals())
        .map(|local| validator.get_local_type(local).context("a local without a type"))
        .map(|ty| ty.map(|ty| types.plain(ty)))
        .collect::<Result<_>>()?;
    let shape = Shape {
        function: index,
        operators: Vec::new(),
        positions: Vec::new(),
        dead: Vec::new(),
        heights: Vec::new(),
        structures: Vec::new(),
        begins: HashMap::new(),
        sites: Vec::new(),
        locals,
        parameters,
        types,
    };
    let mut reading = Reading { shape, validator, open: Vec::new(), indirect: 0 };
    reading.begin(Kind::Function, 0, Vec::new(), 0)?;
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        let offset = operators.original_position();
        let operator = operators.read()?;
        let callee = callee(&operator, reading.indirect);
        reading.operator(operator, offset, callee)?;
    }
    Ok(reading.shape)
}

/// The state while a body is read.
struct Reading<'a> {
    shape: Shape<'a>,
    validator: FuncValidator<ValidatorResources>,
    /// The open structures, outermost first.
    open: Vec<usize>,
    /// How many indirect calls were read.
    indirect: u32,
}

impl<'a> Reading<'a> {
    fn operator(
        &mut self,
        operator: Operator<'a>,
        offset: u64,
        callee: Option<Callee>,
    ) -> Result<()> {
        let innermost = *self.open.last().context("code after the end")?;
        let frame = self.validator.get_control_frame(0).context("code after the end")?;
        let (base, unreachable) = (frame.height, frame.unreachable);
        // The beginning or end of an arm is reachable if the structure is.
        let is_in_dead = innermost != 0 && self.shape.dead[self.shape.structures[innermost].begin];
        let dead = is_in_dead || (unreachable && !is_edge(&operator));
        let at = self.shape.operators.len();
        match operator {
            Operator::Else | Operator::Catch { .. } | Operator::CatchAll => {
                self.shape.structures[innermost].alternative.get_or_insert(at);
            }
            Operator::End | Operator::Delegate { .. } => {
                let sites = self.shape.sites.len();
                let structure = &mut self.shape.structures[innermost];
                structure.end = at;
                structure.sites.end = sites;
                self.open.pop();
            }
            _ => {}
        }
        let kind = match operator {
            Operator::Block { .. } => Some(Kind::Block),
            Operator::Loop { .. } => Some(Kind::Loop),
            Operator::If { .. } => Some(Kind::If),
            Operator::Try { .. } | Operator::TryTable { .. } => Some(Kind::Try),
            _ => None,
        };
        self.indirect += u32::from(is_indirect(&operator));
        let callee = callee.filter(|_| !dead);
        let height = self.validator.operand_stack_height() as usize;
        let mut operands = Vec::new();
        let mut below = Vec::new();
        if !dead && (kind.is_some() || callee.is_some()) {
            below = self.stack()?;
            let (own, _) = operator.operator_arity(&self.validator).context("no such type")?;
            operands = below.split_off(below.len() - own as usize);
        }
        self.validator.op(offset, &operator)?;
        if let Some(callee) = callee {
            let (operator, is_tail) = without_tail(operator);
            let results = match is_tail {
                true => self.shape.structures[0].results.clone(),
                false => self.stack()?.split_off(below.len()),
            };
            self.shape.sites.push(Site {
                call: at,
                callee,
                is_tail,
                below,
                base,
                operands,
                results,
            });
            self.push(operator, offset, false, height);
            if is_tail {
                self.push(Operator::Return, offset, false, height);
            }
            return Ok(());
        }
        self.push(operator, offset, dead, height);
        if let Some(kind) = kind {
            self.begin(kind, at, below, base)?;
        }
        Ok(())
    }

    fn push(&mut self, operator: Operator<'a>, offset: u64, dead: bool, height: usize) {
        self.shape.operators.push(operator);
        self.shape.positions.push(offset);
        self.shape.heights.push(height);
        self.shape.dead.push(dead);
    }

    /// Adds the structure that has just begun.
    fn begin(&mut self, kind: Kind, begin: usize, below: Vec<ValType>, base: usize) -> Result<()> {
        let frame = self.validator.get_control_frame(0).context("no structure is open")?;
        let ty = match frame.block_type {
            BlockType::Type(ty) => BlockType::Type(self.shape.types.plain(ty)),
            other => other,
        };
        let (parameters, results) = match ty {
            BlockType::Empty => (0, Vec::new()),
            BlockType::Type(ty) => (0, vec![ty]),
            BlockType::FuncType(index) => {
                let ty = self.validator.sub_type_at(index).context("no such type")?.unwrap_func();
                let plain = |ty: &ValType| self.shape.types.plain(*ty);
                (ty.params().len(), ty.results().iter().map(plain).collect())
            }
        };
        let index = self.shape.structures.len();
        if kind != Kind::Function {
            self.shape.begins.insert(begin, index);
        }
        self.open.push(index);
        self.shape.structures.push(Structure {
            kind,
            begin,
            alternative: None,
            end: 0,
            below,
            base,
            ty,
            // A function's parameters are in locals.
            has_parameters: kind != Kind::Function && parameters > 0,
            results,
            sites: self.shape.sites.len()..self.shape.sites.len(),
        });
        Ok(())
    }

    /// The operands on the stack, from the bottom.
    fn stack(&self) -> Result<Vec<ValType>> {
        let height = self.validator.operand_stack_height() as usize;
        let types = (0..height).rev().map(|depth| self.validator.get_operand_type(depth).flatten());
        let plain = |ty: Option<ValType>| ty.map(|ty| self.shape.types.plain(ty));
        types
            .map(plain)
            .collect::<Option<_>>()
            .context("an operand of any type in code that is reached")
    }
}

/// Whether the operator begins or ends an arm of a structure.
fn is_edge(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Else
            | Operator::Catch { .. }
            | Operator::CatchAll
            | Operator::End
            | Operator::Delegate { .. }
    )
}

/// Replaces a tail call by a call. Also returns whether it was one.
fn without_tail(operator: Operator<'_>) -> (Operator<'_>, bool) {
    match operator {
        Operator::ReturnCall { function_index } => (Operator::Call { function_index }, true),
        Operator::ReturnCallIndirect { type_index, table_index } => {
            (Operator::CallIndirect { type_index, table_index }, true)
        }
        Operator::ReturnCallRef { type_index } => (Operator::CallRef { type_index }, true),
        other => (other, false),
    }
}
