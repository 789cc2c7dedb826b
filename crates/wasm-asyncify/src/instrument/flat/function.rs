//! The state that is kept for one function while it is written in the flat form.

use super::numbers::Numbers;
use super::plan::FlatPlan;
use crate::instrument::shape::Shape;
use crate::module::FunctionIndex;

/// The state for one function.
#[derive(Debug)]
pub(in crate::instrument) struct Flat<'p> {
    pub(super) plan: &'p mut FlatPlan,
    pub(super) function: FunctionIndex,
    pub(super) numbers: Numbers,
}

impl<'p> Flat<'p> {
    pub(in crate::instrument) fn new(
        plan: &'p mut FlatPlan,
        function: FunctionIndex,
        shape: &Shape<'_>,
    ) -> Self {
        Self { plan, function, numbers: Numbers::new(shape) }
    }

    /// The size of its frame in bytes, after it has been written.
    pub(in crate::instrument) fn size_of_last(&self) -> u32 {
        self.plan.functions().last().map_or(0, |last| last.size)
    }
}
