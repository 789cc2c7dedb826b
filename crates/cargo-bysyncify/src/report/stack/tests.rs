//! What is said of small programs, whose frames are known.

use golden::assert_golden;

use super::stack;
use crate::pipeline::Recipe;
use wasm_asyncify::Resumption;

const SWITCH: &str = r#"
    (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
    (import "asyncify" "stop_unwind" (func $stop_unwind))
    (type $entry (func (param i32 f32) (result i32)))
    (type $method (func (param i32)))
    (memory 1)
    (global $__stack_pointer (mut i32) (i32.const 1024))
    (global $bysyncify_current_core (mut i32) (i32.const 0))
    (global $bysyncify_stack_limit (mut i32) (i32.const 0))
    (global $bysyncify_stack_reserve i32 (i32.const 128))
    (func $bysyncify_set_reporter (param i32))
    (func $bysyncify_outside (param i32 i32) call $stop_unwind)
    (func $bysyncify_resume (param i32 i32 i32) (result i32)
      (drop (call_indirect (type $entry) (local.get 1) (f32.const 0) (local.get 0)))
      (call $stop_unwind) (i32.const 0))
    (func $bysyncify_suspend (call $start_unwind (i32.const 0)))"#;

/// A function with a frame of this size on the shadow stack, which ends in `result`.
fn function(name: &str, ty: &str, size: u32, body: &str, result: &str) -> String {
    format!(
        r#"(func ${name} {ty} (local $frame i32)
             (global.set $__stack_pointer
               (local.tee $frame (i32.sub (global.get $__stack_pointer) (i32.const {size}))))
             {body}
             (global.set $__stack_pointer (i32.add (local.get $frame) (i32.const {size})))
             {result})"#
    )
}

fn entry(name: &str, size: u32, body: &str) -> String {
    function(name, "(type $entry)", size, body, "(i32.const 1)")
}

/// What is said of a program with these functions. Three of them are in the table.
fn said(resumption: Resumption, table: &str, functions: &[String]) -> String {
    let functions = functions.join("\n");
    let text =
        format!("(module {SWITCH} (table 9 funcref) (elem (i32.const 1) {table}) {functions})");
    let recipe = Recipe { resumption, ..Recipe::default() };
    stack("demo.wasm", &wat::parse_str(text).unwrap(), &recipe).unwrap()
}

fn bounded() -> [String; 3] {
    let waits = "(call $bysyncify_suspend) (call $bysyncify_suspend)";
    [
        entry("\"app::entry\"", 32, "(call $\"app::waits\") (call $\"app::deep\")"),
        function("\"app::waits\"", "", 64, waits, ""),
        function("\"app::deep\"", "", 1536, "", ""),
    ]
}

fn unbounded() -> [String; 3] {
    let visit = "(call_indirect (type $method) (i32.const 0) (i32.load (i32.const 8)))";
    [
        entry("\"app::walker\"", 16, "(call $\"app::walk\")"),
        function("\"app::walk\"", "", 32, visit, ""),
        function("\"app::visit\"", "(type $method)", 0, "(call $\"app::walk\")", ""),
    ]
}

#[test]
fn sizes_and_cycles_are_shown() {
    let one_by_one = said(Resumption::OneByOne, "$\"app::entry\"", &bounded());
    let all_at_once = said(Resumption::AllAtOnce, "$\"app::entry\"", &bounded());
    let functions = [bounded(), unbounded()].concat();
    let table = "$\"app::entry\" $\"app::walker\" $\"app::visit\"";
    let several = said(Resumption::OneByOne, table, &functions);
    let text = format!(
        "resumed one by one\n\n{one_by_one}\n\
         resumed all at once\n\n{all_at_once}\n\
         with another coroutine\n\n{several}"
    );
    assert_golden!("tests/stack.txt", text);
}
