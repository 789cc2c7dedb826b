//! Checks that a coroutine's stack does not overflow.
//!
//! A function that moves the stack pointer down checks that it stays above the *limit*. The limit belongs to the
//! stack (`build/switch.wat`): it changes together with the pointer, and is null on the stack that coroutines are
//! resumed from.
//!
//! ```text
//!  low end                       limit                                         high end
//!  ├─ frames ─┬─ LLVM's ─┬─ reserve ─┬───────────────────────────────────────────────┤
//!  │          │  128     │  RESERVE  │ checked functions       ◄── stack pointer     │
//! ```
//!
//! The frames at the low end are those of suspended functions that wait for the running code to return. Where all
//! functions are resumed at once there are none.
//!
//! These functions have no check:
//!
//! - functions that are never on a coroutine's stack ([`OnStack`]),
//! - functions that cannot get deeper than the reserve, together with all others without a check that may be
//!   below the last one with a check ([`super::chains`]; [`super::placement`] chooses them),
//! - functions that only move the pointer up ([`super::frames`]).
//!
//! So the pointer may be up to RESERVE bytes below the limit when a function with a check is called. When that
//! function lowers it further, its check reports the overflow.
//!
//! A function that moves the pointer by a known number of bytes moves it first and checks then: nothing is written
//! in between. If the pointer is in a certain [range](Look), the check reports at once that this stack overflows:
//! it cannot be on another stack. So the function that reports it never returns, and an engine's compiler need keep
//! nothing alive for the code after the call. Some functions check later still, only on the paths that use the
//! frame ([`super::later`]).
//!
//! Most programs have no stacks but ours: nothing sets the pointer to anything but its former value plus a
//! constant. Then everything below the limit is on this stack, as far down as a function can get at all; unless the
//! address is so low that it wraps to a large number. A program that may switch stacks by itself may set the
//! pointer anywhere. There a function checks before it moves the pointer by much or by an unknown number, and the
//! function that is called then tests more closely.
//!
//! And LLVM may use 128 bytes below the stack pointer without moving it (the red zone).

use std::collections::{BTreeMap, BTreeSet};

use wasm_encoder::Instruction::{
    End, I32Const, I32GeU, I32GtU, I32LtU, I32Or, I32Sub, I64Const, I64GeU, I64GtU, I64LtU, I64Sub,
    If, Unreachable,
};
use wasm_encoder::{BlockType, Instruction};
use wasmparser::{Export, ExternalKind};

use super::code::Writer;
use super::frames::{self, Frame};
use super::info::GuardInfo;
use super::later::{self, Later};
use super::placement::Placement;
use crate::abi;
use crate::analysis::OnStack;
use crate::error::{Error, Result};
use crate::module::{FunctionIndex, FunctionMap, GlobalIndex, LocalIndex};
use crate::remedy::Remedy;

/// The bytes that functions without a check have for themselves.
pub(super) const RESERVE: u64 = 256;

/// How far the limit is above the low end, or above the frames there.
pub(crate) const ABOVE_LOW_END: u64 = RESERVE + abi::LLVM_RED_ZONE as u64;

/// How far below the limit the memory belongs to the coroutine alone: the reserve, and its core
/// (`build/switch.wat`).
pub(super) const NEAR: u64 = ABOVE_LOW_END + 64;

/// The largest range that a check tests. Beyond it, an address of a very large stack could be mistaken for an
/// overflow.
const FARTHEST: u64 = 16 << 20;

/// How a function with a check tests the pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// After the move: whether the pointer is below the limit. There is no other stack, and this function's frame is
    /// too small to wrap.
    Below,
    /// After the move: whether it is below the limit by at most this number of bytes. This function gets no further.
    Within(u64),
    /// Before the move; the function that is called then tests more closely.
    First,
}

/// Where the stack is checked.
pub(super) struct StackChecks {
    /// By function that can be on a coroutine's stack.
    frames: BTreeMap<FunctionIndex, Frame>,
    placement: Placement,
    /// Whether only the switch and the guards switch stacks.
    is_alone: bool,
    /// By function that checks later than it moves the pointer.
    later: BTreeMap<FunctionIndex, Later>,
    /// The global that contains the limit.
    limit: GlobalIndex,
    /// The global that contains how far the limit is above the low end.
    pub(super) reserve: GlobalIndex,
    /// The function to call if the limit would be passed. The function after it is called if the limit was passed.
    passed: FunctionIndex,
}

impl StackChecks {
    /// Checks in those functions of `on_stack` that need one, but not in `exempt`. `passed` is the
    /// function that they call, and `alike` says which functions have the same code.
    pub(super) fn new(
        info: &GuardInfo<'_>,
        on_stack: &OnStack,
        exempt: &BTreeSet<FunctionIndex>,
        alike: &FunctionMap<FunctionIndex>,
        writer: &Writer,
        passed: FunctionIndex,
    ) -> Result<Self> {
        let missing = || {
            let reason = "its `bysyncify` is too old: it does not say where a stack ends";
            Error::of_module(reason, Remedy::UpdateOrNoStackChecks)
        };
        let limit = writer.globals.limit.ok_or_else(missing)?;
        let reserve = info.optional_global(abi::STACK_RESERVE).ok_or_else(missing)?;
        let mut frames = BTreeMap::new();
        for function in on_stack.functions() {
            if let Some(body) = info.module.body(*function) {
                let (_, parameters) = info.module.signature(*function)?;
                let frame = frames::read(body, parameters, writer.globals.stack_pointer)?;
                frames.insert(*function, frame);
            }
        }
        let alike = |function: FunctionIndex| alike.get(function).copied().unwrap_or(function);
        let placement = Placement::new(on_stack, &frames, exempt, alike, RESERVE);
        let is_alone = is_alone(info, writer.globals.stack_pointer)?;
        let mut checks =
            Self { frames, placement, is_alone, later: BTreeMap::new(), limit, reserve, passed };
        for function in on_stack.functions() {
            if checks.looks_once_afterwards(*function)
                && let Some(body) = info.module.body(*function)
                && let Some(later) = later::find(body, writer.globals.stack_pointer)?
            {
                checks.later.insert(*function, later);
            }
        }
        Ok(checks)
    }

    /// Whether the function has any check.
    pub(super) fn is_checked(&self, function: FunctionIndex) -> bool {
        self.placement.is_checked(function)
    }

    /// How a function tests the pointer, if it has a check.
    fn look_of(&self, function: FunctionIndex) -> Look {
        let size = self.frames.get(&function).and_then(|frame| frame.size);
        let arrival = self.placement.arrival(function);
        match size.zip(arrival).map(|(size, arrival)| size + arrival) {
            Some(reach) if reach <= NEAR && self.is_alone => Look::Below,
            Some(reach) if reach <= NEAR => Look::Within(NEAR),
            Some(reach) if self.is_alone && reach <= FARTHEST => Look::Within(reach),
            _ => Look::First,
        }
    }

    /// Whether the function has one check, after it has moved the pointer.
    fn looks_once_afterwards(&self, function: FunctionIndex) -> bool {
        let lowers = self.frames.get(&function).map_or(&[][..], |frame| &frame.lowers);
        let is_one = matches!(lowers, [true, others @ ..] if !others.contains(&true));
        is_one && self.is_checked(function) && self.look_of(function) != Look::First
    }

    /// The checks of a function that checks later, by the numbers of the instructions that they precede.
    pub(super) fn later(
        &self,
        function: FunctionIndex,
        writer: &Writer,
        who: &[Instruction<'static>],
    ) -> BTreeMap<usize, Vec<Instruction<'static>>> {
        let Some(Later { frame, before }) = self.later.get(&function) else {
            return BTreeMap::new();
        };
        before.iter().map(|number| (*number, self.look(function, *frame, writer, who))).collect()
    }

    /// Tests whether the pointer, which was moved already and is in the local `pointer`, is below the limit.
    fn look(
        &self,
        function: FunctionIndex,
        pointer: LocalIndex,
        writer: &Writer,
        who: &[Instruction<'static>],
    ) -> Vec<Instruction<'static>> {
        let mut code = vec![pointer.get(), self.limit.get()];
        code.extend(match (self.look_of(function), writer.memory64) {
            (Look::Within(reach), true) => vec![I64Sub, I64Const(-reach.cast_signed()), I64GeU],
            (Look::Within(reach), false) => vec![I32Sub, I32Const(-(reach as i32)), I32GeU],
            (_, true) => vec![I64LtU],
            (_, false) => vec![I32LtU],
        });
        code.push(If(BlockType::Empty));
        code.extend(who.iter().cloned());
        code.extend([self.passed.next().call(), Unreachable, End]);
        code
    }

    /// Whether the function's check needs a local.
    pub(super) fn needs_local(&self, function: FunctionIndex) -> bool {
        self.is_checked(function) && !self.later.contains_key(&function)
    }

    /// The code to replace the `number`th instruction that sets the stack pointer; None if that stays. It can use
    /// `local`, which a function has if it [needs](Self::needs_local) one; `who` identifies the function.
    pub(super) fn in_place_of(
        &self,
        function: FunctionIndex,
        number: usize,
        local: Option<LocalIndex>,
        writer: &Writer,
        who: &[Instruction<'static>],
    ) -> Option<Vec<Instruction<'static>>> {
        let local = local?;
        if !*self.frames.get(&function)?.lowers.get(number)? {
            return None;
        }
        let stack_pointer = writer.globals.stack_pointer;
        let (less, greater) = if writer.memory64 { (I64LtU, I64GtU) } else { (I32LtU, I32GtU) };
        if self.look_of(function) != Look::First {
            let mut code = vec![local.tee(), stack_pointer.set()];
            code.extend(self.look(function, local, writer, who));
            return Some(code);
        }
        // The subtraction may wrap to a large number. Then the address is above the old one.
        let mut code = vec![local.tee(), self.limit.get(), less];
        code.extend([local.get(), stack_pointer.get(), greater, I32Or]);
        code.extend([If(BlockType::Empty), local.get()]);
        code.extend(who.iter().cloned());
        code.extend([self.passed.call(), End, local.get(), stack_pointer.set()]);
        Some(code)
    }
}

/// Whether all code except the switch leaves the stack pointer on the stack on which it was called.
fn is_alone(info: &GuardInfo<'_>, stack_pointer: GlobalIndex) -> Result<bool> {
    let is_global = |export: &Export<'_>| export.kind == ExternalKind::Global;
    let mut exported = info.module.exports.iter().filter(|it| is_global(it));
    if stack_pointer.0 < info.module.imported_globals
        || exported.any(|it| GlobalIndex(it.index) == stack_pointer)
    {
        return Ok(false);
    }
    let switch = info.switch();
    for (function, body) in info.module.bodies().filter(|(it, _)| !switch.contains(it)) {
        let (_, parameters) = info.module.signature(function)?;
        if frames::read(body, parameters, stack_pointer)?.size.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}
