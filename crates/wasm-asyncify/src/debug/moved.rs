//! Where instructions are after the passes, and where they were before.
//!
//! Each pass that writes bodies anew notes for each instruction that it takes over where it was and
//! where it is. What it adds has no note: to whoever asks, that belongs to what comes before it.
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
//! One instruction may have several copies: a call is made again by a rewind. The copies for rewinds are
//! in front, so the last is the one that ran before there was any rewind.
//!
//! All positions are bytes from where a body begins, with the number of its groups of locals. What a
//! function is does not change: the n-th body of a module remains the n-th, but for what one pass puts before
//! all of them.

use core::convert::Infallible;

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{CodeSection, Function};
use wasmparser::FunctionBody;

/// Of one instruction: where it is and where it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) new: u32,
    pub(crate) old: u32,
}

/// Of one function: the instructions that were there before, in the order of the new code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moved {
    steps: Vec<Step>,
}

/// Notes where instructions go, while a body is written.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    /// Where the old body begins; none if nobody wants to know.
    start: Option<u64>,
    moved: Moved,
}

/// Notes where instructions go in one pass.
#[derive(Debug, Default)]
pub(crate) struct Pass {
    is_wanted: bool,
    functions: Vec<Moved>,
    /// How many bodies it has put before the first one.
    before: usize,
}

/// Where instructions have gone in all passes so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trail {
    is_wanted: bool,
    /// By body. None if no pass has changed any.
    functions: Option<Vec<Moved>>,
    /// How many bodies there are now before the first one.
    before: usize,
}

impl Moved {
    /// In the order of the new code.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// This, and after it `next`.
    fn then(&self, next: &Self) -> Self {
        let mut steps: Vec<Step> = Vec::with_capacity(next.steps.len());
        for Step { new, old: between } in next.steps.iter().copied() {
            let known = self.steps.partition_point(|step| step.new <= between);
            let Some(Step { new: begin, old }) = known.checked_sub(1).map(|at| self.steps[at])
            else {
                continue;
            };
            // What this has added goes with what it follows, wherever that is.
            let is_added = begin != between;
            if !(is_added && steps.last().is_some_and(|last| last.old == old)) {
                steps.push(Step { new, old });
            }
        }
        Self { steps }
    }
}

impl Recorder {
    /// An instruction that was at this place in the file is written to this place in the body.
    pub(crate) fn instruction(&mut self, position: u64, new: usize) {
        if let Some(start) = self.start {
            let step = Step { new: new as u32, old: position.saturating_sub(start) as u32 };
            if self.moved.steps.last() != Some(&step) {
                self.moved.steps.push(step);
            }
        }
    }

    /// All that was written comes so many bytes later.
    pub(crate) fn shift(&mut self, by: usize) {
        for step in &mut self.moved.steps {
            step.new += by as u32;
        }
    }
}

impl Pass {
    /// For one body, which must be [pushed](Self::push) in the order of the bodies.
    pub(crate) fn recorder(&self, body: &FunctionBody<'_>) -> Recorder {
        let start = self.is_wanted.then(|| body.range().start);
        Recorder { start, moved: Moved::default() }
    }

    /// The next body is what was noted here.
    pub(crate) fn push(&mut self, recorder: Recorder) {
        if self.is_wanted {
            self.functions.push(recorder.moved);
        }
    }

    /// So many bodies are put before the first one.
    pub(crate) fn come_after(&mut self, added: u32) {
        self.before = added as usize;
    }

    /// The next body has nothing of the old one.
    pub(crate) fn push_replaced(&mut self) {
        self.push(Recorder::default());
    }
}

impl Trail {
    /// One that notes where instructions go, if that is wanted.
    pub(crate) fn new(is_wanted: bool) -> Self {
        Self { is_wanted, functions: None, before: 0 }
    }

    /// What a pass notes its changes in, if it makes any.
    pub(crate) fn pass(&self) -> Pass {
        Pass { is_wanted: self.is_wanted, functions: Vec::new(), before: 0 }
    }

    /// A pass has been through.
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

    /// By body of the module as it was. None if it is as it was.
    pub(crate) fn functions(&self) -> Option<&[Moved]> {
        self.functions.as_deref()
    }

    /// How many bodies there are now before those.
    pub(crate) fn before(&self) -> usize {
        self.before
    }
}

/// Writes a body as it is, but for what `reencoder` numbers anew.
pub(crate) fn copy_body<R: Reencode<Error = Infallible>>(
    reencoder: &mut R,
    code: &mut CodeSection,
    body: &FunctionBody<'_>,
    recorder: &mut Recorder,
) -> Result<(), Error> {
    let mut new: Function = reencoder.new_function_with_parsed_locals(body)?;
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        recorder.instruction(operators.original_position(), new.byte_len());
        new.instruction(&reencoder.parse_instruction(&mut operators)?);
    }
    code.function(&new);
    Ok(())
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
        // What the first has added goes with what it follows.
        assert_eq!(first.then(&next), moved(&[(9, 0), (15, 0), (24, 2)]));
    }

    #[test]
    fn copy_of_what_was_added_says_what_that_follows() {
        let first = moved(&[(0, 0), (9, 2), (12, 4)]);
        // A call that the first has put at 11 is made again in front.
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
