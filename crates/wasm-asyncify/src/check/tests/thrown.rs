//! Errors in the functions that pass exceptions on, where functions are resumed one by one, and in functions
//! that must throw them again.

use super::OneByOne;

/// A module that `instrument::tests::thrown` has instrumented, and the output.
const CASE: OneByOne = OneByOne {
    original: include_str!("../../instrument/tests/thrown.wat"),
    instrumented: include_str!("../../instrument/tests/thrown.expected.wat"),
};

#[test]
fn what_is_right_is_accepted() {
    CASE.check(CASE.instrumented).unwrap();
}

#[test]
fn who_may_catch_something_is_called_to_throw_it_again() {
    let passed_over =
        CASE.caught("i32.const 1 return end unreachable", "i32.const 0 return end unreachable");
    assert!(passed_over.contains("what its callee throws is not thrown in it"), "{passed_over}");
    let throws = "global.get $asyncify_state i32.const 5 i32.eq if call $asyncify_throw end";
    let wrong = "what its callee has thrown is not thrown again";
    for instead in [
        "",
        "global.get $asyncify_state i32.const 6 i32.eq if call $asyncify_throw end",
        "global.get $asyncify_state i32.const 5 i32.eq if unreachable end",
    ] {
        let found = CASE.caught(throws, instead);
        assert!(found.contains(wrong), "{instead}: {found}");
    }
}

#[test]
fn what_is_thrown_is_the_exception_that_was_caught() {
    let expected = "what throws an exception again does something else";
    let throw =
        "global.get $asyncify_exception ref.null exn global.set $asyncify_exception throw_ref";
    for instead in [
        "ref.null exn global.get $asyncify_exception global.set $asyncify_exception throw_ref",
        "global.get $asyncify_exception throw_ref",
    ] {
        assert_eq!(CASE.caught(throw, instead), expected);
    }
    let state = "i32.const 0 global.set $asyncify_state global.get $asyncify_exception";
    let stays = "i32.const 5 global.set $asyncify_state global.get $asyncify_exception";
    assert_eq!(CASE.caught(state, stays), expected);
}

#[test]
fn the_dispatcher_catches_all_and_passes_it_on() {
    let expected = "what goes from frame to frame is not the dispatcher that is known";
    for (from, to) in [
        ("call $asyncify_catches i32.eqz", "call $asyncify_catches"),
        (
            "global.set $asyncify_exception i32.const 5",
            "global.set $asyncify_exception i32.const 4",
        ),
        (
            "try_table (catch_all_ref 0 (;@3;)) local.get 6 call $asyncify_enter end",
            "local.get 6 call $asyncify_enter",
        ),
        (
            "local.get 8 i32.eqz br_if 1 (;@1;) call $asyncify_throw",
            "local.get 8 i32.eqz br_if 1 (;@1;)",
        ),
    ] {
        assert_eq!(CASE.caught(from, to), expected, "{from}");
    }
}
