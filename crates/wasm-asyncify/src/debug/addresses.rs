//! Maps addresses of the old code to addresses of the new code.
//!
//! DWARF's addresses are byte offsets from the beginning of the code section's contents. A function extends from
//! its body's beginning (the number of groups of locals) to the body's end. Between two bodies there is at least a
//! byte, the size of the second: so no address is in two functions, even if the end counts as inside.

use core::ops::Range;
use std::collections::BTreeMap;

use wasmparser::{Parser, Payload};

use super::moved::{Moved, Step};
use crate::error::{Result, bail};

/// The ranges of a module's bodies, in DWARF's addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout(Vec<Range<u64>>);

impl Layout {
    pub(super) fn read(wasm: &[u8]) -> Result<Self> {
        let mut bodies = Vec::new();
        let mut code = 0;
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::CodeSectionStart { unchecked_range, .. } => code = unchecked_range.start,
                Payload::CodeSectionEntry(body) => {
                    let Range { start, end } = body.range();
                    bodies.push(start - code..end - code);
                }
                _ => {}
            }
        }
        Ok(Self(bodies))
    }

    /// The layout without the first `count` bodies.
    pub(super) fn without_first(mut self, count: usize) -> Self {
        self.0.drain(..count.min(self.0.len()));
        self
    }
}

/// All functions, before and after.
#[derive(Debug)]
pub(super) struct Addresses<'a>(Vec<Function<'a>>);

/// One function, before and after.
#[derive(Debug)]
pub(super) struct Function<'a> {
    pub(super) old: Range<u64>,
    pub(super) new: Range<u64>,
    moved: &'a Moved,
    /// The new offset of each old instruction that still exists: of its last copy.
    by_old: BTreeMap<u32, u32>,
}

impl<'a> Addresses<'a> {
    pub(super) fn new(before: &Layout, after: &Layout, moved: &'a [Moved]) -> Result<Self> {
        if before.0.len() != moved.len() || after.0.len() < moved.len() {
            bail!("a pass has lost a function");
        }
        let functions = before.0.iter().zip(&after.0).zip(moved);
        let functions = functions.map(|((old, new), moved)| Function {
            old: old.clone(),
            new: new.clone(),
            moved,
            by_old: moved.steps().iter().map(|step| (step.old, step.new)).collect(),
        });
        Ok(Self(functions.collect()))
    }

    /// The function that contains an address, or ends there.
    pub(super) fn function(&self, old: u64) -> Option<&Function<'a>> {
        let after = self.0.partition_point(|function| function.old.start <= old);
        self.0[..after].last().filter(|function| old <= function.old.end)
    }

    /// The functions with code in a range, which begins in a function.
    pub(super) fn functions(&self, old: &Range<u64>) -> impl Iterator<Item = &Function<'a>> {
        let first = self.0.partition_point(|function| function.old.end < old.start);
        let end = old.end;
        self.0[first..].iter().take_while(move |function| function.old.start < end)
    }

    /// The new address of an instruction, or of the next one that still exists; an end maps to an end. None for an
    /// address after all functions: linkers give the address −1 to removed code. An address before all functions
    /// stays: 0 is the base of units that have a range for each function.
    pub(super) fn new_address(&self, old: u64) -> Option<u64> {
        if let Some(function) = self.function(old) {
            return Some(function.new_address(old));
        }
        match self.0.partition_point(|function| function.old.start <= old) {
            0 => Some(old),
            next => self.0.get(next).map(|function| function.new.start),
        }
    }

    /// The same for a range.
    pub(super) fn new_range(&self, old: Range<u64>) -> Option<Range<u64>> {
        let start = self.new_address(old.start)?;
        // The order of two instructions, such as operands, may have changed.
        let end = self.new_address(old.end)?.max(start);
        Some(start..end)
    }
}

impl Function<'_> {
    fn new_address(&self, old: u64) -> u64 {
        if old == self.old.start {
            return self.new.start;
        }
        let from = (old - self.old.start) as u32;
        let next = self.by_old.range(from..).next();
        match next.filter(|_| old < self.old.end) {
            Some((_, new)) => self.new.start + u64::from(*new),
            None => self.new.end,
        }
    }

    /// In the order of the new code: the address of each instruction, and its old address. The first pair is the
    /// function's beginning.
    pub(super) fn origins(&self) -> impl Iterator<Item = (u64, u64)> {
        let steps = self.moved.steps().iter().copied();
        let all = core::iter::once(Step { new: 0, old: 0 }).chain(steps);
        all.map(|step| (self.new.start + u64::from(step.new), self.old.start + u64::from(step.old)))
    }
}
