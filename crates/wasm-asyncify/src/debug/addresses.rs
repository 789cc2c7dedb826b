//! Which address in the new code is that of an instruction in the old code.
//!
//! DWARF's addresses are bytes from where the contents of the code section begin. A function is from
//! where its body begins (the number of its groups of locals) to where that ends. Between two bodies there is
//! at least a byte, the size of the second: so no address is of two functions, even if an end counts.

use core::ops::Range;
use std::collections::BTreeMap;

use wasmparser::{Parser, Payload};

use super::moved::{Moved, Step};
use crate::error::{Result, bail};

/// Where the bodies of a module are, as DWARF counts.
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

    /// Those of the other bodies.
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
    /// Where each instruction is that was somewhere: the last copy.
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

    /// The function that an address is in, or the end of.
    pub(super) fn function(&self, old: u64) -> Option<&Function<'a>> {
        let after = self.0.partition_point(|function| function.old.start <= old);
        self.0[..after].last().filter(|function| old <= function.old.end)
    }

    /// The functions that have code in a range, which begins in one.
    pub(super) fn functions(&self, old: &Range<u64>) -> impl Iterator<Item = &Function<'a>> {
        let first = self.0.partition_point(|function| function.old.end < old.start);
        let end = old.end;
        self.0[first..].iter().take_while(move |function| function.old.start < end)
    }

    /// Where an instruction is, or the next one that is still there; an end becomes an end. None if it
    /// is after all functions: linkers give the address −1 to what they leave out. Before all functions
    /// there is nothing that would move: 0 is what units begin with that say where each function is.
    pub(super) fn new_address(&self, old: u64) -> Option<u64> {
        if let Some(function) = self.function(old) {
            return Some(function.new_address(old));
        }
        match self.0.partition_point(|function| function.old.start <= old) {
            0 => Some(old),
            next => self.0.get(next).map(|function| function.new.start),
        }
    }

    /// The same of a range.
    pub(super) fn new_range(&self, old: Range<u64>) -> Option<Range<u64>> {
        let start = self.new_address(old.start)?;
        // An operand may have changed places with another one.
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

    /// In the order of the new code: where it is, and where what is there comes from. The first is
    /// the function's beginning.
    pub(super) fn origins(&self) -> impl Iterator<Item = (u64, u64)> {
        let steps = self.moved.steps().iter().copied();
        let all = core::iter::once(Step { new: 0, old: 0 }).chain(steps);
        all.map(|step| (self.new.start + u64::from(step.new), self.old.start + u64::from(step.old)))
    }
}
