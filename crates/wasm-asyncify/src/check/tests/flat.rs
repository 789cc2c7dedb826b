//! Errors in functions that are resumed one by one, and in the dispatcher.

use super::{OneByOne, SuspendPlan, check, words};
use crate::module::FunctionIndex;

/// A module that `instrument::tests::flat` has instrumented, and the output.
const CASE: OneByOne = OneByOne {
    original: include_str!("../../instrument/tests/flat.wat"),
    instrumented: include_str!("../../instrument/tests/flat.expected.wat"),
};

#[test]
fn what_is_right_is_accepted() {
    CASE.check(CASE.instrumented).unwrap();
}

#[test]
fn a_frame_has_the_number_of_its_function() {
    let of_another = CASE.caught(
        "local.get 3 i32.const 1 i32.store local.get 3 local.get 1",
        "local.get 3 i32.const 0 i32.store local.get 3 local.get 1",
    );
    assert!(
        of_another.contains("begins with number 0, which is that of function 15 "),
        "{of_another}"
    );
    let of_nobody = CASE.caught(
        "local.get 3 i32.const 1 i32.store local.get 3 local.get 1",
        "local.get 3 i32.const 9 i32.store local.get 3 local.get 1",
    );
    assert!(of_nobody.contains("begins with 9, which is nobody's"), "{of_nobody}");
    let in_table = CASE.caught("func $entry $fast", "func $fast $entry");
    assert!(in_table.contains("which is that of function"), "{in_table}");
    let size = CASE.caught("i32.const 16 return", "i32.const 12 return");
    assert!(size.contains("its frame of 16 bytes begins with number 1"), "{size}");
}

#[test]
fn who_is_resumed_goes_on_after_the_call() {
    let stays = CASE.caught("global.get 3 i32.const 0 global.set 0 br 1", "global.get 3 br 1");
    assert!(stays.contains("it does not go on after the call"), "{stays}");
    let result = CASE.caught(
        "global.get 3 i32.const 0 global.set 0 br 1",
        "i32.const 7 i32.const 0 global.set 0 br 1",
    );
    assert!(result.contains("operand"), "{result}");
    let state = CASE.caught(
        "i32.const 2 global.set 0 local.get 0 call $suspend",
        "i32.const 1 global.set 0 local.get 0 call $suspend",
    );
    assert!(state.contains("the state is changed"), "{state}");
    let restored = CASE.caught("i32.load offset=4 local.set 1", "i32.load offset=8 local.set 1");
    assert!(!restored.is_empty());
    let again = CASE.caught("local.get 0 call $suspend br 1", "i32.const 0 call $suspend br 1");
    assert!(again.contains("operand 0 is not what it was"), "{again}");
    let lost = CASE.caught(
        "i32.const 0 local.set 1 end local.set 2",
        "i32.const 0 local.set 0 end local.set 2",
    );
    assert!(lost.contains("is not what it was in the original"), "{lost}");
}

#[test]
fn who_saves_nothing_has_nothing_more_to_do() {
    let more = CASE.caught(
        "(func $passes_on (;17;) (type 2) (param i32) (result i32) local.get 0 call $entry )",
        "(func $passes_on (;17;) (type 2) (param i32) (result i32) local.get 0 call $entry i32.const 1 i32.add )",
    );
    assert!(!more.is_empty());
    // If the original does the same, the function would have to save a frame.
    let both = |text: &str| {
        text.replace("(call $entry (local.get 0)))", "(i32.eqz (call $entry (local.get 0))))")
    };
    let text = words(CASE.instrumented).replacen(
        "(param i32) (result i32) local.get 0 call $entry )",
        "(param i32) (result i32) local.get 0 call $entry i32.eqz )",
        1,
    );
    let (original, instrumented) =
        (wat::parse_str(both(CASE.original)).unwrap(), wat::parse_str(text).unwrap());
    let plan = SuspendPlan {
        functions: [5, 6, 7].map(FunctionIndex).into(),
        topmost: [FunctionIndex(4)].into(),
        flat: true,
        ..SuspendPlan::default()
    };
    let wrong = check(&original, &instrumented, &plan).expect_err("it is wrong").to_string();
    assert!(wrong.contains("no frame is saved while it unwinds, and it has more to do"), "{wrong}");
}

#[test]
fn the_dispatcher_is_what_it_should_be() {
    let expected = "what goes from frame to frame is not the dispatcher that is known";
    assert_eq!(CASE.caught("i32.const 4 local.set 7", "i32.const 3 local.set 7"), expected);
    assert_eq!(
        CASE.caught("local.get 1 local.tee 3 i32.store", "local.get 2 local.tee 3 i32.store"),
        expected
    );
    let entered = CASE
        .caught("i32.const 0 local.get 0 call_indirect", "i32.const 0 i32.const 0 call_indirect");
    assert_eq!(entered, "the dispatcher does not call function 1 rightly");
    let put_aside =
        CASE.caught("call_indirect (type 2) global.set 3", "call_indirect (type 2) drop");
    assert_eq!(put_aside, "the dispatcher does not call function 0 rightly");
    let resumes = CASE.caught(
        "i32.const 0 global.get 3 global.get 0 select",
        "global.get 3 i32.const 0 global.get 0 select",
    );
    assert_eq!(resumes, "function 9 does not resume rightly");
}

#[test]
fn a_rewind_begins_with_what_is_innermost() {
    let wrong = "a rewind that begins in it does not resume what is suspended";
    let resumes = "call $asyncify_resume_i32 return";
    for instead in
        ["", "i32.const 0 return", "unreachable", "call $asyncify_resume_i32 i32.eqz return"]
    {
        let found = CASE.caught(resumes, instead);
        assert!(found.contains(wrong), "{instead}: {found}");
    }
    let not_there =
        CASE.caught("call $asyncify_dispatch i32.const 0 global.get 3", "i32.const 0 global.get 3");
    assert!(not_there.contains(wrong), "{not_there}");
}

#[test]
fn where_a_segment_begins_is_written_down() {
    let lost = CASE.caught(
        "else global.get 1 i32.load offset=4 i32.const 4 i32.sub global.get 1 i32.load i32.store end",
        "end",
    );
    assert_eq!(lost, "no function does what `asyncify.start_unwind` is to do");
}

/// A program with our switch, whose table is extended. Its function `f` waits.
fn with_switch(table: &str, other: &str) -> String {
    format!(
        r#"(module
          (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
          (import "asyncify" "start_rewind" (func $start_rewind (param i32)))
          (memory 1)
          {table}
          (elem (i32.const 1) func $entry)
          (func $suspend (call $start_unwind (i32.const 16)))
          (func $entry (param i32 f32) (result i32)
            (call $suspend) (i32.add (local.get 0) (i32.const 1)))
          (func $bysyncify_resume
            (call $start_rewind (i32.const 16))
            (drop (call_indirect (param i32 f32) (result i32)
              (i32.const 0) (f32.const 0) (i32.const 1))))
          {other})"#
    )
}

/// The module before and after, as text, and its suspend plan.
fn grown(table: &str, other: &str) -> (String, String, SuspendPlan) {
    let text = with_switch(table, other);
    let wasm = wat::parse_str(&text).unwrap();
    let plan = SuspendPlan {
        functions: [FunctionIndex(3)].into(),
        topmost: [FunctionIndex(2)].into(),
        flat: true,
        ..SuspendPlan::default()
    };
    let instrumented =
        crate::instrument::instrument(&wasm, &plan, &mut crate::debug::Trail::default()).unwrap();
    check(&wasm, &instrumented, &plan).unwrap();
    (text, words(&wasmprinter::print_bytes(instrumented).unwrap()), plan)
}

#[test]
fn the_programs_table_is_grown_if_nobody_can_see_it() {
    let last = "(elem (;1;) (i32.const 2) func $entry)";
    for (before, after) in [("2", "3"), ("2 2", "3 3"), ("2 9", "3 10")] {
        let (_, after_all, _) = grown(&format!("(table {before} funcref)"), "");
        assert!(after_all.contains(&format!("(table (;0;) {after} funcref)")), "{after_all}");
        assert!(after_all.contains(last), "{after_all}");
        assert_eq!(after_all.matches("(table (;").count(), 1);
    }
    let own = "(table (;1;) 1 1 funcref)";
    for code in [
        "table.size 0 drop",
        "(drop (table.grow 0 (ref.null func) (i32.const 1)))",
        "(drop (table.get 0 (i32.const 0)))",
        "(table.set 0 (i32.const 0) (ref.null func))",
        "(table.fill 0 (i32.const 0) (ref.null func) (i32.const 1))",
        "(table.init 0 (i32.const 0) (i32.const 0) (i32.const 0))",
        "(table.copy 0 0 (i32.const 0) (i32.const 0) (i32.const 0))",
    ] {
        let (_, after, _) = grown("(table 2 2 funcref)", &format!("(func {code})"));
        assert!(after.contains("(table (;0;) 2 2 funcref)") && after.contains(own), "{after}");
    }
    let imported = r#"(import "host" "table" (table 2 funcref))"#;
    let text = with_switch("", "").replacen("(memory", &format!("{imported} (memory"), 1);
    let wasm = wat::parse_str(text).unwrap();
    let plan = SuspendPlan {
        functions: [FunctionIndex(3)].into(),
        topmost: [FunctionIndex(2)].into(),
        flat: true,
        ..SuspendPlan::default()
    };
    let after =
        crate::instrument::instrument(&wasm, &plan, &mut crate::debug::Trail::default()).unwrap();
    check(&wasm, &after, &plan).unwrap();
    let after = words(&wasmprinter::print_bytes(after).unwrap());
    assert!(after.contains(own), "{after}");
}

#[test]
fn the_programs_table_is_grown_by_what_is_added_and_no_more() {
    let (before, after, plan) = grown("(table 2 2 funcref)", "");
    let wrong = |before: &str, from: &str, to: &str| {
        assert_eq!(after.matches(from).count(), 1, "this is not there once: {from}");
        let after = wat::parse_str(after.replacen(from, to, 1)).unwrap();
        let before = wat::parse_str(before).unwrap();
        check(&before, &after, &plan).expect_err("it is wrong now").to_string()
    };
    let table = "(table (;0;) 3 3 funcref)";
    let segment = "(elem (;1;) (i32.const 2) func $entry)";
    assert_eq!(
        wrong(&before, table, "(table (;0;) 4 4 funcref)"),
        "the tables are not what they were"
    );
    assert_eq!(
        wrong(&before, table, "(table (;0;) 3 4 funcref)"),
        "the tables are not what they were"
    );
    let early = wrong(&before, segment, "(elem (;1;) (i32.const 1) func $entry)");
    assert_eq!(early, "the dispatcher's table is not filled from where the program's ends");
    let passive = wrong(&before, segment, "(elem (;1;) func $entry)");
    assert_eq!(passive, "the dispatcher's table is not filled");
    let seen = before.replace("(func $suspend", "(func $suspend (drop (table.size 0))");
    let seen_after = after.replace(
        "(func $suspend (;8;) (type 1)",
        "(func $suspend (;8;) (type 1) table.size 0 drop",
    );
    assert_ne!(seen_after, after);
    let checked =
        check(&wat::parse_str(seen).unwrap(), &wat::parse_str(seen_after).unwrap(), &plan);
    assert_eq!(
        checked.expect_err("it is wrong now").to_string(),
        "the dispatcher's table is one that the program looks at"
    );
}
