//! The calls that are found in modules in text form, and the modules with handlers moved out.

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{Parser, Payload, Validator, WasmFeatures};

use super::{Cleanups, hoist};
use crate::analysis::{Program, SuspendPlan};
use crate::debug::Trail;
use crate::module::{FunctionIndex, ModuleInfo};

/// A module with functions named like those of the switch; its function 3 is to be instrumented.
fn module(code: &str) -> Vec<u8> {
    wat::parse_str(format!(
        r#"(module
            (type $plain (func))
            (table 1 funcref)
            (tag $exception (param i32))
            (func $bysyncify_resume)
            (func $bysyncify_current)
            (func $asks (call $bysyncify_current))
            (func $suspends (result i32) {code})
            (func $other))"#
    ))
    .unwrap()
}

fn plan() -> SuspendPlan {
    SuspendPlan {
        functions: [FunctionIndex(3)].into(),
        indirect: [(FunctionIndex(3), [0, 1, 2].into())].into(),
        ..SuspendPlan::default()
    }
}

/// The calls that are found in function 3, and the indirect calls that can suspend then.
fn found(code: &str) -> (Vec<usize>, BTreeSet<u32>) {
    let wasm = module(code);
    let mut plan = plan();
    let cleanups =
        Cleanups::find(&ModuleInfo::read(&wasm).unwrap(), &Program::read(&wasm).unwrap(), &plan)
            .unwrap();
    let calls = (0..10).filter(|call| cleanups.contains(FunctionIndex(3), *call)).collect();
    cleanups.leave_out(&ModuleInfo::read(&wasm).unwrap(), &mut plan).unwrap();
    (calls, plan.indirect[&FunctionIndex(3)].clone())
}

const INDIRECT: &str = "(call_indirect (type $plain) (i32.const 0))";

#[test]
fn calls_in_handlers_of_destructors_are_found() {
    let code = format!(
        "try {INDIRECT} (call $other)
         catch_all {INDIRECT} (call $other) (call $asks) (drop (call $suspends)) rethrow 0 end
         {INDIRECT} (i32.const 1)"
    );
    // The call of a function that neither suspends nor asks is left out.
    assert_eq!(found(&code), (vec![2, 4, 5], [0, 1].into()));
}

#[test]
fn what_has_caught_the_exception_of_a_destructor_is_none() {
    // LLVM puts the code after a `catch_unwind` there.
    let code = format!(
        "try {INDIRECT}
         catch_all
           try {INDIRECT} rethrow 1 catch $exception drop {INDIRECT} end
         end
         (i32.const 1)"
    );
    assert_eq!(found(&code), (vec![1], [0, 1].into()));
    // Another exception was caught, and the first one still propagates.
    let code = format!(
        "try {INDIRECT}
         catch_all
           try {INDIRECT} catch $exception drop {INDIRECT} end
           rethrow 0
         end
         (i32.const 1)"
    );
    assert_eq!(found(&code), (vec![1, 2], [0].into()));
}

#[test]
fn calls_with_a_live_exception_are_found() {
    let code = format!(
        "(local exnref)
         (block $done
           (block $caught (result exnref)
             (try_table (catch_all_ref $caught) {INDIRECT})
             (br $done))
           (local.set 0) {INDIRECT} (call $other) (call $asks) (throw_ref (local.get 0)))
         {INDIRECT} (i32.const 1)"
    );
    assert_eq!(found(&code), (vec![1, 3], [0, 1].into()));
}

#[test]
fn nothing_is_found_without_exceptions_or_with_a_switch_of_others() {
    let code = format!("{INDIRECT} (call $asks) (i32.const 1)");
    assert_eq!(found(&code), (vec![], [0, 1, 2].into()));
    let wasm = wat::parse_str(
        "(module (func $f try catch_all (call $f) rethrow 0 end) (func $bysyncify_current))",
    )
    .unwrap();
    let plan = SuspendPlan {
        functions: [FunctionIndex(0)].into(),
        indirect: BTreeMap::new(),
        ..SuspendPlan::default()
    };
    let cleanups =
        Cleanups::find(&ModuleInfo::read(&wasm).unwrap(), &Program::read(&wasm).unwrap(), &plan)
            .unwrap();
    assert_eq!(cleanups, Cleanups::default());
}

/// Asserts the code of function 3 after hoisting.
#[track_caller]
fn assert_hoisted(code: &str, expected: &str) {
    let wasm = module(code);
    let read = ModuleInfo::read(&wasm).unwrap();
    let hoisted = hoist(&read, &[FunctionIndex(3)].into(), &mut Trail::default()).unwrap();
    Validator::new_with_features(WasmFeatures::all()).validate_all(&hoisted).unwrap();
    assert_eq!(instructions(&hoisted), instructions(&module(expected)));
}

/// The instructions of all functions.
fn instructions(wasm: &[u8]) -> Vec<String> {
    let mut instructions = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::CodeSectionEntry(body) = payload.unwrap() {
            let operators = body.get_operators_reader().unwrap();
            instructions.extend(operators.into_iter().map(|it| format!("{:?}", it.unwrap())));
        }
    }
    instructions
}

#[test]
fn handlers_are_taken_out_and_branches_still_go_where_they_did() {
    assert_hoisted(
        "(block $out (result i32)
           try (result i32)
             (br_if 0 (i32.const 7) (i32.const 1)) drop
             (br_if 1 (i32.const 8) (i32.const 2))
           catch $exception
             (br_if 1 (i32.const 3))
             (br_if 0 (i32.const 4))
           end)",
        "(block $out (result i32)
           (block $after (result i32)
             (block $handler (result i32)
               try
                 (br_if 2 (i32.const 7) (i32.const 1)) drop
                 (br_if 3 (i32.const 8) (i32.const 2))
                 br 2
               catch $exception
                 br 1
               end
               unreachable)
             (br_if 1 (i32.const 3))
             (br_if 0 (i32.const 4))))",
    );
}

#[test]
fn each_of_several_handlers_is_taken_out() {
    assert_hoisted(
        "try (result i32) (i32.const 1)
         catch $exception (drop) (i32.const 2)
         catch $exception end",
        "(block $after (result i32)
           (block $second (result i32)
             (block $first (result i32)
               try (i32.const 1) br 3
               catch $exception br 1
               catch $exception br 2
               end
               unreachable)
             (drop) (i32.const 2) br 1))",
    );
}

#[test]
fn tries_in_tries_and_in_handlers() {
    assert_hoisted(
        "try (result i32)
           try (result i32) (i32.const 1) delegate 0
         catch $exception
           try (call $other) catch_all rethrow 0 end
         end",
        "(block $after (result i32)
           (block $handler (result i32)
             try
               try (result i32) (i32.const 1) delegate 0
               br 2
             catch $exception br 1
             end
             unreachable)
           try (call $other) catch_all rethrow 0 end)",
    );
}

#[test]
fn handlers_that_throw_on_stay() {
    for code in [
        "try (call $other) catch_all rethrow 0 end (i32.const 1)",
        "try (call $other) catch $exception drop rethrow 0 end (i32.const 1)",
        "try (call $other) catch $exception drop try catch_all rethrow 1 end end (i32.const 1)",
        "try (call $other) catch_all end (i32.const 1)",
    ] {
        assert_hoisted(code, code);
    }
}
