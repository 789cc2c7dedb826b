//! Tests of the advice.

use wasm_asyncify::analysis::{Analysis, NoSuspend, Precision, Program};

use super::{Advice, advice};
use crate::manifest::Manifest;
use crate::pipeline::Recipe;
use crate::report::material::Finished;
use crate::report::model::Report;

/// A coroutine runs `app::entry`. The callee of `app::wait` suspends. `call_indirect` of a `$method` can reach the
/// functions in `taken`.
fn program(taken: &[&str], functions: &str) -> Program {
    let taken: String = taken.iter().map(|name| format!(" $\"{name}\"")).collect();
    let text = format!(
        r#"(module
            (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
            (import "asyncify" "stop_unwind" (func $stop_unwind))
            (type $entry (func (param f32)))
            (type $method (func (param i32)))
            (table 100 funcref)
            (elem (i32.const 1) $"app::entry"{taken})
            (func $bysyncify_resume (param i32)
                (call_indirect (type $entry) (f32.const 0) (local.get 0))
                call $stop_unwind)
            (func $bysyncify_suspend (call $start_unwind (i32.const 0)))
            (func $"app::wait" (type $method) call $bysyncify_suspend)
            (func $"other::harmless" (type $method))
            {functions})"#
    );
    Program::read(&wat::parse_str(text).unwrap()).unwrap()
}

/// Advice for a program in which each function costs as much as its index, squared.
fn advised(program: &Program) -> Vec<Advice> {
    let module = |bytes: &dyn Fn(usize) -> usize| {
        let function = |index| {
            let name = program.symbol(index);
            format!("(func (@name \"{name}\") {})", "nop ".repeat(bytes(index.0 as usize)))
        };
        let functions: String = program.functions.indices().skip(2).map(function).collect();
        wat::parse_str(format!("(module {functions})")).unwrap()
    };
    let finished = Finished {
        manifest: Manifest { wasm_opt: None, recipe: Recipe::default() },
        plain: module(&|_| 0),
        asyncified: module(&|index| index * index),
    };
    let analysis = Analysis::new(program, &NoSuspend::default(), Precision::Slots).unwrap();
    let report = Report::new("demo.wasm".to_owned(), program, &analysis, finished).unwrap();
    advice(&report, &NoSuspend::default()).unwrap()
}

fn paths(program: &Program) -> Vec<String> {
    advised(program).into_iter().map(|advice| advice.path).collect()
}

const CALL: &str = "(call_indirect (type $method) (i32.const 0) (local.get 0))";
const WAIT: &str = "(call $\"app::wait\" (i32.const 0))";

#[test]
fn what_rests_on_an_indirect_call_is_advised() {
    let functions = format!(
        r#"(func $"app::entry" (type $entry) {WAIT} (call $"lib::f" (i32.const 0)))
           (func $"lib::f" (param i32) {CALL})"#
    );
    assert_eq!(
        advised(&program(&["app::wait", "other::harmless"], &functions)),
        [Advice {
            path: "lib".to_owned(),
            functions: 1,
            bytes: 49,
            since: "lib::f calls app::wait through a function pointer, as (i32): 1 of the 2 \
                    functions that can be meant can suspend"
                .to_owned(),
        }]
    );
    // The call can reach no other function.
    assert_eq!(paths(&program(&["app::wait"], &functions)), [""; 0]);
}

#[test]
fn what_alone_gets_to_where_the_program_waits_is_not() {
    let functions = format!(
        r#"(func $"app::entry" (type $entry) (call $"lib::f" (i32.const 0)))
           (func $"lib::f" (param i32) {CALL})"#
    );
    assert_eq!(paths(&program(&["app::wait", "other::harmless"], &functions)), [""; 0]);
}

#[test]
fn nothing_is_to_be_assumed_of_who_does_not_make_the_indirect_call() {
    let functions = format!(
        r#"(func $"app::entry" (type $entry) {WAIT} call $"glue::g")
           (func $"glue::g" (call $"lib::f" (i32.const 0)))
           (func $"lib::f" (param i32) {CALL})"#
    );
    let advised = advised(&program(&["app::wait", "other::harmless"], &functions));
    assert_eq!(advised.len(), 1);
    assert_eq!((advised[0].path.as_str(), advised[0].functions), ("lib", 2));
}

#[test]
fn what_makes_the_same_call_again_is_no_way_out() {
    let functions = format!(
        r#"(func $"app::entry" (type $entry) {WAIT} (call $"lib::f" (i32.const 0)))
           (func $"lib::f" (param i32) {CALL})
           (func $"lib::again" (type $method) {CALL})"#
    );
    assert_eq!(paths(&program(&["app::wait", "lib::again"], &functions)), [""; 0]);
    let taken = ["app::wait", "lib::again", "other::harmless"];
    assert_eq!(paths(&program(&taken, &functions)), ["lib"]);
}

#[test]
fn who_only_calls_himself_surely_is_not_surely_suspended() {
    let functions = format!(
        r#"(type $wide (func (param i64)))
           (func $"app::entry" (type $entry)
               {WAIT} (call $"app::wait_wide" (i64.const 0)) (call $"lib::f" (i32.const 0)))
           (func $"lib::f" (type $method)
               {CALL} (call_indirect (type $wide) (i64.const 0) (local.get 0)))
           (func $"app::wait_wide" (type $wide) {WAIT})
           (func $"other::harmless_wide" (type $wide))"#
    );
    let taken = ["lib::f", "app::wait_wide", "other::harmless_wide"];
    assert_eq!(paths(&program(&taken, &functions)), ["lib"]);
}

#[test]
fn most_of_each_crate_and_five_crates_are_given() {
    let names: Vec<_> =
        (0..6).flat_map(|at| [format!("c{at}::a::f"), format!("c{at}::b::f")]).collect();
    let calls: String =
        names.iter().map(|name| format!("(call $\"{name}\" (i32.const 0))")).collect();
    let function = |name: &String| format!("(func $\"{name}\" (param i32) {CALL})");
    let functions: String = names.iter().map(function).collect();
    let entry = format!("(func $\"app::entry\" (type $entry) {WAIT} {calls})");
    let program = program(&["app::wait", "other::harmless"], &(entry + &functions));
    assert_eq!(paths(&program), ["c5", "c4", "c3", "c2", "c1"]);
}
