//! Errors in what is saved and restored, and in the dispatch to a site.

use super::caught;

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
        "function 5: site 2 (the call at 0xc2): the test at 0x22f is of what is not known while it unwinds or rewinds",
    );
}

#[test]
fn a_test_is_inverted() {
    assert_eq!(
        caught("call $deeper end global.get 0 if", "call $deeper end global.get 0 i32.eqz if",),
        "function 5: site 0 (the call at 0x99): the test at 0x1ea is of what is not known while it unwinds or rewinds",
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
        "function 5: site 1 (the call at 0xae): when it is rewound there is `BrTable` at 0x155 in the place of `CallIndirect` at 0xae",
    );
}

#[test]
fn a_rewind_goes_to_another_site() {
    assert_eq!(
        caught("br_table 0 1 end", "br_table 1 0 end",),
        "function 5: site 1 (the call at 0xae): when it is rewound there is `Call` at 0x1dd in the place of `CallIndirect` at 0xae",
    );
}

#[test]
fn the_number_of_a_site_is_another() {
    assert_eq!(
        caught("local.set 5 i32.const 3 br 3", "local.set 5 i32.const 2 br 3",),
        "function 5: site 2 (the call at 0xc2): when it is rewound there is `CallIndirect` at 0x1d1 in the place of `Call` at 0xc2",
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
        "function 5: site 0 (the call at 0x99): when it is rewound there is `BrTable` at 0x155 in the place of `Call` at 0x99",
    );
}

#[test]
fn a_frame_is_popped_in_another_size() {
    assert_eq!(
        caught(
            "i32.const 28 call $asyncify_pop local.set 6",
            "i32.const 24 call $asyncify_pop local.set 6",
        ),
        "function 5: site 0 (the call at 0x99): when it is rewound there is `BrTable` at 0x155 in the place of `Call` at 0x99",
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
