//! Errors in how the dispatcher saves references that a resumed function returns.

use super::{SuspendPlan, check, words};
use crate::debug::Trail;
use crate::instrument::instrument;
use crate::module::FunctionIndex;

const ORIGINAL: &str = r#"(module
    (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
    (import "asyncify" "start_rewind" (func $start_rewind (param i32)))
    (memory 1)
    (type $pair (struct (field i32)))
    (type $other (struct (field i64)))
    (func $suspend (call $start_unwind (i32.const 16)))
    (func $inner (param i32) (result externref (ref $pair))
      (call $suspend) (ref.null extern) (struct.new $pair (local.get 0)))
    (func $outer (param i32) (result (ref null $pair)) (local (ref null $pair))
      (call $inner (local.get 0)) (local.set 1) (drop)
      (call $suspend)
      (local.get 1))
    (func $resume
      (call $start_rewind (i32.const 16))
      (drop (call $outer (i32.const 1)))))"#;

/// The error if this text, which occurs once, is changed.
#[track_caller]
fn caught(from: &str, to: &str) -> String {
    let original = wat::parse_str(ORIGINAL).unwrap();
    let plan = SuspendPlan {
        functions: [3, 4].map(FunctionIndex).into(),
        topmost: [FunctionIndex(2)].into(),
        flat: true,
        ..SuspendPlan::default()
    };
    let instrumented = instrument(&original, &plan, &mut Trail::default()).unwrap();
    check(&original, &instrumented, &plan).unwrap();
    let text = words(&wasmprinter::print_bytes(instrumented).unwrap());
    assert_eq!(text.matches(from).count(), 1, "this is not there once: {from}");
    let changed = wat::parse_str(text.replacen(from, to, 1)).unwrap();
    check(&original, &changed, &plan).expect_err("it is wrong now").to_string()
}

// Global 0 is the state; externs are saved in global 3, and objects in 4.

#[test]
fn what_is_put_aside_is_what_was_returned() {
    let entered = caught("global.set 4 global.set 3 return", "global.set 4 drop return");
    assert_eq!(entered, "the dispatcher does not call function 0 rightly");
}

#[test]
fn what_is_fetched_is_of_the_type_that_it_is_cast_to() {
    let fetched = "global.get 4 ref.cast (ref $pair)";
    for instead in
        ["global.get 4 ref.cast (ref $other) drop unreachable", "i32.const 1 struct.new $pair"]
    {
        let found = caught(fetched, instead);
        assert!(found.starts_with("function 4: site 0 "), "{found}");
        let end = ": when it is resumed it does not go on after the call";
        assert!(found.ends_with(end), "{instead}: {found}");
    }
}

#[test]
fn who_resumes_returns_null_or_what_was_put_aside() {
    let code = "ref.null any global.get 4 global.get 0 select (result anyref)";
    let cast = "select (result anyref) ref.cast (ref null $pair)";
    let forgets = "ref.cast (ref null $pair) ref.null any global.set 4 )";
    for (from, to) in [
        (code, "global.get 4 ref.null any global.get 0 select (result anyref)"),
        (code, "global.get 4"),
        (cast, "select (result anyref) ref.cast nullref"),
        (forgets, "ref.cast (ref null $pair) )"),
    ] {
        assert_eq!(caught(from, to), "function 7 does not resume rightly", "{to}");
    }
}
