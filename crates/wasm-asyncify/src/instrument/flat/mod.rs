//! Writes functions so that a rewind resumes only the innermost one: the flat form. Its callers stay suspended until
//! it returns.
//!
//! ```text
//!   f(x):                       f(x):
//!     a = x + 1                   if state ≠ normal:                   (rewinding)
//!     r = g(a)      becomes         if a rewind begins: return what the dispatcher returns
//!     return r + a                  restore a from the frame
//!                                   state = normal, r = the saved result; go to 1
//!                                 a = x + 1
//!                                 r = g(a)
//!                                 if state ≠ normal: go to 2           (unwinding)
//!                              1: return r + a
//!                              2: push a frame: f's number, save a
//!                                 return 0
//! ```
//!
//! So a wait in a loop below a thousand callers saves and restores one frame, and not a thousand. The [`dispatcher`]
//! calls the suspended functions, the innermost first, and passes the results of each to its caller.
//!
//! The differences to the other forms ([`calls`](super::calls), [`compact`](super::compact)):
//!
//! - Only a call of a topmost function is repeated: that function began the unwind, and must learn that it is over.
//!   For other calls, neither operands nor the callee of an indirect call need be kept.
//! - A resumed function continues after the test that follows its call. If it repeats the call of a topmost function
//!   itself, not of its [copy](arrival), that may unwind too; then it continues before the test.
//! - A function that calls a topmost function makes room for its frame inline, without a call.
//! - A call whose results are returned at once needs neither a frame nor a test after it. The next frame is the
//!   caller's, and the caller gets the same results.
//! - Frames stay in memory while code runs. The code that resumes must leave them there, and must not change `data`:
//!   it must not set `start` back, nor `end` below `start`.
//!
//! The state when a function is resumed ([`runtime`](super::runtime) has the other states):
//!
//! | | |
//! |---|---|
//! | 2 | a rewind begins: an [entry](entries) calls the dispatcher, or takes its frame, if [alone](only_frame) |
//! | 3 | this is the innermost function |
//! | 4 | its callee has returned |
//! | 5 | its callee has thrown |
//!
//! Results are saved in globals: for each type of number and kind of reference, as many as a single function returns.
//! A global for references holds any reference of its kind; the code that fetches it casts it, and leaves null.
//!
//! The dispatcher resumes the callees of a function, so they do not run inside a `try_table` of that function.
//! Therefore the dispatcher catches exceptions, and resumes the functions that have such calls in a `try_table`.
//! These throw the exception again where they continue, and there it finds its handler. All other functions are
//! skipped. Legacy exceptions do not allow this: a `try` with such a call is refused.

pub(super) mod additions;
mod arrival;
mod classes;
mod dispatcher;
mod eligible;
mod entries;
mod frames;
pub(super) mod function;
mod locals;
mod numbers;
mod only_frame;
pub(super) mod plan;
pub(super) mod segment;
pub(super) mod table;
mod thrown;

use core::convert::Infallible;

use wasm_encoder::reencode::Reencode;
use wasm_encoder::{BlockType, Instruction};
use wasmparser::{Operator, ValType};

use super::emit::{Emitter, Form};
use super::labels::Label;
use super::levels::SPLIT;
use super::types::cast;
use super::{Callee, is_indirect};
use crate::error::{Context, Result};
use crate::module::{self, FunctionIndex, GlobalIndex};
use eligible::catches;
pub(super) use eligible::{passes_on, unsupported};
pub(super) use frames::HEADER;
use function::Flat;
use numbers::Way;
use only_frame::FrameAt;
use plan::Optional;

/// The states in which a function is resumed.
const INNERMOST: i32 = 3;
const RESULT: i32 = 4;
const THROWING: i32 = 5;

/// The state that `start_rewind` sets.
const REWINDING: i32 = 2;

/// The value that is passed where the callee does not read it.
fn zero(ty: ValType) -> Result<Instruction<'static>> {
    let null = || Some(Instruction::RefNull(ty.as_reference_type()?.heap_type().try_into().ok()?));
    module::zero(ty).or_else(null).context("a reference that is not known")
}

impl<R: Reencode<Error = Infallible>> Emitter<'_, '_, R> {
    fn flat(&self) -> Result<&Flat<'_>> {
        self.flat.as_ref().context("a function of another form")
    }

    /// The number of a site, as it is saved.
    pub(super) fn number_of(&self, site: usize) -> Result<i32> {
        Ok(self.flat()?.numbers.of[site].cast_signed())
    }

    pub(super) fn begin_flat_function(&mut self) -> Result<()> {
        self.begin_exits();
        self.begin_flat_level(0)
    }

    /// Begins all blocks of a level, and writes the code that runs there when the function is resumed.
    pub(super) fn begin_flat_level(&mut self, level: usize) -> Result<()> {
        self.begin_blocks(level)?;
        let restore = match (self.form, self.frame_at) {
            (Form::Fast, Some(frame_at)) => {
                self.frame.restore(self.runtime, self.helpers, frame_at, level)
            }
            _ => Vec::new(),
        };
        // Tests the state, not the position. The position is assigned to at the function's beginning and nowhere
        // else, for the same reason that dead locals are set to 0 outside loops: see `leave`.
        self.write(&self.runtime.state.get());
        let ways = self.flat()?.numbers.ways.get(&level).context("a level without a site")?.clone();
        if let [(_, Way::Level(inner))] = ways[..]
            && level != 0
            && restore.is_empty()
        {
            let depth = self.labels.depth(Label::Level(inner))?;
            self.write(&Instruction::BrIf(depth));
            return Ok(());
        }
        self.write(&Instruction::If(BlockType::Empty));
        self.labels.open(Label::Nothing);
        if level == 0 {
            self.enter()?;
        }
        self.write_all(&restore);
        if level == 0 && self.form == Form::Compact {
            self.restore_compactly()?;
        }
        self.arrive(&ways)?;
        self.write(&Instruction::End);
        self.close(Label::Nothing)
    }

    /// Calls the dispatcher if a rewind begins here, and takes the frame.
    fn enter(&mut self) -> Result<()> {
        let flat = self.flat()?;
        let (frame, resume) = (flat.plan.frame(), flat.plan.resume_in(flat.function));
        let can_be_innermost = self.shape.sites.iter().any(|it| it.callee == Callee::Topmost);
        if let Some(resume) = resume
            && can_be_innermost
        {
            let frame_at = self.frame_at.map_or(FrameAt::Global(frame), FrameAt::Local);
            let own = self.own_frame()?;
            let code =
                only_frame::begin_rewind(self.flat()?.plan, self.runtime, resume, own, frame_at);
            self.write_all(&code);
            return Ok(());
        }
        if let Some(resume) = resume {
            self.write_all(&begin_rewind(self.runtime.state, resume));
        }
        if let Some(frame_at) = self.frame_at
            && self.frame.size > 0
        {
            self.write_all(&[frame.get(), frame_at.set()]);
        }
        Ok(())
    }

    /// Branches to where the number in `position` leads.
    fn arrive(&mut self, ways: &[(u32, Way)]) -> Result<()> {
        let (last, others) = ways.split_last().context("a level without a site")?;
        let Some(before) = others.last() else { return self.arrive_by(last) };
        if others.len() == 1 || (last.0 - before.0) as usize > SPLIT {
            let position = self.position.context("several sites without a position")?;
            self.write_all(&[
                position.get(),
                Instruction::I32Const(last.0.cast_signed()),
                Instruction::I32GeU,
            ]);
            if let Way::Level(inner) = last.1 {
                let depth = self.labels.depth(Label::Level(inner))?;
                self.write(&Instruction::BrIf(depth));
            } else {
                self.write(&Instruction::If(BlockType::Empty));
                self.labels.open(Label::Nothing);
                self.arrive_by(last)?;
                self.write(&Instruction::End);
                self.close(Label::Nothing)?;
            }
            return self.arrive(others);
        }
        let label = |(first, way): &(u32, Way)| match way {
            Way::Level(inner) => Label::Level(*inner),
            Way::Group(_) | Way::Again(_) => Label::Arrival(*first),
        };
        let own: Vec<_> = ways.iter().filter(|(_, way)| !matches!(way, Way::Level(_))).collect();
        for way in own.iter().rev() {
            self.block(label(way), BlockType::Empty);
        }
        let mut targets = Vec::new();
        for pair in ways.windows(2) {
            let depth = self.labels.depth(label(&pair[0]))?;
            targets.extend((pair[0].0..pair[1].0).map(|_| depth));
        }
        let default = self.labels.depth(label(last))?;
        self.number_less(ways[0].0)?;
        self.write(&Instruction::BrTable(targets.into(), default));
        for way in own {
            self.write(&Instruction::End);
            self.close(label(way))?;
            self.arrive_by(way)?;
        }
        Ok(())
    }

    /// Leaves the number minus `first` on the stack.
    fn number_less(&mut self, first: u32) -> Result<()> {
        let position = self.position.context("several sites without a position")?;
        self.write(&position.get());
        if first > 0 {
            self.write_all(&[Instruction::I32Const(first.cast_signed()), Instruction::I32Sub]);
        }
        Ok(())
    }

    fn arrive_by(&mut self, (first, way): &(u32, Way)) -> Result<()> {
        match way {
            Way::Level(inner) => {
                let depth = self.labels.depth(Label::Level(*inner))?;
                self.write(&Instruction::Br(depth));
                Ok(())
            }
            Way::Group(sites) => self.fetch_results(*first, sites),
            Way::Again(site) => {
                let it = &self.shape.sites[*site];
                let is_sure = !is_indirect(&self.shape.operators[it.call]);
                // An indirect call is sure as well, if no other callee returns such results.
                if is_sure || self.flat()?.plan.globals(&it.results).is_err() {
                    return self.call_top_again(*site);
                }
                self.write_all(&[
                    self.runtime.state.get(),
                    Instruction::I32Const(INNERMOST),
                    Instruction::I32Eq,
                    Instruction::If(BlockType::Empty),
                ]);
                self.labels.open(Label::Nothing);
                self.call_top_again(*site)?;
                self.write(&Instruction::End);
                self.close(Label::Nothing)?;
                self.fetch_results(*first, &[*site])
            }
        }
    }

    /// Continues after one of these calls: the one that has returned.
    fn fetch_results(&mut self, first: u32, sites: &[usize]) -> Result<()> {
        if catches(self.shape) {
            self.throw_if_thrown()?;
        }
        let site = &self.shape.sites[sites[0]];
        let plan = &self.flat()?.plan;
        let mut code = Vec::new();
        let mut forget = Vec::new();
        for (global, ty) in plan.globals(&site.results)?.into_iter().zip(&site.results) {
            code.push(global.get());
            let kind = plan.kind(*ty);
            code.extend(cast(*ty, kind));
            // The global must not keep the object alive.
            let null = kind.map(|kind| Instruction::RefNull(kind.heap()));
            forget.extend(null.into_iter().flat_map(|null| [null, global.set()]));
        }
        self.write_all(&code);
        self.write_all(&forget);
        if site.results.len() > 1 {
            self.spill(&site.results, site.results_at());
        }
        self.set_state(0);
        if sites.len() > 1 {
            self.number_less(first)?;
        }
        let depths = sites.iter().map(|site| self.labels.depth(Label::Site(*site)));
        let mut depths = depths.collect::<Result<Vec<_>>>()?;
        let last = depths.pop().context("a group of none")?;
        self.write(&match sites.len() {
            1 => Instruction::Br(last),
            _ => Instruction::BrTable(depths.into(), last),
        });
        Ok(())
    }

    /// Throws the exception of the callee, if it has thrown one.
    fn throw_if_thrown(&mut self) -> Result<()> {
        let throw = self.flat()?.plan.optional(Optional::Throw)?;
        self.write_all(&[
            self.runtime.state.get(),
            Instruction::I32Const(THROWING),
            Instruction::I32Eq,
            Instruction::If(BlockType::Empty),
        ]);
        self.write_all(&[Instruction::Call(throw), Instruction::End]);
        Ok(())
    }

    /// Whether a function that was suspended in this call continues after it only in the state *normal*.
    pub(super) fn goes_on_in_normal_state(&self, site: usize) -> Result<bool> {
        let is_topmost = self.shape.sites[site].callee == Callee::Topmost;
        Ok(self.flat.is_some() && (!is_topmost || self.arrives_in(site)?.is_some()))
    }

    /// The function that is called instead of a topmost function when a rewind has arrived at this call.
    fn arrives_in(&self, site: usize) -> Result<Option<u32>> {
        Ok(match self.shape.operators[self.shape.sites[site].call] {
            Operator::Call { function_index } => {
                self.flat()?.plan.arrive_in(FunctionIndex(function_index))
            }
            _ => None,
        })
    }

    fn call_top_again(&mut self, site: usize) -> Result<()> {
        let arrive = self.arrives_in(site)?;
        if arrive.is_none() {
            self.set_state(REWINDING);
        }
        self.call_again(site, arrive)
    }

    fn set_state(&mut self, state: i32) {
        let set = self.runtime.state.set();
        self.write_all(&[Instruction::I32Const(state), set]);
    }

    /// Returns, or saves a frame and returns.
    pub(super) fn end_flat_function(&mut self) -> Result<()> {
        self.end_exits()?;
        match self.form {
            Form::Fast => self.save_quickly()?,
            Form::Compact => self.save_compactly()?,
        }
        for ty in &self.shape.structures[0].results {
            self.zero(*ty)?;
        }
        Ok(())
    }
}

/// The prologue of a function that uninstrumented code can call, and that is never innermost.
pub(super) fn begin_rewind(state: GlobalIndex, resume: u32) -> [Instruction<'static>; 7] {
    [
        state.get(),
        Instruction::I32Const(REWINDING),
        Instruction::I32Eq,
        Instruction::If(BlockType::Empty),
        Instruction::Call(resume),
        Instruction::Return,
        Instruction::End,
    ]
}
