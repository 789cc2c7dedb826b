//! Functions that can check later whether there is room for their frame: only on the paths that use it.
//!
//! LLVM allocates a frame where a function begins, though some paths through it may not need one:
//!
//! ```text
//!   clone(value):
//!     take 32 bytes                          the check would be here
//!     is it a number? copy it ────────┐
//!     ◄── check                       │      and is here instead
//!     call malloc, write to the frame │
//!     give 32 bytes back          ◄───┘
//! ```
//!
//! Nothing can go wrong before something is written to the frame, or other code runs that allocates more. So a
//! check is inserted before each instruction that reads the frame's address or runs other code, unless every path
//! to it has a check already. A check that would be in a loop comes before the loop. Where the frame was released
//! without a check, nothing may follow that needs one: the next function's frame would begin anywhere. A `try`
//! needs a check before it: in a handler, the stack pointer is that of another function.

use wasmparser::{Catch, FunctionBody, Operator};

use crate::error::Result;
use crate::module::{GlobalIndex, LocalIndex};

/// The maximum number of checks in a function in place of one.
const MOST: usize = 12;

/// The maximum number of instructions that the pass reads ahead in a function. After that it assumes that a frame
/// is needed.
const MOST_LOOKED_AHEAD: usize = 1 << 18;

/// Where a function checks for room, if it does so later than it allocates its frame.
#[derive(Debug)]
pub(super) struct Later {
    /// The local with the frame's address.
    pub(super) frame: LocalIndex,
    /// The numbers of the instructions that have a check before them.
    pub(super) before: Vec<usize>,
}

/// The states that are possible at a point of a function: each path to it is in one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ways {
    /// There was a check, or there is no frame yet.
    checked: bool,
    /// There is a frame, and there was no check.
    unchecked: bool,
    /// There was no check, and the frame was released.
    over: bool,
}

impl Ways {
    const CHECKED: Self = Self { checked: true, unchecked: false, over: false };
    const UNCHECKED: Self = Self { checked: false, unchecked: true, over: false };

    fn add(&mut self, others: Self) {
        self.checked |= others.checked;
        self.unchecked |= others.unchecked;
        self.over |= others.over;
    }
}

/// An open control structure.
#[derive(Debug, Default)]
struct Open {
    /// The state after its end.
    after: Ways,
    /// The state at the beginning of its `else` or its handlers.
    other: Option<Ways>,
    is_loop: bool,
}

struct Scan<'a, 'b> {
    operators: &'a [Operator<'b>],
    stack_pointer: GlobalIndex,
    /// The local with the frame's address.
    frame: LocalIndex,
    /// Whether a check is inserted after a block's end if the code that follows may need one: that needs fewer
    /// checks.
    is_early: bool,
    now: Ways,
    open: Vec<Open>,
    /// The numbers of the instructions that have a check before them.
    checks: Vec<usize>,
    /// How many more instructions may be read ahead.
    ahead: usize,
    /// The state where the function returns.
    left: Ways,
}

/// The checks that replace the one in the prologue. None if that one must stay.
pub(super) fn find(body: &FunctionBody<'_>, stack_pointer: GlobalIndex) -> Result<Option<Later>> {
    let operators = body.get_operators_reader()?.into_iter().collect::<Result<Vec<_>, _>>()?;
    let Some((begin, frame)) = prologue(&operators, stack_pointer) else { return Ok(None) };
    let found = [false, true].into_iter().find_map(|is_early| {
        let mut scan = Scan {
            operators: &operators,
            stack_pointer,
            frame,
            is_early,
            now: Ways::UNCHECKED,
            open: vec![Open::default()],
            checks: Vec::new(),
            ahead: MOST_LOOKED_AHEAD,
            left: Ways::default(),
        };
        scan.run(begin)?;
        (scan.left.unchecked || scan.left.over).then_some(Later { frame, before: scan.checks })
    });
    Ok(found)
}

/// The index of the instruction after the prologue, and the local with the frame's address. None if the function
/// has no usual prologue in straight-line code at its beginning, or if it assigns the local elsewhere.
fn prologue(operators: &[Operator<'_>], stack_pointer: GlobalIndex) -> Option<(usize, LocalIndex)> {
    let is_pointer = |global: u32| GlobalIndex(global) == stack_pointer;
    let reads = |it: &Operator<'_>| matches!(it, Operator::GlobalGet { global_index } if is_pointer(*global_index));
    let first = operators.iter().position(reads)?;
    let [
        _,
        ref by,
        ref minus,
        Operator::LocalTee { local_index: frame },
        Operator::GlobalSet { global_index },
        ..,
    ] = operators[first..]
    else {
        return None;
    };
    let is_known = matches!(by, Operator::I32Const { .. } | Operator::I64Const { .. });
    let is_less = matches!(minus, Operator::I32Sub | Operator::I64Sub);
    let before = &operators[..first];
    let sets = |it: &Operator<'_>| matches!(it, Operator::GlobalSet { global_index } if is_pointer(*global_index));
    let is_straight = before.iter().all(|it| !begins(it) && !is_needing(it) && !sets(it));
    let assigns = |it: &&Operator<'_>| matches!(it, Operator::LocalSet { local_index } | Operator::LocalTee { local_index } if *local_index == frame);
    let is_once = operators.iter().filter(assigns).count() == 1;
    (is_known && is_less && is_pointer(global_index) && is_straight && is_once)
        .then_some((first + 5, LocalIndex(frame)))
}

fn begins(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::Try { .. }
            | Operator::TryTable { .. }
    )
}

/// Whether other code may run, or exceptions that it throws are caught.
fn is_needing(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. }
            | Operator::Throw { .. }
            | Operator::ThrowRef
            | Operator::Rethrow { .. }
            | Operator::Try { .. }
            | Operator::TryTable { .. }
    )
}

impl Scan<'_, '_> {
    /// Scans the function from `begin`. None if something needs a check where there can be none.
    fn run(&mut self, begin: usize) -> Option<()> {
        let operators = self.operators;
        let mut index = begin;
        while let Some(operator) = operators.get(index) {
            if self.gives_back(index) {
                self.now = Ways {
                    unchecked: false,
                    over: self.now.over || self.now.unchecked,
                    ..self.now
                };
                index += 4;
                continue;
            }
            let is_loop = matches!(operator, Operator::Loop { .. });
            let is_after_end = self.is_early && matches!(operators[index - 1], Operator::End);
            if self.needs(operator)
                || is_loop && self.needs_ahead(index, true)
                || is_after_end
                    && self.now.unchecked
                    && !self.now.over
                    && self.needs_ahead(index, false)
            {
                self.check(index)?;
            }
            self.step(operator)?;
            index += 1;
        }
        Some(())
    }

    /// Whether the instruction needs a check before it: it would go wrong without room for the frame.
    fn needs(&self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::LocalGet { local_index } => LocalIndex(*local_index) == self.frame,
            Operator::GlobalGet { global_index } | Operator::GlobalSet { global_index } => {
                GlobalIndex(*global_index) == self.stack_pointer
            }
            other => is_needing(other),
        }
    }

    /// Whether any instruction ahead needs a check: up to the end of the enclosing structure, where the frame is
    /// released, or where control leaves. With `is_loop`, up to the end of the loop that begins here.
    fn needs_ahead(&mut self, begin: usize, is_loop: bool) -> bool {
        let mut depth = 0_usize;
        for index in begin..self.operators.len() {
            let Some(ahead) = self.ahead.checked_sub(1) else { return true };
            self.ahead = ahead;
            if !is_loop && self.gives_back(index) {
                return false;
            }
            match &self.operators[index] {
                it if self.needs(it) => return true,
                it if begins(it) => depth += 1,
                Operator::End => match depth.checked_sub(1) {
                    Some(0) if is_loop => return false,
                    Some(less) => depth = less,
                    None => return false,
                },
                Operator::Br { .. }
                | Operator::BrTable { .. }
                | Operator::Return
                | Operator::Unreachable
                    if depth == 0 =>
                {
                    return false;
                }
                _ => {}
            }
        }
        false
    }

    /// Whether these instructions release the frame.
    fn gives_back(&self, index: usize) -> bool {
        matches!(
            self.operators[index..],
            [
                Operator::LocalGet { local_index },
                Operator::I32Const { .. } | Operator::I64Const { .. },
                Operator::I32Add | Operator::I64Add,
                Operator::GlobalSet { global_index },
                ..
            ] if LocalIndex(local_index) == self.frame && GlobalIndex(global_index) == self.stack_pointer
        )
    }

    /// Inserts a check before an instruction, if a path to it has none.
    fn check(&mut self, index: usize) -> Option<()> {
        if self.now.over {
            return None;
        }
        if self.now.unchecked {
            self.checks.push(index);
            self.now = Ways::CHECKED;
        }
        (self.checks.len() <= MOST).then_some(())
    }

    fn step(&mut self, operator: &Operator<'_>) -> Option<()> {
        match operator {
            Operator::Block { .. } => self.open.push(Open::default()),
            Operator::Loop { .. } => self.open.push(Open { is_loop: true, ..Open::default() }),
            Operator::If { .. } | Operator::Try { .. } => {
                self.open.push(Open { other: Some(self.now), ..Open::default() });
            }
            Operator::TryTable { try_table } => {
                for catch in &try_table.catches {
                    let (Catch::One { label, .. }
                    | Catch::OneRef { label, .. }
                    | Catch::All { label }
                    | Catch::AllRef { label }) = catch;
                    self.branch(*label)?;
                }
                self.open.push(Open::default());
            }
            Operator::Else | Operator::Catch { .. } | Operator::CatchAll => {
                let open = self.open.last_mut()?;
                open.after.add(self.now);
                // The instruction that threw may come after a check, or not.
                self.now = open.other?;
                if matches!(operator, Operator::Else) {
                    open.other = None;
                }
            }
            Operator::End | Operator::Delegate { .. } => {
                let open = self.open.pop()?;
                self.now.add(open.after);
                // For an `if` without `else`. For handlers this changes nothing.
                self.now.add(open.other.unwrap_or_default());
                if self.open.is_empty() {
                    self.left.add(self.now);
                }
            }
            Operator::Br { relative_depth } => {
                self.branch(*relative_depth)?;
                self.now = Ways::default();
            }
            Operator::BrIf { relative_depth }
            | Operator::BrOnNull { relative_depth }
            | Operator::BrOnNonNull { relative_depth }
            | Operator::BrOnCast { relative_depth, .. }
            | Operator::BrOnCastFail { relative_depth, .. } => self.branch(*relative_depth)?,
            Operator::BrTable { targets } => {
                self.branch(targets.default())?;
                for depth in targets.targets() {
                    self.branch(depth.ok()?)?;
                }
                self.now = Ways::default();
            }
            Operator::Return => {
                self.left.add(self.now);
                self.now = Ways::default();
            }
            Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. }
            | Operator::Unreachable
            | Operator::Throw { .. }
            | Operator::ThrowRef
            | Operator::Rethrow { .. } => self.now = Ways::default(),
            _ => {}
        }
        Some(())
    }

    /// A branch to the structure at this depth.
    fn branch(&mut self, depth: u32) -> Option<()> {
        let at = self.open.len().checked_sub(1 + depth as usize)?;
        let open = &mut self.open[at];
        if !open.is_loop {
            open.after.add(self.now);
        }
        Some(())
    }
}
