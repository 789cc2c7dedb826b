//! Maps the positions of instructions after the passes to those before.
//!
//! Each pass that rewrites bodies records the old and the new position of each instruction that it keeps. An
//! instruction that it adds has no record: it counts as part of the one before it.
//!
//! ```text
//!   before        one pass          the next one      both
//!   0: call $f    0: call $w        0: global.get
//!   2: end        2: global.get     2: if
//!                 4: if …           9: call $w        9 was 0   (again: a rewind calls)
//!                 9: end           14: end
//!                                  15: call $w       15 was 0
//!                                  …                 …
//! ```
//!
//! One instruction may have several copies: a rewind repeats a call. The copies for rewinds come first, so the last
//! copy is the one that ran before there was any rewind.
//!
//! All positions are byte offsets in a body, which begins with the number of its groups of locals. The n-th body of
//! a module remains the n-th, not counting the bodies that one pass inserts before all others.

use wasmparser::FunctionBody;

/// The new and the old position of one instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) new: u32,
    pub(crate) old: u32,
}

/// The instructions of one function that were there before, in the order of the new code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moved {
    steps: Vec<Step>,
}

/// Records where instructions go, while a body is written.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    /// The position of the old body in the file; None if nothing is to be recorded.
    start: Option<u64>,
    moved: Moved,
}

/// Records where instructions go in one pass.
#[derive(Debug, Default)]
pub(crate) struct Pass {
    is_wanted: bool,
    functions: Vec<Moved>,
    /// The number of bodies that it has inserted before the first one.
    before: usize,
}

/// The moves of instructions in all passes so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trail {
    is_wanted: bool,
    /// By body. None if no pass has changed any.
    functions: Option<Vec<Moved>>,
    /// The number of bodies that are now before the first one.
    before: usize,
}

impl Moved {
    /// The steps, in the order of the new code.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The composition of `self` and then `next`.
    fn then(&self, next: &Self) -> Self {
        let mut steps: Vec<Step> = Vec::with_capacity(next.steps.len());
        for Step { new, old: between } in next.steps.iter().copied() {
            let known = self.steps.partition_point(|step| step.new <= between);
            let Some(Step { new: begin, old }) = known.checked_sub(1).map(|at| self.steps[at])
            else {
                continue;
            };
            // An instruction that `self` has added belongs to the one before it, wherever that is.
            let is_added = begin != between;
            if !(is_added && steps.last().is_some_and(|last| last.old == old)) {
                steps.push(Step { new, old });
            }
        }
        Self { steps }
    }
}

impl Recorder {
    /// Records that the instruction at this position of the file is written to this offset in the body.
    pub(crate) fn instruction(&mut self, position: u64, new: usize) {
        if let Some(start) = self.start {
            let step = Step { new: new as u32, old: position.saturating_sub(start) as u32 };
            if self.moved.steps.last() != Some(&step) {
                self.moved.steps.push(step);
            }
        }
    }

    /// Moves all recorded instructions by this number of bytes.
    pub(crate) fn shift(&mut self, by: usize) {
        for step in &mut self.moved.steps {
            step.new += by as u32;
        }
    }
}

impl Pass {
    /// A recorder for one body. Recorders must be [pushed](Self::push) in the order of the bodies.
    pub(crate) fn recorder(&self, body: &FunctionBody<'_>) -> Recorder {
        let start = self.is_wanted.then(|| body.range().start);
        Recorder { start, moved: Moved::default() }
    }

    /// Adds the record of the next body.
    pub(crate) fn push(&mut self, recorder: Recorder) {
        if self.is_wanted {
            self.functions.push(recorder.moved);
        }
    }

    /// Notes that this number of bodies is inserted before the first one.
    pub(crate) fn come_after(&mut self, added: u32) {
        self.before = added as usize;
    }
}

impl Trail {
    /// A trail that records moves if `is_wanted`.
    pub(crate) fn new(is_wanted: bool) -> Self {
        Self { is_wanted, functions: None, before: 0 }
    }

    /// A record for the changes of one pass.
    pub(crate) fn pass(&self) -> Pass {
        Pass { is_wanted: self.is_wanted, functions: Vec::new(), before: 0 }
    }

    /// Adds the changes of a pass.
    pub(crate) fn add(&mut self, pass: Pass) {
        if !pass.is_wanted {
            return;
        }
        let next = pass.functions.into_iter().skip(self.before);
        self.functions = Some(match &self.functions {
            None => next.collect(),
            Some(before) => {
                before.iter().zip(next).map(|(first, next)| first.then(&next)).collect()
            }
        });
        self.before += pass.before;
    }

    /// The moves by body of the original module. None if no pass has changed any.
    pub(crate) fn functions(&self) -> Option<&[Moved]> {
        self.functions.as_deref()
    }

    /// The number of bodies that are now before those of the original module.
    pub(crate) fn before(&self) -> usize {
        self.before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(steps: &[(u32, u32)]) -> Moved {
        let steps = steps.iter().map(|(new, old)| Step { new: *new, old: *old });
        Moved { steps: steps.collect() }
    }

    #[test]
    fn steps_of_two_passes_are_one_step() {
        // As in the picture above.
        let first = moved(&[(0, 0), (9, 2)]);
        let next = moved(&[(9, 0), (15, 0), (17, 2), (19, 4), (24, 9)]);
        // An instruction that the first pass has added belongs to the one before it.
        assert_eq!(first.then(&next), moved(&[(9, 0), (15, 0), (24, 2)]));
    }

    #[test]
    fn copy_of_what_was_added_says_what_that_follows() {
        let first = moved(&[(0, 0), (9, 2), (12, 4)]);
        // A call that the first pass has put at 11 is repeated in front.
        let next = moved(&[(5, 11), (20, 0), (29, 9), (31, 11), (32, 12)]);
        let both = moved(&[(5, 2), (20, 0), (29, 2), (32, 4)]);
        assert_eq!(first.then(&next), both);
    }

    #[test]
    fn what_comes_before_the_first_instruction_was_nowhere() {
        assert_eq!(moved(&[(8, 1)]).then(&moved(&[(3, 0), (11, 8)])), moved(&[(11, 1)]));
        assert_eq!(Moved::default().then(&moved(&[(3, 0), (11, 8)])), Moved::default());
    }

    #[test]
    fn nothing_is_noted_if_nobody_wants_it() {
        let mut trail = Trail::new(false);
        let mut pass = trail.pass();
        let wasm = wat::parse_str("(module (func nop))").unwrap();
        let module = crate::module::ModuleInfo::read(&wasm).unwrap();
        let mut recorder = pass.recorder(&module.bodies[0]);
        recorder.instruction(40, 2);
        pass.push(recorder);
        trail.add(pass);
        assert_eq!(trail.functions(), None);
    }
}
