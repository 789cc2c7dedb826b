//! Errors in parts that exist only if our switch alone begins and ends everything: functions for its imports
//! that compare nothing, and the function that is called where a rewind ends.

use super::{SuspendPlan, check, words};
use crate::debug::Trail;
use crate::instrument::instrument;
use crate::module::FunctionIndex;

/// The relevant part of the switch, and `$entry`, which waits. Other callers can be inserted at `OTHERS`.
const ORIGINAL: &str = r#"(module
    (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
    (import "asyncify" "start_rewind" (func $start_rewind (param i32)))
    (import "asyncify" "stop_rewind" (func $stop_rewind))
    (import "asyncify" "stop_unwind" (func $stop_unwind))
    (memory 1)
    (table 2 2 funcref)
    (elem (i32.const 1) func $entry)
    (global $bysyncify_current_core (mut i32) (i32.const 0))
    (func $bysyncify_suspend (param $wait i32) (result i32) (local $core i32)
      (local.set $core (global.get $bysyncify_current_core))
      (if (i32.eqz (local.get $core)) (then (return (i32.const 3))))
      (if (i32.eq (i32.load offset=12 (local.get $core)) (i32.const 4))
        (then
          (i32.store offset=12 (local.get $core) (i32.const 1))
          (call $stop_rewind)
          (if (i32.le_u (i32.load offset=8 (local.get $core)) (i32.const 64))
            (then (return (i32.ne (i32.load (local.get $core)) (i32.load (local.get $wait))))))
          (return (i32.const 2))))
      (call $start_unwind (local.get $core))
      (i32.const 2))
    (func $entry (param i32 f32) (result i32)
      (i32.add (call $bysyncify_suspend (i32.eqz (local.get 0))) (local.get 0)))
    (func $bysyncify_resume (param i32)
      (call $start_rewind (local.get 0))
      (drop (call_indirect (param i32 f32) (result i32)
        (i32.const 0) (f32.const 0) (i32.const 1)))
      (call $stop_unwind))
    (func $other (param i32) (nop)))"#;

/// The code that compares `start` with `end`.
const COMPARES: &str = "i32.gt_u if unreachable end";
const COPY: &str = "func $asyncify_arrive ";

fn plan() -> SuspendPlan {
    SuspendPlan {
        functions: [FunctionIndex(5)].into(),
        topmost: [FunctionIndex(4)].into(),
        flat: true,
        ..SuspendPlan::default()
    }
}

/// The program with this text replaced, and its instrumented form.
fn instrumented(from: &str, to: &str) -> (Vec<u8>, String) {
    assert_eq!(ORIGINAL.matches(from).count(), 1, "this is not there once: {from}");
    let original = wat::parse_str(ORIGINAL.replacen(from, to, 1)).unwrap();
    let instrumented = instrument(&original, &plan(), &mut Trail::default()).unwrap();
    check(&original, &instrumented, &plan()).unwrap();
    let text = words(&wasmprinter::print_bytes(instrumented).unwrap());
    let text: Vec<_> = text.split(' ').filter(|word| !word.starts_with("(;@")).collect();
    (original, text.join(" "))
}

/// The error if this text of the instrumented program is changed.
#[track_caller]
fn caught(from: &str, to: &str) -> String {
    let (original, text) = instrumented("(nop)", "(nop)");
    assert_eq!(text.matches(from).count(), 1, "this is not there once: {from}: {text}");
    let changed = wat::parse_str(text.replacen(from, to, 1)).unwrap();
    check(&original, &changed, &plan()).expect_err("it is wrong now").to_string()
}

#[test]
fn nothing_is_compared_where_only_our_switch_calls() {
    let (_, text) = instrumented("(nop)", "(nop)");
    assert!(!text.contains(COMPARES) && text.contains(COPY), "{text}");
    assert!(text.contains("call $asyncify_arrive"), "{text}");
}

#[test]
fn others_that_call_are_compared_for() {
    for other in [
        "(call $start_unwind (local.get 0))",
        "(call $start_rewind (local.get 0))",
        "(call $stop_unwind)",
        "(call $stop_rewind)",
        "(drop (ref.func $stop_rewind)) ) (elem declare func $stop_rewind",
        ") (export \"stop\" (func $stop_rewind)",
        ") (elem (i32.const 0) func $start_rewind",
    ] {
        let (original, text) = instrumented("(nop)", other);
        assert!(text.contains(COMPARES) && !text.contains(COPY), "{other}: {text}");
        // What would be right without the other caller.
        let (_, without) = instrumented("(nop)", "(nop)");
        let same = text.replace(COMPARES, "i32.gt_u drop");
        for wrong in [same, without] {
            let wrong = wat::parse_str(wrong).unwrap();
            check(&original, &wrong, &plan()).expect_err(other);
        }
    }
}

#[test]
fn a_switch_of_another_shape_is_called_again() {
    for (from, to) in [
        ("(i32.eqz (local.get $core))", "(i32.eq (local.get $core) (i32.const 0))"),
        ("(call $stop_rewind)", "(call $stop_rewind) (call $other (i32.const 0))"),
        ("(return (i32.const 2))", "(drop (i32.const 2))"),
        // It may continue while it is still being rewound.
        ("(call $stop_rewind)", "(if (local.get $core) (then (call $stop_rewind)))"),
        (
            "(call $stop_rewind)",
            "(if (local.get $core) (then (return (i32.const 2)))) (call $stop_rewind)",
        ),
    ] {
        let (_, text) = instrumented(from, to);
        assert!(!text.contains(COPY), "{from}: {text}");
    }
}

#[test]
fn the_copy_does_what_the_switch_does() {
    let arrive = "call $asyncify_arrive";
    // Then it is not the copy, and is run like other added functions.
    let other = "when it is rewound there is `GlobalGet` at ";
    let copy = "i32.const 1 i32.store offset=12 i32.const 0 global.set $asyncify_state";
    for (from, to) in [
        (copy, "i32.const 2 i32.store offset=12 i32.const 0 global.set $asyncify_state"),
        (copy, "i32.const 1 i32.store offset=12 i32.const 1 global.set $asyncify_state"),
        (copy, "i32.const 1 i32.store offset=12 i32.const 0 global.set $asyncify_data"),
        ("i32.const 2 return unreachable", "i32.const 1 return unreachable"),
    ] {
        let said = caught(from, to);
        assert!(said.contains(other), "{from}: {said}");
    }
    let operand = caught(&format!("local.get 2 {arrive}"), &format!("i32.const 0 {arrive}"));
    assert!(operand.contains("operand 0 is not what it was"), "{operand}");
}

#[test]
fn who_goes_on_while_it_is_rewound_is_nobody_s_copy() {
    let (_, text) = instrumented("(nop)", "(nop)");
    let ends = "i32.const 0 global.set $asyncify_state";
    let copy = format!("i32.const 1 i32.store offset=12 {ends}");
    assert_eq!(text.matches(&copy).count(), 1, "{text}");
    for (to, in_copy) in [
        ("(if (local.get $core) (then (call $stop_rewind)))", format!("local.get 1 if {ends} end")),
        (
            "(if (local.get $core) (then (return (i32.const 2)))) (call $stop_rewind)",
            format!("local.get 1 if i32.const 2 return end {ends}"),
        ),
    ] {
        let original = wat::parse_str(ORIGINAL.replacen("(call $stop_rewind)", to, 1)).unwrap();
        let changed = text.replacen(&copy, &copy.replacen(ends, &in_copy, 1), 1);
        let call = "call $asyncify_stop_rewind";
        assert_eq!(changed.matches(call).count(), 1, "{changed}");
        let changed = changed.replacen(call, &in_copy.replacen(ends, call, 1), 1);
        let changed = wat::parse_str(changed).unwrap();
        let wrong = check(&original, &changed, &plan()).expect_err("it is wrong").to_string();
        assert!(wrong.contains("when it is rewound there is `GlobalGet` at "), "{to}: {wrong}");
    }
}

#[test]
fn it_is_asked_whether_the_call_unwinds_where_it_is_made_for_the_first_time() {
    let asks = "call $bysyncify_suspend global.get $asyncify_state br_if 1";
    let wrong = caught(asks, "call $bysyncify_suspend");
    assert!(wrong.contains("no frame is saved while it unwinds"), "{wrong}");
}

#[test]
fn a_frame_is_saved_where_there_is_room_for_it() {
    let asks = "local.tee 3 i32.const 12 i32.add global.get $asyncify_data i32.load offset=4 \
                i32.const 4 i32.sub i32.gt_u if";
    for (from, to, said) in [
        ("i32.const 12", "i32.const 8", "nothing says that there is room"),
        ("i32.const 4 i32.sub ", "", "nothing says that there is room"),
        ("i32.gt_u if", "drop drop i32.const 0 if", "nothing says that there is room"),
        ("i32.load offset=4", "i32.load", "is of what is not known"),
    ] {
        let wrong = caught(asks, &asks.replacen(from, to, 1));
        assert!(wrong.contains(said), "{from}: {wrong}");
    }
    let moves = "local.get 3 i32.const 12 i32.add i32.store";
    let wrong = caught(moves, "local.get 3 i32.const 8 i32.add i32.store");
    assert!(wrong.contains("its frame of 8 bytes"), "{wrong}");
}

#[test]
fn the_copy_is_not_called_before_anything_was_suspended() {
    let first = caught("local.tee 2 call $bysyncify_suspend", "local.tee 2 call $asyncify_arrive");
    assert!(first.contains("in the place of"), "{first}");
}
