//! Writes the structures of a function anew. The code at calls is in [`calls`](super::calls).
//!
//! All blocks of a level begin at the level's beginning, in the order in which they end: blocks that end after sites,
//! blocks that end before inner levels, and the function's structures that contain sites. Where such a structure
//! began originally, nothing is written any more.
//!
//! | in the function | becomes, if there is a site in it |
//! |---|---|
//! | `block` … `end` | … `end` |
//! | `if` … `else` … `end` | `i32.eqz`, `br_if $alternative` … `br $end`, `end $alternative` … `end` |
//! | `loop` … `end` | `end $level`, `loop`, blocks, a dispatch, … `end` |
//! | `try_table` … `end` | the same as a loop |

use core::convert::Infallible;

use wasm_encoder::reencode::Reencode;
use wasm_encoder::{BlockType, Catch, Encode, Function, Instruction};
use wasmparser::{Operator, ValType};

use super::Reason;
use super::compact::plan::Compact;
use super::flat::function::Flat;
use super::frame::{Frame, Slots};
use super::frame_maps::FrameMap;
use super::helpers::Helpers;
use super::labels::{Label, Labels};
use super::levels::Numbers;
use super::runtime::Runtime;
use super::shape::{Kind, Shape, Structure};
use super::types::{is_non_null, nullable};
use super::zeroes::Ways;
use crate::debug::Recorder;
use crate::error::{Context, Failure, Result, bail};
use crate::module::LocalIndex;

/// The form of an instrumented function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Suspends quickly: see [`calls`](super::calls).
    Fast,
    /// Is small: see [`compact`](super::compact).
    Compact,
}

/// Returns the function's new code and its frame map, or why it cannot be instrumented.
pub(super) fn emit<R: Reencode<Error = Infallible>>(
    shape: &Shape<'_>,
    form: Form,
    runtime: Runtime,
    helpers: &mut Helpers,
    flat: Option<Flat<'_>>,
    reencoder: &mut R,
    moved: Recorder,
) -> Result<(Function, Recorder, FrameMap), Failure<Reason>> {
    if let Some(reason) = shape.unsupported() {
        return Err(Failure::Own(reason));
    }
    for ty in shape.unseen() {
        if let ValType::Ref(reference) = ty
            && !reference.is_nullable()
            && helpers.stand_in(reference, shape.types).is_none()
        {
            return Err(Failure::Own(Reason::NoStandIn));
        }
    }
    let mut slots = Slots::new(LocalIndex(shape.locals.len() as u32));
    let has_levels = shape.levels().count() > 1;
    let has_position = match form {
        _ if flat.is_some() => shape.sites.len() > 1,
        Form::Fast => has_levels || shape.sites.len() > 1,
        Form::Compact => has_levels && shape.sites.len() > 1,
    };
    let position = has_position.then(|| slots.add(ValType::I32));
    let is_compact = form == Form::Compact && flat.is_none();
    let saved_position = position.filter(|_| form == Form::Fast);
    let frame = Frame::new(shape, &mut slots, saved_position, !is_compact).map_err(Failure::Own)?;
    let address = if runtime.memory64 { ValType::I64 } else { ValType::I32 };
    let frame_at = (form == Form::Fast).then(|| slots.add(address));
    let compact = is_compact.then(|| Compact::new(shape, &frame));
    // In fast form, number 0 at a loop's beginning means that nothing is rewound.
    let first = u32::from(form == Form::Fast && has_levels);
    let mut emitter = Emitter {
        shape,
        numbers: Numbers::new(shape, first),
        form,
        runtime,
        helpers,
        reencoder,
        slots,
        position,
        has_levels,
        frame,
        frame_at,
        compact,
        flat,
        ways_out: Ways::default(),
        code: Vec::new(),
        calls: vec![0; shape.sites.len()],
        moved,
        labels: Labels::default(),
        open: Vec::new(),
    };
    emitter.function()?;
    let calls = core::mem::take(&mut emitter.calls);
    let mut map = emitter.frame_map(&calls)?;
    let Emitter { code, mut moved, slots, reencoder, .. } = emitter;
    let locals = shape.locals[shape.parameters..].iter().chain(&slots.added);
    let locals = locals.map(|ty| reencoder.val_type(nullable(*ty)));
    let locals = locals.collect::<Result<Vec<_>, _>>()?;
    let mut function = Function::new_with_locals_types(locals);
    moved.shift(function.byte_len());
    for site in &mut map.sites {
        site.at += function.byte_len() as u32;
    }
    function.raw(code);
    Ok((function, moved, map))
}

pub(super) struct Emitter<'a, 'b, R> {
    pub(super) shape: &'b Shape<'a>,
    /// The numbers of the sites, if the function is not resumed by itself.
    pub(super) numbers: Numbers,
    pub(super) form: Form,
    pub(super) runtime: Runtime,
    pub(super) helpers: &'b mut Helpers,
    pub(super) reencoder: &'b mut R,
    pub(super) slots: Slots,
    /// The local with the number of the suspended site, if it is needed.
    pub(super) position: Option<LocalIndex>,
    /// Whether there are inner levels: then `position` is read again later.
    pub(super) has_levels: bool,
    pub(super) frame: Frame,
    /// The local with the frame's address, in fast form.
    pub(super) frame_at: Option<LocalIndex>,
    /// The state for the compact form, if the function gets that form.
    pub(super) compact: Option<Compact>,
    /// The state for the flat form, if the function is resumed by itself.
    pub(super) flat: Option<Flat<'b>>,
    /// What is set to 0 on the paths out of the function.
    pub(super) ways_out: Ways,
    code: Vec<u8>,
    /// By site: where the call that is made the first time is in `code`.
    calls: Vec<usize>,
    /// Records where instructions of the function are in `code`.
    moved: Recorder,
    pub(super) labels: Labels,
    /// The open structures of the original function, outermost first.
    open: Vec<usize>,
}

impl<R: Reencode<Error = Infallible>> Emitter<'_, '_, R> {
    pub(super) fn write(&mut self, instruction: &Instruction<'_>) {
        instruction.encode(&mut self.code);
    }

    pub(super) fn write_all(&mut self, code: &[Instruction<'_>]) {
        for instruction in code {
            self.write(instruction);
        }
    }

    /// Records that this instruction is written next.
    pub(super) fn mark(&mut self, index: usize) {
        self.moved.instruction(self.shape.positions[index], self.code.len());
    }

    /// Records that the call of this site is written next.
    pub(super) fn mark_call(&mut self, site: usize) {
        self.mark(self.shape.sites[site].call);
        self.calls[site] = self.code.len();
    }

    fn function(&mut self) -> Result<()> {
        let shape = self.shape;
        self.open.push(0);
        match (&self.flat, &self.compact) {
            (Some(_), _) => self.begin_flat_function()?,
            (None, Some(_)) => self.begin_compact_function()?,
            (None, None) => self.begin_function()?,
        }
        let mut sites = (0..shape.sites.len()).peekable();
        let mut index = 0;
        while let Some(operator) = shape.operators.get(index) {
            if let Some(site) = sites.next_if(|site| self.beginning(*site) == index) {
                match self.compact {
                    Some(_) => self.compact_call(site)?,
                    None => self.call(site)?,
                }
                index = shape.sites[site].call;
            } else if !shape.dead[index] {
                self.operator(index, operator)?;
            }
            index += 1;
        }
        self.write(&Instruction::End);
        Ok(())
    }

    /// The first instruction of a site: its call, or the beginning of its operands' code.
    fn beginning(&self, site: usize) -> usize {
        match &self.compact {
            Some(compact) => compact.beginning(site),
            None => self.shape.sites[site].call,
        }
    }

    pub(super) fn operator(&mut self, index: usize, operator: &Operator<'_>) -> Result<()> {
        self.mark(index);
        if let Some(structure) = self.shape.begun_at(index) {
            self.begin(structure, operator)?;
            self.open.push(structure);
            return Ok(());
        }
        match operator {
            Operator::Else => self.alternative(),
            Operator::End => self.end(),
            Operator::Delegate { .. } => {
                let structure = self.open.pop().context("a delegate of nothing")?;
                self.close(Label::Structure(structure))?;
                let instruction = self.instruction(operator)?;
                self.write(&instruction);
                self.after(structure);
                Ok(())
            }
            other => {
                let instruction = self.instruction(other)?;
                self.write(&instruction);
                if let Operator::LocalGet { local_index } | Operator::LocalTee { local_index } =
                    other
                    && self.shape.is_made_nullable(LocalIndex(*local_index))
                {
                    self.write(&Instruction::RefAsNonNull);
                }
                Ok(())
            }
        }
    }

    /// Re-encodes an instruction, with the new depths of its branches.
    fn instruction<'c>(&mut self, operator: &Operator<'c>) -> Result<Instruction<'c>> {
        let mut instruction = self.reencoder.instruction(operator.clone())?;
        match &mut instruction {
            Instruction::Br(depth)
            | Instruction::BrIf(depth)
            | Instruction::BrOnNull(depth)
            | Instruction::BrOnNonNull(depth)
            | Instruction::BrOnCast { relative_depth: depth, .. }
            | Instruction::BrOnCastFail { relative_depth: depth, .. }
            | Instruction::Delegate(depth)
            | Instruction::Rethrow(depth) => *depth = self.depth(*depth)?,
            Instruction::BrTable(depths, default) => {
                for depth in depths.to_mut() {
                    *depth = self.depth(*depth)?;
                }
                *default = self.depth(*default)?;
            }
            Instruction::TryTable(_, catches) => {
                for catch in catches.to_mut() {
                    let (Catch::One { label, .. }
                    | Catch::OneRef { label, .. }
                    | Catch::All { label }
                    | Catch::AllRef { label }) = catch;
                    *label = self.depth(*label)?;
                }
            }
            Instruction::Resume { .. }
            | Instruction::ResumeThrow { .. }
            | Instruction::ResumeThrowRef { .. }
            | Instruction::Switch { .. } => bail!("it switches stacks by itself: {operator:?}"),
            _ => {}
        }
        Ok(instruction)
    }

    /// The new depth of a label that had this depth in the original function.
    fn depth(&self, depth: u32) -> Result<u32> {
        let structure = self.open.len().checked_sub(1 + depth as usize).context("a bad branch")?;
        self.labels.depth(Label::Structure(self.open[structure]))
    }

    fn begin(&mut self, index: usize, operator: &Operator<'_>) -> Result<()> {
        let structure = &self.shape.structures[index];
        if structure.sites.is_empty() {
            let instruction = self.instruction(operator)?;
            self.write(&instruction);
            self.labels.open(Label::Structure(index));
            return Ok(());
        }
        match structure.kind {
            Kind::Function | Kind::Block => self.spill_below(structure),
            Kind::If => {
                let condition = [ValType::I32];
                let height = structure.below.len();
                if height > structure.base {
                    self.spill(&condition, height);
                    self.spill_below(structure);
                    self.fetch(&condition, height);
                }
                let otherwise = match structure.alternative {
                    Some(_) => Label::Alternative(index),
                    None => Label::Structure(index),
                };
                let depth = self.labels.depth(otherwise)?;
                self.write_all(&[Instruction::I32Eqz, Instruction::BrIf(depth)]);
            }
            Kind::Loop | Kind::Try => {
                self.spill_below(structure);
                self.write(&Instruction::End);
                self.close(Label::Level(index))?;
                let instruction = self.instruction(operator)?;
                self.write(&instruction);
                self.labels.open(Label::Structure(index));
                match (&self.flat, &self.compact) {
                    (Some(_), _) => self.begin_flat_level(index)?,
                    (None, Some(_)) => self.begin_compact_level(index)?,
                    (None, None) => self.begin_level(index)?,
                }
            }
        }
        Ok(())
    }

    fn alternative(&mut self) -> Result<()> {
        let index = *self.open.last().context("an else of nothing")?;
        if self.shape.structures[index].sites.is_empty() {
            self.write(&Instruction::Else);
            return Ok(());
        }
        let end = self.labels.depth(Label::Structure(index))?;
        self.write_all(&[Instruction::Br(end), Instruction::End]);
        self.close(Label::Alternative(index))
    }

    fn end(&mut self) -> Result<()> {
        let index = self.open.pop().context("an end of nothing")?;
        if index == 0 {
            return match (&self.flat, &self.compact) {
                (Some(_), _) => self.end_flat_function(),
                (None, Some(_)) => self.end_compact_function(),
                (None, None) => self.end_function(),
            };
        }
        self.write(&Instruction::End);
        self.close(Label::Structure(index))?;
        self.after(index);
        Ok(())
    }

    /// Fetches the operands that wait below a structure that has ended.
    fn after(&mut self, index: usize) {
        let structure = &self.shape.structures[index];
        let height = structure.below.len();
        if !structure.sites.is_empty() && height > structure.base {
            self.spill(&structure.results, height);
            self.fetch(&structure.below[structure.base..], structure.base);
            self.fetch(&structure.results, height);
        }
    }

    /// Puts the operands that wait below a structure into slots.
    fn spill_below(&mut self, structure: &Structure) {
        self.spill(&structure.below[structure.base..], structure.base);
    }

    /// Puts operands into their slots. The lowest operand has this height.
    pub(super) fn spill(&mut self, operands: &[ValType], height: usize) {
        for (above, ty) in operands.iter().enumerate().rev() {
            let slot = self.slots.of(height + above, *ty);
            self.write(&slot.set());
        }
    }

    /// Fetches operands from their slots.
    pub(super) fn fetch(&mut self, operands: &[ValType], height: usize) {
        for (at, ty) in (height..).zip(operands) {
            let slot = self.slots.of(at, *ty);
            self.write(&slot.get());
            if is_non_null(*ty) {
                self.write(&Instruction::RefAsNonNull);
            }
        }
    }

    /// Begins a block.
    pub(super) fn block(&mut self, label: Label, ty: BlockType) {
        self.write(&Instruction::Block(ty));
        self.labels.open(label);
    }

    pub(super) fn close(&mut self, label: Label) -> Result<()> {
        let closed = self.labels.close();
        if closed != Some(label) {
            bail!("{closed:?} ends where {label:?} should");
        }
        Ok(())
    }
}
