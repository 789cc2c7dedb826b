//! How much of its stack a coroutine can use, where that is known before it runs.
//!
//! A stack has two halves (`docs/how-it-works.md` of the library): the shadow stack, and the frames that are saved
//! while the coroutine is suspended.
//!
//! ```text
//!  low end                                                                     high end
//!  ├─ saved frames ──► ─┬─ reserve ─┬─ ◄── shadow stack ──────────────────────────────┤
//!  │       saved        │  reserve  │               shadow                            │
//! ```
//!
//! # The shadow stack
//!
//! The functions that are on a stack at once are a path in the call graph, and each lowers the stack pointer by no
//! more than its frame (`guard/frames.rs`). So the shadow stack has at most as many bytes as the longest path. What
//! functions write below the stack pointer is in the reserve, as are the functions without a check.
//!
//! # The saved frames
//!
//! Where all functions are resumed at once, no frame is left while code runs. So the bound is the longest path of
//! saved frames.
//!
//! Where functions are resumed one by one, frames stay in segments, and some of them were taken already
//! (`instrument/flat/dispatcher.rs`). A link lies behind each segment. The most is used when the coroutine has just been
//! suspended again. Then there are
//!
//! - the segment that code was resumed from, still with all the `T` bytes that it had when it was made;
//! - `k` older segments. Of each, `rest` bytes live, and at most `rest` bytes and those of a link were taken: if it were
//!   more, the rest would have been moved down;
//! - the `N` bytes of the new frames.
//!
//! ```text
//!   rest_1 + … + rest_k + N <= F      these functions are on the stack now
//!   rest_1 + … + rest_k + T <= F      those were when that segment was made
//!
//!   used <= 2 (rest_1 + … + rest_k) + T + N + (2 k + 2) links <= 2 F + (2 k + 2) links
//! ```
//!
//! where `F` is the longest path of saved frames. Each part has a frame, so each of the two paths has at least `k + 1`. So
//! it is enough to count a link with each frame of both.
//!
//! # What is not known
//!
//! The longest path is endless if there is a cycle of calls with a frame in it. And nothing is known of a function
//! that lowers the stack pointer by what it computes, or of code outside of the module.

mod longest;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::{Precision, Program, StackCalls, Step};
use crate::error::{Error, Result};
use crate::guard;
use crate::module::{FunctionIndex, FunctionMap, ModuleInfo};
use crate::options::Options;
use crate::output::Frames;
use crate::transform::Prepared;
use longest::Graph;

/// The bytes that must be free: those that `embed` wants below it in a program with debug assertions (`RED_ZONE` of the
/// library). Nothing in a module says whether it has these. It is more than the checks of stacks reserve.
const RESERVE: u64 = 1024;
const _: () = assert!(RESERVE >= guard::ABOVE_LOW_END);

/// What is known of the stacks of a program's coroutines.
///
/// The numbers are of the module that [`transform`](crate::transform()) makes with the same options. An optimiser that
/// runs afterwards does not change them: they depend on memory that the code uses, and not on the functions that the
/// code is in.
///
/// ```
/// # let module = wat::parse_str(r#"(module
/// #     (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
/// #     (import "asyncify" "stop_unwind" (func $stop_unwind))
/// #     (memory 1) (table 1 funcref) (elem (i32.const 0) $entry)
/// #     (global $__stack_pointer (mut i32) (i32.const 1024))
/// #     (global $bysyncify_current_core (mut i32) (i32.const 0))
/// #     (type $entry (func (param i32 f32) (result i32)))
/// #     (func $bysyncify_resume (param i32 i32 i32) (result i32)
/// #       (drop (call_indirect (type $entry) (local.get 1) (f32.const 0) (local.get 0)))
/// #       (call $stop_unwind) (i32.const 0))
/// #     (func $bysyncify_suspend (param i32) (result i32)
/// #       (call $start_unwind (i32.const 0)) (i32.const 0))
/// #     (func $entry (type $entry) (local $frame i32)
/// #       (global.set $__stack_pointer
/// #         (local.tee $frame (i32.sub (global.get $__stack_pointer) (i32.const 96))))
/// #       (drop (call $bysyncify_suspend (i32.const 0)))
/// #       (global.set $__stack_pointer (i32.add (local.get $frame) (i32.const 96)))
/// #       (i32.const 1)))"#)?;
/// use wasm_asyncify::analysis::Precision;
/// use wasm_asyncify::Options;
/// use wasm_asyncify::stack_bounds::StackBounds;
///
/// let options = Options { no_stack_checks: true, ..Options::default() };
/// let bounds = StackBounds::find(&module, &options)?.of_coroutines(Precision::Types);
/// let bound = bounds[0].bound.as_ref().expect("nothing is recursive");
/// assert_eq!((bound.shadow.bytes, bound.saved.bytes), (96, 8));
/// assert_eq!(bound.size, 1136);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct StackBounds {
    frames: Frames,
    /// By function: the bytes by which it lowers the stack pointer. None if that is not known.
    shadow: FunctionMap<Option<u64>>,
    /// The bytes of a link between two segments.
    link: u64,
}

/// What is known of the stack of one kind of coroutine.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CoroutineBound {
    /// The function that the coroutine begins in. Rust has one for each type of closure.
    pub function: FunctionIndex,
    /// How much stack is enough, or why that is not known.
    pub bound: Result<Bound, Unbounded>,
}

/// How much stack is enough.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bound {
    /// The size of a stack that is enough, in bytes: the sum of what follows, rounded up to a multiple of 16. A coroutine
    /// also wants its closure and its result, together, to be smaller than its stack.
    pub size: u64,
    /// The most that is on the shadow stack.
    pub shadow: Chain,
    /// The most that is saved while the coroutine is suspended.
    pub saved: Chain,
    /// The bytes in which that is saved. They are more than `saved` has where functions are resumed one by one.
    pub saved_in: u64,
    /// The bytes that must be free, for `embed` and for functions without a check.
    pub reserve: u64,
}

/// Functions that are on a stack at once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Chain {
    /// The sum of their bytes.
    pub bytes: u64,
    /// The functions that have any, each with how many, the outermost first.
    pub functions: Vec<(FunctionIndex, u64)>,
}

/// Why no bound is known. Each variant has calls that lead there: the function that the coroutine begins in, and then the
/// callees.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unbounded {
    /// Functions call each other, and use the stack in between.
    Recursion {
        /// The calls to a function of the cycle.
        way: Vec<Step>,
        /// The calls from there, up to the one of this function again.
        cycle: Vec<Step>,
    },
    /// The last function uses as much of the stack as it computes.
    UnknownFrame(Vec<Step>),
    /// The last function calls something that is not in the module.
    Others(Vec<Step>),
}

impl StackBounds {
    /// Reads a linked module, and finds out what is saved of its functions if it is made pausable.
    ///
    /// # Errors
    ///
    /// As [`transform`](crate::transform()); and if the module has no stack pointer of this name.
    pub fn find(linked: &[u8], options: &Options) -> Result<Self, Error> {
        let frames = Prepared::new(linked, options)?.frames()?;
        let module = ModuleInfo::read(linked)?;
        let shadow = guard::frame_sizes(&module)?;
        let link = 4 + 2 * if module.memory64() { 8 } else { 4 };
        Ok(Self { frames, shadow, link })
    }

    /// The module's functions.
    pub fn program(&self) -> &Program {
        &self.frames.program
    }

    /// What is known of each kind of coroutine, in the order of the functions in the module.
    ///
    /// With [`Precision::Types`] a bound is proved, of functions that leave the stack pointer where it was, as compilers
    /// have them. With [`Precision::Slots`] it is right if nothing but vtables looks like
    /// one. Then more bounds are known.
    pub fn of_coroutines(&self, precision: Precision) -> Vec<CoroutineBound> {
        let Frames { program, analysis, .. } = &self.frames;
        let calls = StackCalls::new(program, analysis, precision);
        let entries = calls.entries();
        let search = Search::new(self, &calls, &entries);
        let of = |function: &FunctionIndex| CoroutineBound {
            function: *function,
            bound: search.bound(*function),
        };
        entries.iter().map(of).collect()
    }
}

/// The graph of calls on the stacks of coroutines.
struct Search<'a> {
    bounds: &'a StackBounds,
    /// By vertex.
    functions: Vec<FunctionIndex>,
    vertices: BTreeMap<FunctionIndex, usize>,
    /// By vertex: its callees.
    calls: Vec<Vec<Step>>,
    graph: Graph,
    /// By vertex: whether it calls code outside of the module.
    calls_others: Vec<bool>,
    /// By vertex: its bytes on the shadow stack, or 0 if they are not known.
    shadow: Vec<u64>,
    /// By vertex: the bytes that are saved of it.
    saved: Vec<u64>,
}

impl<'a> Search<'a> {
    /// All that can be called from these functions.
    fn new(
        bounds: &'a StackBounds,
        stack_calls: &StackCalls<'_>,
        entries: &BTreeSet<FunctionIndex>,
    ) -> Self {
        let mut vertices = BTreeMap::new();
        let mut functions: Vec<_> = entries.iter().copied().collect();
        vertices.extend(functions.iter().copied().zip(0..));
        let mut calls = Vec::new();
        let mut edges = Vec::new();
        while let Some(function) = functions.get(calls.len()) {
            let callees = stack_calls.callees(*function);
            let mut vertex = |step: &Step| {
                *vertices.entry(step.function).or_insert_with(|| {
                    functions.push(step.function);
                    functions.len() - 1
                })
            };
            edges.push(callees.iter().map(&mut vertex).collect());
            calls.push(callees);
        }
        let of_each = |value: &dyn Fn(FunctionIndex) -> u64| {
            functions.iter().map(|function| value(*function)).collect()
        };
        let shadow = of_each(&|it| bounds.shadow.get(it).copied().flatten().unwrap_or_default());
        let saved =
            of_each(&|it| bounds.frames.sizes.get(&it).map_or(0, |bytes| u64::from(*bytes)));
        let calls_others = functions.iter().map(|it| stack_calls.calls_others(*it)).collect();
        let graph = Graph::new(edges);
        Self { bounds, functions, vertices, calls, graph, calls_others, shadow, saved }
    }

    fn bound(&self, entry: FunctionIndex) -> Result<Bound, Unbounded> {
        let from = self.vertices[&entry];
        if let Some(way) = self.graph.way(from, |vertex| self.obstructs(vertex)) {
            return Err(self.obstacle(&way));
        }
        let path = |length: &[u64]| self.graph.longest(from, length).unwrap_or_default();
        let chain = |bytes: &[u64]| {
            let (total, path) = path(bytes);
            let functions = path.iter().map(|vertex| (self.functions[*vertex], bytes[*vertex]));
            Chain { bytes: total, functions: functions.collect() }
        };
        let (shadow, saved) = (chain(&self.shadow), chain(&self.saved));
        let saved_in = match self.bounds.frames.are_kept {
            false => saved.bytes,
            true => {
                let with_link = |bytes: &u64| if *bytes > 0 { bytes + self.bounds.link } else { 0 };
                let with_links: Vec<_> = self.saved.iter().map(with_link).collect();
                2 * path(&with_links).0
            }
        };
        let size = (shadow.bytes + saved_in + RESERVE).next_multiple_of(16);
        Ok(Bound { size, shadow, saved, saved_in, reserve: RESERVE })
    }

    /// Whether no bound is known for what calls this function.
    fn obstructs(&self, vertex: usize) -> bool {
        let bytes = self.shadow[vertex] + self.saved[vertex];
        self.calls_others[vertex]
            || !self.is_frame_known(vertex)
            || bytes > 0 && self.graph.is_on_cycle(vertex)
    }

    fn is_frame_known(&self, vertex: usize) -> bool {
        self.bounds.shadow.get(self.functions[vertex]).is_some_and(Option::is_some)
    }

    /// The reason at the end of this path.
    fn obstacle(&self, way: &[usize]) -> Unbounded {
        let last = way[way.len() - 1];
        let steps = self.steps(way);
        if self.calls_others[last] {
            return Unbounded::Others(steps);
        }
        match self.graph.cycle(last).filter(|_| self.is_frame_known(last)) {
            Some(mut cycle) => {
                cycle.push(last);
                let cycle = self.steps(&cycle).split_off(1);
                Unbounded::Recursion { way: steps, cycle }
            }
            None => Unbounded::UnknownFrame(steps),
        }
    }

    /// The calls along a path.
    fn steps(&self, way: &[usize]) -> Vec<Step> {
        let first = Step { function: self.functions[way[0]], indirect: None };
        let call = |pair: &[usize]| {
            let callee = self.functions[pair[1]];
            let is_meant = |step: &&Step| step.function == callee;
            // A direct call explains itself.
            let calls = || self.calls[pair[0]].iter().filter(is_meant);
            calls().find(|step| step.indirect.is_none()).or_else(|| calls().next()).copied()
        };
        [first].into_iter().chain(way.windows(2).filter_map(call)).collect()
    }
}
