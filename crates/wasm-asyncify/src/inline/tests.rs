//! Which functions are inlined, and which are not.

use super::*;
use crate::analysis::{Analysis, NoSuspend, Precision};
use crate::module::{FunctionIndex, ModuleInfo};

/// The functions that are inlined, each with its caller, by name; in a module with a switch and `functions`.
fn inlined(functions: &str, compact: &str) -> Vec<(String, String)> {
    let text = format!(
        r#"(module
          (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
          (import "asyncify" "stop_unwind" (func $stop_unwind))
          (import "asyncify" "start_rewind" (func $start_rewind (param i32)))
          (import "asyncify" "stop_rewind" (func $stop_rewind))
          (table 4 funcref) (memory 1)
          (func $wait (call $start_unwind (i32.const 16)) (call $stop_rewind))
          (func $resume (call $start_rewind (i32.const 16)) (call $program) (call $stop_unwind))
          {functions})"#
    );
    let wasm = wat::parse_str(text).unwrap();
    let program = Program::read(&wasm).unwrap();
    let analysis = Analysis::new(&program, &NoSuspend::default(), Precision::Types).unwrap();
    let mut plan = SuspendPlan::new(&program, &analysis);
    plan.by_type_only = program.named(compact).into_iter().collect();
    let module = ModuleInfo::read(&wasm).unwrap();
    let found = find(&module, &program, &plan).unwrap();
    found.iter().map(|(one, other)| (program.symbol(*one), program.symbol(*other))).collect()
}

#[track_caller]
fn assert_inlined(functions: &str, expected: &[(&str, &str)]) {
    let expected: Vec<_> =
        expected.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect();
    assert_eq!(inlined(functions, ""), expected);
}

#[test]
fn functions_with_one_call_are_put_into_each_other() {
    assert_inlined(
        "(func $program (call $a) (call $b) (call $b))
         (func $a (call $c)) (func $b (call $wait)) (func $c (call $b) (drop (i32.const 1)))",
        &[("a", "program"), ("c", "a")],
    );
}

#[test]
fn who_is_called_by_others_stays() {
    let program = "(func $program (call $a))";
    let a = "(func $a (call $wait) (drop (i32.const 2)))";
    for other in [
        "(elem (i32.const 1) func $a)",
        "(elem declare func $a) (func (drop (ref.func $a)))",
        "(export \"a\" (func $a))",
        "(start $a)",
        "(func (return_call $a))",
        "(global funcref (ref.func $a))",
    ] {
        assert_inlined(&format!("{program} {a} {other}"), &[]);
    }
    assert_inlined(&format!("{program} {a}"), &[("a", "program")]);
}

#[test]
fn circles_stay() {
    assert_inlined(
        "(func $program (call $a) (call $a))
         (func $a (call $b)) (func $b (call $c)) (func $c (call $wait) (call $b) (call $d))
         (func $d (call $e)) (func $e (call $wait) (call $d) (drop (i32.const 3)))
         (func $alone (call $wait) (call $alone))",
        &[("c", "b"), ("e", "d")],
    );
}

#[test]
fn nobody_is_put_into_himself() {
    let wasm = wat::parse_str("(module (func call 1) (func call 2) (func call 0))").unwrap();
    let module = ModuleInfo::read(&wasm).unwrap();
    let mut groups = Groups::default();
    let pair = |(function, caller)| (FunctionIndex(function), FunctionIndex(caller));
    for (function, caller) in [(1, 0), (2, 1), (0, 2)].map(pair) {
        groups.add(&module, function, caller).unwrap();
    }
    assert_eq!(groups.callers, [(1, 0), (2, 1)].map(pair).into());
}

#[test]
fn what_would_be_another_code_stays() {
    assert_inlined(
        "(tag $e)
         (func $program (call $twin) (call $other_twin) (call $catches) (call $ends) (call $twice)
           (drop (call $refers (ref.null extern))) (call $two) (drop) (drop))
         (func $twin (call $wait) (drop (i32.const 1)))
         (func $other_twin (call $wait) (drop (i32.const 1)))
         (func $catches (block $b (try_table (catch $e $b) (call $wait))))
         (func $ends (return_call $twice))
         (func $twice (call $wait) (drop (i32.const 2)))
         (func $refers (param externref) (result externref) (call $wait) (local.get 0))
         (func $two (result i32 i32) (call $wait) (i32.const 1) (i32.const 2))",
        &[],
    );
}

#[test]
fn forms_are_not_mixed() {
    let functions = "(func $program (call $a)) (func $a (call $wait) (drop (i32.const 1)))";
    assert_eq!(inlined(functions, "a"), []);
    assert_eq!(inlined(functions, "program"), []);
}

#[test]
fn there_is_an_end_to_it() {
    let mut functions = String::from("(func $program (call $f0))");
    for number in 0..200 {
        let next = number + 1;
        functions.push_str(&format!("(func $f{number} (call $f{next}) (drop (i32.const 1)))"));
    }
    functions.push_str("(func $f200 (call $wait))");
    let found = inlined(&functions, "");
    let stay = 201 - found.len();
    assert_eq!(stay, 2, "as many as there are times that it gets too large");
}

#[test]
fn a_function_has_no_more_locals_than_engines_take() {
    let locals = |count| "i32 ".repeat(count);
    let functions = |count| {
        let (one, other) = (locals(count), locals(count));
        format!(
            "(func $program (local {one}) (call $a))
             (func $a (local {other}) (call $wait) (drop (i32.const 1)))"
        )
    };
    assert_inlined(&functions(25_050), &[]);
    assert_inlined(&functions(5_000), &[("a", "program")]);
}
