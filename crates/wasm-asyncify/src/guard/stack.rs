//! Checks that a coroutine's stack does not overflow.
//!
//! Whoever moves the stack pointer down looks whether it stays above the *limit*, which
//! belongs to the stack (`build/switch.wat`): it changes together with the pointer, and is null on
//! the stack that coroutines are resumed from.
//!
//! ```text
//!  low end              limit                                                  high end
//!  ├─ LLVM's ─┬─ reserve ─┬────────────────────────────────────────────────────────┤
//!  │  128     │  RESERVE  │ who has a check                  ◄── stack pointer     │
//! ```
//!
//! Not everyone has a check:
//!
//! - who is never on a coroutine's stack ([`Guards::on_stack`](super::Guards)),
//! - a function that needs no more than the reserve, together with all that it calls
//!   ([`super::bounds`]): whoever called it had that at hand. Its callees are such functions, too.
//! - what moves the pointer up ([`super::frames`]).
//!
//! Who moves the pointer by little does so first and looks then, which is shorter: nothing is written in
//! between, and it cannot be on a stack of someone else's below. Who moves it by more looks first, since
//! it may get anywhere.
//!
//! And LLVM may use 128 bytes below the stack pointer without moving it.

use std::collections::BTreeSet;

use wasm_encoder::Instruction::{
    Call, End, GlobalGet, GlobalSet, I32GtU, I32LtU, I64GtU, I64LtU, If, LocalGet, LocalTee,
};
use wasm_encoder::{BlockType, Instruction};

use super::Guards;
use super::bounds::{self, Need};
use super::code::Writer;
use super::facts::Facts;
use crate::abi;
use crate::error::{Error, Result};
use crate::remedy::Remedy;

/// What functions without a check have for themselves, in bytes.
pub(super) const RESERVE: u64 = 256;

/// How far the limit is above the low end.
pub(super) const ABOVE_LOW_END: u64 = RESERVE + abi::LLVM_RED_ZONE as u64;

/// How far below the limit there is only what belongs to the coroutine: the reserve, and its core
/// (`build/switch.wat`).
pub(super) const NEAR: u64 = ABOVE_LOW_END + 64;

/// Where the stack is checked.
pub(super) struct StackChecks {
    /// By function index.
    needs: Vec<Need>,
    checked: BTreeSet<u32>,
    /// The global that has the limit.
    limit: u32,
    /// The global that says how far above the low end that is.
    pub(super) reserve: u32,
    /// The function that is called if the limit would be passed. The next one is called if it was, by
    /// who is small.
    passed: u32,
}

impl StackChecks {
    /// Checks in those functions of `on_stack` that need one, but not in `exempt`. `passed` is the
    /// function that they call.
    pub(super) fn new(
        facts: &Facts<'_>,
        guards: &Guards<'_>,
        on_stack: &BTreeSet<u32>,
        exempt: &BTreeSet<u32>,
        writer: &Writer,
        passed: u32,
    ) -> Result<Self> {
        let missing = || {
            let reason = "its `bysyncify` is too old: it does not say where a stack ends";
            Error::of_module(reason, Remedy::UpdateOrNoStackChecks)
        };
        let limit = writer.globals.limit.ok_or_else(missing)?;
        let reserve = facts.optional_global(abi::STACK_RESERVE).ok_or_else(missing)?;
        let panics: BTreeSet<u32> = guards.panics.iter().copied().collect();
        let switch = facts.switch();
        let leaves = |function| panics.contains(&function) || switch.contains(&function);
        let needs = bounds::needs(facts, writer.globals.stack_pointer, leaves)?;
        let is_large = |function: &u32| match needs.get(*function as usize) {
            Some(need) => need.bound.is_none_or(|bound| bound > RESERVE),
            None => false,
        };
        let checked = on_stack.difference(exempt).copied().filter(is_large).collect();
        Ok(Self { needs, checked, limit, reserve, passed })
    }

    /// Whether the function has any check.
    pub(super) fn is_checked(&self, function: u32) -> bool {
        self.checked.contains(&function)
            && self.needs[function as usize].frame.lowers.contains(&true)
    }

    /// Whether the function never sets the stack pointer lower than [`NEAR`] below where it was.
    fn is_small(&self, function: u32) -> bool {
        self.needs[function as usize].frame.size.is_some_and(|size| size <= NEAR)
    }

    /// Whether the function's check needs a local.
    pub(super) fn needs_local(&self, function: u32) -> bool {
        self.is_checked(function) && !self.is_small(function)
    }

    /// What is to be put in place of the `number`th instruction that sets the stack pointer, if it
    /// is not to stay. `local` can be used, and `who` says who this is.
    pub(super) fn in_place_of(
        &self,
        function: u32,
        number: usize,
        local: u32,
        writer: &Writer,
        who: &[Instruction<'static>],
    ) -> Option<Vec<Instruction<'static>>> {
        let frame = &self.needs.get(function as usize)?.frame;
        if !self.checked.contains(&function) || !*frame.lowers.get(number)? {
            return None;
        }
        let stack_pointer = writer.globals.stack_pointer;
        let (less, greater) = if writer.memory64 { (I64LtU, I64GtU) } else { (I32LtU, I32GtU) };
        if self.is_small(function) {
            let mut code = vec![GlobalSet(stack_pointer), GlobalGet(stack_pointer)];
            code.extend([GlobalGet(self.limit), less, If(BlockType::Empty)]);
            code.extend(who.iter().cloned());
            code.extend([Call(self.passed + 1), End]);
            return Some(code);
        }
        // It may be so much that the address is a large number again. Then this is, too.
        let mut code = vec![LocalTee(local), GlobalGet(self.limit), writer.sub()];
        code.extend([GlobalGet(stack_pointer), GlobalGet(self.limit), writer.sub(), greater]);
        code.extend([If(BlockType::Empty), LocalGet(local)]);
        code.extend(who.iter().cloned());
        code.extend([Call(self.passed), End, LocalGet(local), GlobalSet(stack_pointer)]);
        Some(code)
    }
}
