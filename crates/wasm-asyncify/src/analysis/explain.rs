//! Explains in words why a function is instrumented, or is not.

use super::barrier::Barrier;
use super::call_graph::Step;
use super::graph::Analysis;
use super::program::Program;
use crate::module::FunctionIndex;

/// Explains the results about a program's functions.
#[derive(Debug)]
pub struct Explainer<'a> {
    program: &'a Program,
    analysis: &'a Analysis,
    /// The analysis as if panics could suspend, and nothing were assumed not to suspend.
    unbarred: Analysis,
}

/// Why a function is instrumented, or is not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The answer, as the rest of a sentence about the function: `is instrumented: …`.
    pub verdict: String,
    /// The calls that it rests on, one in each: from where a coroutine is resumed to the function, which is
    /// marked with `>`, and on to where it is suspended. Empty if there is nothing to show.
    pub calls: Vec<String>,
}

impl<'a> Explainer<'a> {
    /// Explains the results of `analysis`, which is of `program`.
    pub fn new(program: &'a Program, analysis: &'a Analysis) -> Self {
        Self { program, analysis, unbarred: analysis.unbarred(program) }
    }

    /// Explains a function.
    ///
    /// # Panics
    ///
    /// If there is no such function.
    pub fn explain(&self, function: FunctionIndex) -> Explanation {
        let (verdict, calls) = self.verdict(function);
        Explanation { verdict, calls }
    }

    fn instrumented(&self, analysis: &Analysis, index: FunctionIndex) -> (String, Vec<String>) {
        let foreign = analysis.foreign_call(self.program, index).map(|call| format!("    {call}"));
        let mut calls = self.whole_way(analysis, index);
        if !calls.is_empty() {
            calls.extend(foreign);
            let verdict =
                "is instrumented: it can be on a coroutine's stack when that is suspended";
            return (verdict.to_owned(), calls);
        }
        let way = analysis.way_to_suspend(index);
        let verdict = match way.len() {
            0 => "is instrumented: it is listed",
            _ => "is instrumented: it can be on the stack when that is suspended",
        };
        let mut calls = self.lines(&way, index);
        calls.extend(foreign);
        (verdict.to_owned(), calls)
    }

    /// The answer, and the calls that it rests on.
    fn verdict(&self, index: FunctionIndex) -> (String, Vec<String>) {
        let Self { program, analysis, unbarred } = self;
        let none = Vec::new();
        if analysis.is_instrumented(index) {
            return self.instrumented(analysis, index);
        }
        if let Some(import) = &program.functions[index].import {
            let module = &import.module;
            return (format!("is not instrumented: it is imported from `{module}`"), none);
        }
        if analysis.is_switch(index) {
            let verdict =
                "is not instrumented: it is the switch, which begins or ends an unwind or rewind";
            return (verdict.to_owned(), none);
        }
        if analysis.is_left_out(index) {
            return ("is not instrumented: it is not listed".to_owned(), none);
        }
        match analysis.barrier(index) {
            Some(Barrier::Panic) => {
                let verdict = "is not instrumented: panics and failed allocations end here, and no \
                               coroutine is current then";
                return (verdict.to_owned(), none);
            }
            Some(Barrier::Initialiser) => {
                let verdict = "is not instrumented: it runs the initialiser of a `thread_local!`, and \
                               no coroutine is current then";
                return (verdict.to_owned(), none);
            }
            Some(Barrier::NoSuspend(path)) => {
                let calls = match unbarred.is_instrumented(index) {
                    true => self.instrumented(unbarred, index).1,
                    false => none,
                };
                let otherwise = if calls.is_empty() {
                    "it would not be anyway"
                } else {
                    "it would be otherwise"
                };
                let verdict =
                    format!("is not instrumented: `{path}` is assumed not to suspend; {otherwise}");
                return (verdict, calls);
            }
            None => {}
        }
        if !analysis.can_suspend(index) {
            return match self.barred(&unbarred.way_to_suspend(index)) {
                Some((barrier, calls)) => {
                    (format!("is not instrumented: it could only be suspended in {barrier}"), calls)
                }
                None => {
                    ("is not instrumented: nothing that it calls ever suspends".to_owned(), none)
                }
            };
        }
        match self.barred(&unbarred.down_to(index)) {
            Some((barrier, calls)) => {
                (format!("is not instrumented: a coroutine gets to it only in {barrier}"), calls)
            }
            None => (
                "is not instrumented: it can suspend, but no coroutine gets to it".to_owned(),
                self.lines(&analysis.way_to_suspend(index), index),
            ),
        }
    }

    /// The calls from where a coroutine is resumed to the function, and on to where it is suspended. Empty if
    /// there is no such path.
    fn whole_way(&self, analysis: &Analysis, index: FunctionIndex) -> Vec<String> {
        let mut way = analysis.down_to(index);
        let on = analysis.way_to_suspend(index);
        if way.is_empty() || on.is_empty() {
            return Vec::new();
        }
        way.extend(&on[1..]);
        self.lines(&way, index)
    }

    /// The first barrier on a path, and the path, in words.
    fn barred(&self, way: &[Step]) -> Option<(String, Vec<String>)> {
        let (index, barrier) = way
            .iter()
            .find_map(|step| Some((step.function, self.analysis.barrier(step.function)?)))?;
        let barrier = match barrier {
            Barrier::Panic => "a panic, which never is".to_owned(),
            Barrier::Initialiser => {
                "the initialiser of a `thread_local!`, which must not be".to_owned()
            }
            Barrier::NoSuspend(path) => format!("`{path}`, which is assumed not to suspend"),
        };
        Some((barrier, self.lines(way, index)))
    }

    /// One call a line, with a mark at the function to explain.
    fn lines(&self, way: &[Step], marked: FunctionIndex) -> Vec<String> {
        let line = |(at, step): (usize, &Step)| {
            let mark = if step.function == marked { '>' } else { ' ' };
            match at {
                0 => format!("{mark} {}", self.program.readable(step.function)),
                _ => format!("{mark}   {}", self.analysis.call(self.program, *step)),
            }
        };
        way.iter().enumerate().map(line).collect()
    }
}
