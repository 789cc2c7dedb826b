//! The analysis of small modules, written as text.

mod blocks;
mod body;
mod graph;
mod on_stack;
mod program;
mod vtables;

use std::collections::BTreeSet;

use super::call_graph::Precision;
use super::graph::Analysis;
use super::program::Program;
use super::{NoSuspend, calls::Origin};

fn read(text: &str) -> Program {
    Program::read(&wat::parse_str(text).unwrap()).unwrap()
}

/// The origins of the indirect calls of the function `$f`.
fn through(program: &Program) -> Vec<Origin> {
    let function = program.named("f").unwrap();
    let calls = &program.functions[function].calls;
    let through: BTreeSet<_> = calls.indirect.values().map(|call| call.origin).collect();
    through.into_iter().collect()
}

/// The origins in a function with this code. It has parameters `$p` and `$q`, and locals.
fn through_of(code: &str) -> Vec<Origin> {
    through(&read(&format!(
        "(module (type $t (func)) (table 9 funcref) (memory 1) (tag $tag)
           (func $g (result i32) (i32.const 0))
           (func $f (param $p i32) (param $q i32) (local $x i32) (local $l i64) {code}))"
    )))
}

/// The names of the functions that are instrumented.
fn instrumented(program: &Program) -> Vec<&str> {
    instrumented_with(program, Precision::Types)
}

fn instrumented_with(program: &Program, precision: Precision) -> Vec<&str> {
    let analysis = Analysis::new(program, &NoSuspend::default(), precision).unwrap();
    let functions = analysis.instrumented().map(|index| &program.functions[index]);
    functions.filter_map(|function| function.name.as_deref()).collect()
}
