//! The state of the checker while a function tests whether the only saved frame is its own: see
//! [`only_frame`](super::only_frame).

use super::machine::Activation;
use super::operators::Op;
use super::values::{Constant, Integer, Value, Values};
use super::wrong::Wrong;

/// The globals with which the dispatcher lowers the limit of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stack {
    pub(super) reserve: u32,
    pub(super) limit: u32,
}

/// What was learnt about the only frame.
#[derive(Clone, Debug)]
pub(super) struct Search {
    /// The size and the number of a frame of the function that is run.
    size: i64,
    number: u32,
    /// The end of the saved frames, and the first word of the newest segment.
    start: Value,
    header: Value,
    /// The facts that hold.
    ends: bool,
    is_own: bool,
    stack: Option<Stack>,
    /// The values of these globals; of the limit, if it was set.
    reserve: Value,
    limit: Option<Value>,
}

/// A fact about the newest segment.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fact {
    /// It is as long as one frame of the function.
    Ends,
    /// It begins with the function's number.
    IsOwn,
}

impl Search {
    pub(super) fn new(
        (number, size): (u32, i64),
        stack: Option<Stack>,
        start: Value,
        values: &mut Values,
    ) -> Self {
        let [header, reserve] = [(); 2].map(|()| values.unknown());
        Self {
            size,
            number,
            start,
            header,
            ends: false,
            is_own: false,
            stack,
            reserve,
            limit: None,
        }
    }

    pub(super) fn header(&self) -> Value {
        self.header
    }

    /// The fact that follows if these two are equal, if any. `frame` is where the segment begins.
    pub(super) fn fact(&self, frame: Value, [a, b]: [Value; 2], values: &Values) -> Option<Fact> {
        if values.as_sum(a) == Some((frame, self.size)) && b == self.start {
            return Some(Fact::Ends);
        }
        let is_number = values.as_constant(b) == Some(Constant::I32(self.number));
        (a == self.header && is_number).then_some(Fact::IsOwn)
    }

    /// Records a fact. Returns whether now all facts hold.
    pub(super) fn learns(&mut self, fact: Fact) -> bool {
        match fact {
            Fact::Ends => self.ends = true,
            Fact::IsOwn => self.is_own = true,
        }
        self.is_sure()
    }

    /// Whether one frame of the function is all that is saved.
    pub(super) fn is_sure(&self) -> bool {
        self.ends && self.is_own
    }

    /// Whether an instruction reads the global with the reserve, or sets the limit.
    pub(super) fn is_of_stack(&self, op: &Op) -> bool {
        self.stack.is_some_and(|stack| match op {
            Op::GlobalGet(global) => *global == stack.reserve,
            Op::GlobalSet(global) => *global == stack.limit,
            _ => false,
        })
    }

    /// Runs such an instruction.
    pub(super) fn access(&mut self, global: u32, function: &mut Activation) -> Result<(), Wrong> {
        if self.stack.is_some_and(|stack| global == stack.limit) {
            self.limit = Some(function.pop()?);
        } else {
            function.push(self.reserve);
        }
        function.at += 1;
        Ok(())
    }

    pub(super) fn is_without_limit(&self) -> bool {
        self.limit.is_none()
    }

    /// Whether the limit was set to `start` plus the reserve. If the module has no limit: whether none was set.
    pub(super) fn is_limited_to(&self, start: Value, values: &mut Values) -> bool {
        let lowered = values.integer(Integer::Add, [start, self.reserve]);
        self.limit == self.stack.map(|_| lowered)
    }
}
