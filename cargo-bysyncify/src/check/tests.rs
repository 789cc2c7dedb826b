//! The checker accepts what is right and finds what is wrong: in a module that was instrumented, and
//! then changed by hand. How it was instrumented is of no matter, and so it is kept as a text.

use std::collections::BTreeSet;

use wasmparser::{Validator, WasmFeatures};

use super::*;

const ORIGINAL: &str = include_str!("tests/original.wat");
const INSTRUMENTED: &str = include_str!("tests/instrumented.wat");

fn sites() -> Sites {
    Sites {
        functions: [4, 5].into(),
        tops: [3].into(),
        indirect: [(4, BTreeSet::new()), (5, [0].into())].into(),
        ..Sites::default()
    }
}

fn checked(instrumented: &str) -> Result<()> {
    let (original, instrumented) =
        (wat::parse_str(ORIGINAL).unwrap(), wat::parse_str(instrumented).unwrap());
    let valid = Validator::new_with_features(WasmFeatures::all()).validate_all(&instrumented);
    valid.expect("a change leaves the module valid, or everybody would notice");
    check(&original, &instrumented, &sites())
}

/// A text without comments, on one line.
fn words(text: &str) -> String {
    let lines = text.lines().map(|line| line.split(";; ").next().unwrap_or_default());
    lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

/// What the checker says when this, which is there once, is changed.
#[track_caller]
fn caught(from: &str, to: &str) -> String {
    let text = words(INSTRUMENTED);
    assert_eq!(text.matches(from).count(), 1, "this is not there once: {from}");
    checked(&text.replacen(from, to, 1)).expect_err("it is wrong now").to_string()
}

#[test]
fn what_is_right_is_accepted() {
    checked(INSTRUMENTED).unwrap();
}

#[test]
fn a_save_is_dropped() {
    assert_eq!(
        caught("local.get 6 local.get 1 f64.store offset=4 align=4", "",),
        "function 5: site 0 (the call at 0x99): operand 1 of `F64Store` at 0xbd is not what it was in the original: that of local 1 there, that of local 1 here",
    );
}

#[test]
fn two_saves_are_swapped() {
    assert_eq!(
        caught(
            "local.get 6 local.get 0 i32.store local.get 6 local.get 1 f64.store offset=4 align=4 local.get 6 local.get 2 i32.store offset=12",
            "local.get 6 local.get 2 i32.store local.get 6 local.get 1 f64.store offset=4 align=4 local.get 6 local.get 0 i32.store offset=12",
        ),
        "function 5: site 0 (the call at 0x99): operand 0 of `CallIndirect` at 0xae is not what it was in the original: that of local 0 there, that of local 0 here",
    );
}

#[test]
fn two_restores_are_swapped() {
    assert_eq!(
        caught(
            "local.set 2 local.get 6 i32.load offset=20 local.set 4 local.get 6 i32.load offset=24 local.set 5",
            "local.set 2 local.get 6 i32.load offset=20 local.set 5 local.get 6 i32.load offset=24 local.set 4",
        ),
        "function 5: site 2 (the call at 0xc2): when it is called again, operand 0 is not what it was: the constant I32(0)",
    );
}

#[test]
fn a_restore_is_from_elsewhere() {
    assert_eq!(
        caught("f64.load offset=4 align=4", "f64.load offset=8 align=4",),
        "function 5: site 0 (the call at 0x99): operand 1 of `F64Store` at 0xbd is not what it was in the original: that of local 1 there, that of local 1 here",
    );
}

#[test]
fn a_restore_is_dropped() {
    assert_eq!(
        caught("local.get 6 f64.load offset=4 align=4 local.set 1", "",),
        "function 5: site 0 (the call at 0x99): operand 1 of `F64Store` at 0xbd is not what it was in the original: that of local 1 there, that of local 1 here",
    );
}

#[test]
fn a_restore_comes_before_the_frame_is_known() {
    assert_eq!(
        caught(
            "i32.const 28 call $asyncify_pop local.set 6 local.get 6 i32.load local.set 0",
            "local.get 6 i32.load local.set 0 i32.const 28 call $asyncify_pop local.set 6",
        ),
        "function 5: site 0 (the call at 0x99): memory is accessed that is not a frame",
    );
}

#[test]
fn a_live_local_is_forgotten() {
    assert_eq!(
        caught(
            "if i32.const 0 local.set 0 i32.const 0 local.set 5 i32.const 3",
            "if i32.const 0 local.set 0 i32.const 0 local.set 2 i32.const 3",
        ),
        "function 5: site 0 (the call at 0x99): operand 0 of `Call` at 0xce is not what it was in the original: that of local 2 there, that of local 2 here",
    );
}

#[test]
fn a_test_after_a_call_is_lost() {
    assert_eq!(
        caught(
            "call $suspend end global.get 0 if i32.const 0 local.set 0 i32.const 0 local.set 5 i32.const 3 br 3 end",
            "call $suspend end",
        ),
        "function 5: site 2 (the call at 0xc2): the test at 0x1c4 is of what is not known while it unwinds or rewinds",
    );
}

#[test]
fn a_test_is_inverted() {
    assert_eq!(
        caught("call $deeper end global.get 0 if", "call $deeper end global.get 0 i32.eqz if",),
        "function 5: site 0 (the call at 0x99): the test at 0x17f is of what is not known while it unwinds or rewinds",
    );
}

#[test]
fn the_test_at_the_beginning_is_inverted() {
    assert_eq!(
        caught(
            "block (result i32) global.get 0 if i32.const 28",
            "block (result i32) global.get 0 i32.eqz if i32.const 28",
        ),
        "function 5: what saves and restores frames does `I32Load` while nothing is suspended, before `I32Load` at 0x94",
    );
}

#[test]
fn a_rewind_goes_on_elsewhere() {
    assert_eq!(
        caught("call_indirect (type $unary) br 2 end", "call_indirect (type $unary) br 4 end",),
        "function 5: site 1 (the call at 0xae): when it is rewound there is `BrTable` at 0xea in the place of `CallIndirect` at 0xae",
    );
}

#[test]
fn a_rewind_goes_to_another_site() {
    assert_eq!(
        caught("br_table 0 1 end", "br_table 1 0 end",),
        "function 5: site 1 (the call at 0xae): when it is rewound there is `Call` at 0x172 in the place of `CallIndirect` at 0xae",
    );
}

#[test]
fn the_number_of_a_site_is_another() {
    assert_eq!(
        caught("local.set 5 i32.const 3 br 3", "local.set 5 i32.const 2 br 3",),
        "function 5: site 2 (the call at 0xc2): when it is rewound there is `CallIndirect` at 0x166 in the place of `Call` at 0xc2",
    );
}

#[test]
fn the_number_is_not_taken_back() {
    assert_eq!(
        caught("i32.const 0 local.set 3 local.get 4 call $suspend", "local.get 4 call $suspend",),
        "function 5: site 0 (the call at 0x99): the condition of `If` at 0xa6 is not what it was in the original: a value that is in no local there, that of local 3 here",
    );
}

#[test]
fn a_frame_is_pushed_too_small() {
    assert_eq!(
        caught("i32.const 28 call $asyncify_push", "i32.const 24 call $asyncify_push",),
        "function 5: site 0 (the call at 0x99): bytes 24 to 28 of a frame are written, and nothing says that there is room for them",
    );
}

#[test]
fn a_frame_is_pushed_too_large() {
    assert_eq!(
        caught("i32.const 28 call $asyncify_push", "i32.const 32 call $asyncify_push",),
        "function 5: site 0 (the call at 0x99): when it is rewound there is `BrTable` at 0xea in the place of `Call` at 0x99",
    );
}

#[test]
fn a_frame_is_popped_in_another_size() {
    assert_eq!(
        caught(
            "i32.const 28 call $asyncify_pop local.set 6",
            "i32.const 24 call $asyncify_pop local.set 6",
        ),
        "function 5: site 0 (the call at 0x99): when it is rewound there is `BrTable` at 0xea in the place of `Call` at 0x99",
    );
}

#[test]
fn a_frame_is_not_popped() {
    assert_eq!(
        caught(
            "i32.const 28 call $asyncify_pop local.set 6",
            "i32.const 0 call $asyncify_pop i32.const 28 i32.sub local.set 6",
        ),
        "function 5: site 0 (the call at 0x99): when it is called again 28 bytes of its frame are left",
    );
}

#[test]
fn a_frame_is_popped_twice() {
    assert_eq!(
        caught(
            "i32.const 28 call $asyncify_pop local.set 6",
            "i32.const 28 call $asyncify_pop local.set 6 i32.const 28 call $asyncify_pop drop",
        ),
        "function 5: site 0 (the call at 0x99): when it is called again -28 bytes of its frame are left",
    );
}

#[test]
fn a_frame_is_pushed_twice() {
    assert_eq!(
        caught(
            "i32.const 28 call $asyncify_push local.tee 6",
            "i32.const 28 call $asyncify_push drop i32.const 28 call $asyncify_push local.tee 6",
        ),
        "function 5: site 0 (the call at 0x99): when it is called again 28 bytes of its frame are left",
    );
}

#[test]
fn a_frame_is_saved_where_it_does_not_fit() {
    assert_eq!(
        caught(
            "local.get 1 i32.const 0 global.get 1 i32.load global.get 1 i32.load offset=4 i32.gt_u i32.eqz select",
            "local.get 1",
        ),
        "function 4: site 0 (the call at 0x88): bytes 0 to 4 of a frame are written, and nothing says that there is room for them",
    );
}

#[test]
fn code_runs_between_a_call_and_its_test() {
    assert_eq!(
        caught(
            "call $effect br 2 end local.get 0 local.get 1 f64.store local.get 2 local.tee 4 call $suspend end",
            "call $effect br 2 end local.get 0 local.get 1 f64.store local.get 2 local.tee 4 call $suspend end i32.const 0 call $effect",
        ),
        "function 5: site 2 (the call at 0xc2): there is `Call` at 0x1c1 while it unwinds",
    );
}

#[test]
fn an_instruction_is_moved_before_the_test() {
    assert_eq!(
        caught(
            "call $suspend end global.get 0 if br 1 end i32.const 3 i32.mul return",
            "call $suspend end i32.const 3 i32.div_u global.get 0 if br 1 end return",
        ),
        "function 4: site 0 (the call at 0x88): there is `I32DivU` at 0x95 while it unwinds",
    );
}

#[test]
fn an_instruction_is_dropped() {
    assert_eq!(
        caught("local.get 0 local.get 1 f64.store", "",),
        "function 5: in the place of `F64Store` at 0xbd there is Call { function_index: 1 }",
    );
}

#[test]
fn an_instruction_is_another() {
    assert_eq!(
        caught("i32.const 100 i32.lt_s", "i32.const 100 i32.le_s",),
        "function 5: the condition of `If` at 0xa6 is not what it was in the original: a value that is in no local there, a value that is in no local here",
    );
}

#[test]
fn an_instruction_runs_twice() {
    assert_eq!(
        caught(
            "local.get 2 call $effect local.get 2 return",
            "local.get 2 call $effect local.get 2 call $effect local.get 2 return",
        ),
        "function 5: in the place of `End` at 0xd2 there is Call { function_index: 0 }",
    );
}

#[test]
fn a_result_is_another() {
    assert_eq!(
        caught("call $effect local.get 2 return", "call $effect local.get 0 return",),
        "function 5: site 0 (the call at 0x99): operand 0 of `End` at 0xd2 is not what it was in the original: that of local 2 there, that of local 0 here",
    );
}

#[test]
fn a_condition_is_inverted() {
    assert_eq!(
        caught("i32.lt_s i32.eqz br_if 1", "i32.lt_s br_if 1",),
        "function 5: in the place of `CallIndirect` at 0xae there is F64Store { memarg: MemArg { align: 3, max_align: 3, offset: 0, target: Memory(0), ordering: None } }",
    );
}

#[test]
fn the_wrong_function_is_called_again() {
    assert_eq!(
        caught(
            "i32.const 0 local.set 3 i32.const 0 call $deeper br 1",
            "i32.const 0 local.set 3 i32.const 0 call $suspend br 1",
        ),
        "function 5: site 0 (the call at 0x99): when it is rewound there is `Call` at 0xf6 in the place of `Call` at 0x99",
    );
}

#[test]
fn another_of_the_table_is_called_again() {
    assert_eq!(
        caught("i32.const 0 local.get 5 call_indirect", "i32.const 0 local.get 0 call_indirect",),
        "function 5: site 1 (the call at 0xae): when it is called again, operand 1 is not what it was: that of local 0",
    );
}

#[test]
fn what_begins_an_unwind_is_called_again_with_other_arguments() {
    assert_eq!(
        caught(
            "i32.const 0 local.set 3 local.get 4 call $suspend",
            "i32.const 0 local.set 3 local.get 0 call $suspend",
        ),
        "function 5: site 2 (the call at 0xc2): when it is called again, operand 0 is not what it was: the constant I32(0)",
    );
}

#[test]
fn an_operand_that_waits_is_lost() {
    assert_eq!(
        caught(
            "i32.load local.get 0 local.set 7 local.set 4 local.get 7",
            "i32.load local.get 0 local.set 7 local.tee 5 local.set 4 i32.const 0 local.set 4 local.get 7",
        ),
        "function 5: the condition of `If` at 0xa6 is not what it was in the original: a value that is in no local there, a value that is in no local here",
    );
}

#[test]
fn the_state_is_set() {
    assert_eq!(
        caught(
            "i32.const 0 local.set 2 i32.const 2 br 5",
            "i32.const 0 global.set 0 i32.const 2 br 5",
        ),
        "function 5: site 1 (the call at 0xae): the state is changed by a function that does not begin or end anything",
    );
}

#[test]
fn memory_of_others_is_written_while_it_unwinds() {
    assert_eq!(
        caught(
            "local.get 6 local.get 4 i32.store offset=20",
            "local.get 6 local.get 4 i32.store offset=20 local.get 4 local.get 4 i32.store",
        ),
        "function 5: site 0 (the call at 0x99): memory is accessed that is not a frame",
    );
}

#[test]
fn a_frame_is_written_to_beyond_its_end() {
    assert_eq!(
        caught("local.get 5 i32.store offset=24", "local.get 5 i32.store offset=28",),
        "function 5: site 0 (the call at 0x99): bytes 28 to 32 of a frame are written, and nothing says that there is room for them",
    );
}

#[test]
fn a_function_that_cannot_suspend_is_changed() {
    assert_eq!(
        caught(
            "call $asyncify_stop_rewind i32.const 16",
            "call $asyncify_stop_rewind i32.const 20",
        ),
        "function 3: it was changed, and cannot suspend",
    );
}

#[test]
fn an_unwind_begins_without_the_state() {
    assert_eq!(
        caught(
            "i32.const 1 global.set 0 local.get 0 global.set 1",
            "i32.const 2 global.set 0 local.get 0 global.set 1",
        ),
        "no function does what `asyncify.start_unwind` is to do",
    );
}

#[test]
fn the_end_of_a_rewind_does_not_look_for_an_overflow() {
    assert_eq!(
        caught(
            "(func $asyncify_stop_rewind (;5;) (type 2) i32.const 0 global.set 0 global.get 1 i32.load global.get 1 i32.load offset=4 i32.gt_u if unreachable end",
            "(func $asyncify_stop_rewind (;5;) (type 2) i32.const 0 global.set 0",
        ),
        "no function does what `asyncify.stop_rewind` is to do",
    );
}

#[test]
fn an_element_is_another() {
    assert_eq!(
        caught(
            "(elem (;0;) (i32.const 1) func $deeper)",
            "(elem (;0;) (i32.const 1) func $suspend)",
        ),
        "the elements are not what they were",
    );
}

/// What the checker says of a module with these instructions after a call, in a function that
/// nothing may be suspended through.
fn barrier(after: &str) -> Result<(), String> {
    let original = r#"(module
        (import "env" "f" (func $f)) (import "asyncify" "start_unwind" (func (param i32)))
        (memory 1) (func $panics (call $f)))"#;
    let instrumented = format!(
        r#"(module
            (import "env" "f" (func $f))
            (memory 1) (global $state (mut i32) (i32.const 0)) (global $data (mut i32) (i32.const 0))
            (func $panics (call $f) {after})
            (func (param i32)
              (global.set $state (i32.const 1)) (global.set $data (local.get 0))
              (if (i32.gt_u (i32.load (global.get $data)) (i32.load offset=4 (global.get $data)))
                (then (unreachable))))
            (func $ends (unreachable)))"#
    );
    let modules = [original, &instrumented].map(|text| wat::parse_str(text).unwrap());
    let barriers = [(2, crate::analysis::Barrier::Panic)].into();
    let sites = Sites { barriers, ..Sites::default() };
    check(&modules[0], &modules[1], &sites).map_err(|wrong| wrong.to_string())
}

#[test]
fn a_panic_stops_what_is_suspended_in_it() {
    let stops = "(if (i32.eq (global.get $state) (i32.const 1)) (then (call $ends)))";
    assert_eq!(barrier(stops), Ok(()));
    let runs_on = "function 2: nothing may be suspended through it, and there is `End` at 0x3c when \
                   something is";
    assert_eq!(barrier(""), Err(runs_on.to_owned()));
    let always = "function 2: what saves and restores frames does `Unreachable` while nothing is \
                  suspended, before `End` at 0x45";
    assert_eq!(barrier("(call $ends)"), Err(always.to_owned()));
}
