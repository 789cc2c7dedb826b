//! What functions in compact form look like.

use golden::assert_golden;

use super::{Form, SuspendPlan, instrument, instrumented, waits_compactly as waits};
use crate::debug::Trail;
use crate::module::FunctionIndex;

#[test]
fn straight_code() {
    // Locals that are dead after the first call are restored all the same, because one frame does for both calls.
    let text = "(func $waits (param $x i32) (result i64) (local $live i64)
        (local.set $live (i64.load (local.get $x)))
        (drop (call $waits_too (i32.add (local.get $x) (i32.const 4))))
        (local.set $x (call $plain (local.get $x)))
        (drop (call $waits_too (i32.load (local.get $x))))
        (local.get $live))
      (func $waits_too (param i32) (result i32)
        (i32.add (call $suspend (local.get 0)) (local.get 0)))";
    assert_golden!("compact_straight.expected.wat", waits(text));
}

#[test]
fn loops() {
    let text = "(func $waits (param $x i32)
        (call $waits_too (i32.const 0))
        (loop $again
          (call $waits_too (local.get $x))
          (if (local.get $x) (then (call $waits_too (i32.const 1))))
          (br_if $again (local.tee $x (i32.sub (local.get $x) (i32.const 1))))))
      (func $waits_too (param i32) (drop (call $suspend (i32.const 0))))";
    assert_golden!("compact_loop.expected.wat", waits(text));
}

#[test]
fn operands() {
    // The callee of an indirect call is in the frame, and so are the operands of the topmost call. Reads and
    // assignments in between stay in order.
    let text = "(func $waits (param $x i32) (result i32)
        (call_indirect (type $t)
          (i32.add (local.get $x) (i32.const 1))
          (i32.load (local.get $x)))
        (call_indirect (type $pair)
          (local.get $x)
          (call $plain (local.tee $x (i32.const 2)))
          (local.get $x))
        (i32.add (call $suspend (i32.const 3)))
        (i32.add))
      (type $pair (func (param i32 i32) (result i32)))";
    assert_golden!("compact_operands.expected.wat", waits(text));
}

#[test]
fn what_only_passes_on_is_left_as_it_is() {
    let text = "(func $waits (param $x i32) (result i32)
        (call $waits_too (i32.add (local.get $x) (i32.const 1)) (i32.const 2)))
      (func $waits_too (param i32 i32) (result i32) (call $suspend (local.get 0)))";
    assert_golden!("compact_nothing.expected.wat", waits(text));
}

#[test]
fn what_passes_on_in_the_end_has_no_frame() {
    let text = "(func $waits (param $x i32) (result i32)
        (if (call $plain (local.get $x)) (then (return (i32.const 0))))
        (call $waits_too (i32.load (local.get $x)) (i32.const 2)))
      (func $waits_too (param i32 i32) (result i32) (call $suspend (local.get 0)))";
    assert_golden!("compact_last.expected.wat", waits(text));
}

#[test]
fn what_returns_nothing_and_needs_nothing_later_has_no_frame() {
    let text = "(func $waits (param $x i32)
        (drop (call $waits_too (local.get $x)))
        (i32.store (i32.const 4) (i32.const 5)))
      (func $waits_too (param i32) (result i32) (call $suspend (local.get 0)))";
    assert_golden!("compact_no_frame.expected.wat", waits(text));
}

#[test]
fn what_all_share() {
    let text = r#"(module
        (import "asyncify" "start_unwind" (func $start_unwind (param i64)))
        (memory i64 1)
        (func $waits (result i64)
          (local i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 f32 f64)
          (call $suspend)
          (drop (f64.add (f64.promote_f32 (local.get 10)) (local.get 11)))
          (call $suspend)
          (i64.store (local.get 9) (local.get 9))
          (i32.add (local.get 0) (local.get 1)) (i32.add (local.get 2)) (i32.add (local.get 3))
          (i32.add (local.get 4)) (i32.add (local.get 5)) (i32.add (local.get 6))
          (i32.add (local.get 7)) (i32.add (local.get 8))
          (i64.extend_i32_u))
        (func $suspend (call $start_unwind (i64.const 8))))"#;
    let text = wasmprinter::print_bytes(instrumented(text, Form::Compact).unwrap()).unwrap();
    assert_golden!("compact_helpers.expected.wat", text);
}

#[test]
fn vectors_need_the_fast_form() {
    let text = "(func $waits (param $x v128) (result v128)
        (drop (call $suspend (i32.const 0))) (local.get $x))";
    assert_eq!(waits(text), super::waits(text));
}

/// The checker's error if the code of the first of two operands is changed. That operand is computed again where the
/// other one is known already.
fn with_another_operand(before: &str, (operand, other): (&str, &str)) -> String {
    let text = format!(
        r#"(module
        (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
        (memory 1)
        (type $pair (func (param i32 i32)))
        (table 1 funcref)
        (func $plain (result i32) (i32.const 7))
        (func $suspend (param i32) (call $start_unwind (local.get 0)))
        (func $waits (param $c i32) (local $x i32)
          (loop $again
            {before}
            (call_indirect (type $pair)
              (i32.add (local.get $x) (i32.const 602))
              (call $plain)
              (i32.load (local.get $c)))
            (local.set $x (i32.load (local.get $c)))
            (br_if $again (local.get $x)))))"#
    );
    let (wasm, sites) = super::read(&text, Form::Compact);
    let instrumented = instrumented(&text, Form::Compact).unwrap();
    let changed = wasmprinter::print_bytes(instrumented).unwrap();
    assert_eq!(changed.matches(operand).count(), 1, "{changed}");
    let changed = wat::parse_str(changed.replace(operand, other)).unwrap();
    crate::check::check(&wasm, &changed, &sites).unwrap_err().to_string()
}

#[test]
fn an_operand_that_is_made_again_is_a_constant_on_the_first_way() {
    let before = "(call $suspend (local.get $c))";
    assert_eq!(
        with_another_operand(before, ("i32.const 602", "i32.const 603")),
        "function 3: operand 0 of `CallIndirect` at 0x6a is not what it was in the original: the \
         constant I32(602) there, the constant I32(603) here"
    );
}

#[test]
fn an_operand_that_is_made_again_is_another_constant_on_each_way() {
    let before = "(if (i32.load (local.get $c))
        (then (local.set $x (i32.const 1))) (else (local.set $x (i32.const 2))))";
    assert_eq!(
        with_another_operand(before, ("i32.const 602", "i32.const 603")),
        "function 3: operand 0 of `CallIndirect` at 0x77 is not what it was in the original: a \
         value that is in no local there, a value that is in no local here"
    );
}

/// A large function is written before all helpers are known, and then once more.
#[test]
fn helper_that_only_the_last_function_calls() {
    let large = "nop ".repeat(300 * 1024);
    let text = format!(
        "(module (memory 1) (func $suspend)
           (func $first (param i32) (result i32) (call $suspend) (local.get 0))
           (func $large (param i32) (result i32) {large} (call $suspend) (local.get 0))
           (func $last (param i64) (result i64) (call $suspend) (local.get 0)))"
    );
    let wasm = wat::parse_str(text).unwrap();
    let plan = SuspendPlan {
        functions: [1, 2, 3].map(FunctionIndex).into(),
        by_type_only: [1, 2, 3].map(FunctionIndex).into(),
        topmost: [FunctionIndex(0)].into(),
        ..SuspendPlan::default()
    };
    let instrumented = instrument(&wasm, &plan, &mut Trail::default()).unwrap();
    crate::check::check(&wasm, &instrumented, &plan).unwrap();
    let has = |name: &str| instrumented.windows(name.len()).any(|it| it == name.as_bytes());
    assert!(has("asyncify_save_i32_1") && has("asyncify_save_i64"));
}
