//! Errors in code that does not serve to suspend, and in the code between a call and its test.

use super::caught;

#[test]
fn code_runs_between_a_call_and_its_test() {
    assert_eq!(
        caught(
            "call $effect br 2 end local.get 0 local.get 1 f64.store local.get 2 local.tee 4 call $suspend end",
            "call $effect br 2 end local.get 0 local.get 1 f64.store local.get 2 local.tee 4 call $suspend end i32.const 0 call $effect",
        ),
        "function 5: site 2 (the call at 0xc2): there is `Call` at 0x22c while it unwinds",
    );
}

#[test]
fn an_instruction_is_moved_before_the_test() {
    assert_eq!(
        caught(
            "call $suspend end global.get 0 if br 1 end i32.const 3 i32.mul return",
            "call $suspend end i32.const 3 i32.div_u global.get 0 if br 1 end return",
        ),
        "function 4: site 0 (the call at 0x88): there is `I32DivU` at 0x100 while it unwinds",
    );
}

#[test]
fn an_instruction_is_dropped() {
    assert_eq!(
        caught("local.get 0 local.get 1 f64.store", "",),
        "function 5: in the place of `F64Store` at 0xbd there is Call { function_index: 5 }",
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
        "function 5: site 0 (the call at 0x99): when it is rewound there is `Call` at 0x161 in the place of `Call` at 0x99",
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
            "(func $asyncify_stop_rewind (;2;) (type 2) i32.const 0 global.set 0 global.get 1 i32.load global.get 1 i32.load offset=4 i32.gt_u if unreachable end",
            "(func $asyncify_stop_rewind (;2;) (type 2) i32.const 0 global.set 0",
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
