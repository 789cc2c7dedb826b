//! How branch tables grow with the number of loops.

use super::{Form, instrumented};

/// The bytes of a module with this many nested loops, and a site in each of them.
fn bytes(loops: usize, form: Form) -> usize {
    let text = format!(
        r#"(module
          (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
          (memory 1)
          (func $suspend (call $start_unwind (i32.const 0)))
          (func $waits (param $x i32) {} {}))"#,
        "(loop (call $suspend) (br_if 0 (local.get $x)) ".repeat(loops),
        ")".repeat(loops),
    );
    instrumented(&text, form).unwrap().len()
}

#[test]
fn loops_in_loops_do_not_grow_with_the_square_of_their_number() {
    for form in [Form::Fast, Form::Compact] {
        // A branch out of 128 blocks takes a byte more than one out of 127.
        let (some, twice) = (bytes(200, form), bytes(400, form));
        assert!(twice < some * 9 / 4, "{form:?}: {some} and {twice} bytes");
    }
}
