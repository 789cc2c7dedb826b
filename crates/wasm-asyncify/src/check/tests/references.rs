//! Errors in how references are kept and taken back.

use super::{SuspendPlan, check, words};
use crate::module::FunctionIndex;

const ORIGINAL: &str = r#"(module
    (type (func (param i32))) (type (func (param externref externref funcref))) (type (func))
    (type (func (param externref externref)))
    (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
    (import "env" "see" (func $see (param externref externref funcref)))
    (memory 1)
    (table $own 1 externref)
    (func $suspend (call $start_unwind (i32.const 8)))
    (func $waits (param externref externref) (local funcref)
      call $suspend local.get 0 local.get 1 local.get 2 call $see))"#;

const INSTRUMENTED: &str = r#"(module
    (type (func (param i32))) (type (func (param externref externref funcref))) (type (func))
    (type (func (param externref externref)))
    (import "env" "see" (func $see (param externref externref funcref)))
    (memory 1)
    (table $own 1 externref)
    (table $externs 16 externref)
    (table $functions 16 funcref)
    (global $state (mut i32) i32.const 0)
    (global $data (mut i32) i32.const 0)
    (global $externs_live (mut i32) i32.const 0)
    (global $externs_next (mut i32) i32.const 1)
    (global $functions_live (mut i32) i32.const 0)
    (global $functions_next (mut i32) i32.const 1)
    (func $start_unwind (param i32)
      i32.const 1 global.set $state local.get 0 global.set $data
      global.get $data i32.load global.get $data i32.load offset=4 i32.gt_u
      if unreachable end)
    (func $push (param i32) (result i32) (local i32)
      global.get $data global.get $data i32.load local.tee 1 local.get 0 i32.add i32.store
      local.get 1 i32.const 0
      global.get $data i32.load global.get $data i32.load offset=4 i32.gt_u i32.eqz select)
    (func $pop (param i32) (result i32) (local i32)
      global.get $data global.get $data i32.load local.get 0 i32.sub local.tee 1 i32.store
      local.get 1)
    (func $take_extern (param i32) (result externref)
      local.get 0
      if
        local.get 0 table.get $externs ref.is_null if unreachable end
        global.get $externs_live i32.const 1 i32.sub global.set $externs_live
      end
      local.get 0 table.get $externs local.get 0 ref.null extern table.set $externs)
    (func $keep_extern (param externref) (result i32)
      local.get 0 ref.is_null if i32.const 0 return end
      global.get $externs_live i32.const 1 i32.add global.set $externs_live
      table.size $externs global.get $externs_live i32.const 1 i32.shl i32.lt_u
      if
        table.size $externs global.set $externs_next
        ref.null extern table.size $externs table.grow $externs i32.const -1 i32.eq
        if unreachable end
      end
      loop
        global.get $externs_next table.size $externs i32.ge_u
        if i32.const 1 global.set $externs_next end
        global.get $externs_next table.get $externs ref.is_null i32.eqz
        if
          global.get $externs_next i32.const 1 i32.add global.set $externs_next
          br 1
        end
      end
      global.get $externs_next local.get 0 table.set $externs global.get $externs_next
      global.get $externs_next i32.const 1 i32.add global.set $externs_next)
    (func $take_function (param i32) (result funcref)
      local.get 0
      if
        local.get 0 table.get $functions ref.is_null if unreachable end
        global.get $functions_live i32.const 1 i32.sub global.set $functions_live
      end
      local.get 0 table.get $functions local.get 0 ref.null func table.set $functions)
    (func $keep_function (param funcref) (result i32)
      local.get 0 ref.is_null if i32.const 0 return end
      global.get $functions_live i32.const 1 i32.add global.set $functions_live
      table.size $functions global.get $functions_live i32.const 1 i32.shl i32.lt_u
      if
        table.size $functions global.set $functions_next
        ref.null func table.size $functions table.grow $functions i32.const -1 i32.eq
        if unreachable end
      end
      loop
        global.get $functions_next table.size $functions i32.ge_u
        if i32.const 1 global.set $functions_next end
        global.get $functions_next table.get $functions ref.is_null i32.eqz
        if
          global.get $functions_next i32.const 1 i32.add global.set $functions_next
          br 1
        end
      end
      global.get $functions_next local.get 0 table.set $functions global.get $functions_next
      global.get $functions_next i32.const 1 i32.add global.set $functions_next)
    (func $suspend (call $start_unwind (i32.const 8)))
    (func $waits (param externref externref) (local funcref i32)
      block
        block
          global.get $state
          if
            i32.const 12 call $pop local.set 3
            local.get 3 i32.load call $take_extern local.set 0
            local.get 3 i32.load offset=4 call $take_extern local.set 1
            local.get 3 i32.load offset=8 call $take_function local.set 2
            call $suspend
            br 1
          end
          call $suspend
        end
        global.get $state
        if br 1 end
        local.get 0 local.get 1 local.get 2 call $see
        return
      end
      i32.const 12 call $push local.tee 3
      if
        local.get 3 local.get 0 call $keep_extern i32.store
        local.get 3 local.get 1 call $keep_extern i32.store offset=4
        local.get 3 local.get 2 call $keep_function i32.store offset=8
      end))"#;

fn checked(instrumented: &str) -> Result<(), String> {
    let [original, instrumented] = [ORIGINAL, instrumented].map(|it| wat::parse_str(it).unwrap());
    let plan = SuspendPlan {
        functions: [FunctionIndex(3)].into(),
        topmost: [FunctionIndex(2)].into(),
        ..SuspendPlan::default()
    };
    check(&original, &instrumented, &plan).map_err(|wrong| wrong.to_string())
}

#[test]
fn what_is_right_is_accepted() {
    checked(INSTRUMENTED).unwrap();
}

/// Checks the error if this text, which occurs once, is changed.
#[track_caller]
fn caught(from: &str, to: &str, expected: &str) {
    let text = words(INSTRUMENTED);
    assert_eq!(text.matches(from).count(), 1, "this is not there once: {from}");
    assert_eq!(checked(&text.replacen(from, to, 1)), Err(expected.to_owned()));
}

const NOT_IN_TABLE_1: &str =
    "table 1 was added, and no functions keep references in it and take them back";

#[test]
fn a_reference_is_not_kept() {
    caught(
        "local.get 0 call $keep_extern i32.store",
        "i32.const 0 i32.store",
        "function 3: site 0 (the call at 0x60): a reference is taken that is not kept there",
    );
    caught(
        "local.get 0 call $keep_extern i32.store",
        "i32.const 0 i32.store local.get 0 call $keep_extern drop",
        "function 3: site 0 (the call at 0x60): a reference is kept, and its frame does not say where",
    );
}

#[test]
fn another_is_kept() {
    caught(
        "local.get 1 call $keep_extern",
        "local.get 0 call $keep_extern",
        "function 3: site 0 (the call at 0x60): operand 1 of `Call` at 0x68 is not what it was in the original: that of local 1 there, that of local 1 here",
    );
    caught(
        "local.get 1 call $keep_extern",
        "ref.null extern call $keep_extern",
        "function 3: site 0 (the call at 0x60): operand 1 of `Call` at 0x68 is not what it was in the original: that of local 1 there, that of local 1 here",
    );
}

#[test]
fn two_are_swapped() {
    caught(
        "i32.load call $take_extern local.set 0 local.get 3 i32.load offset=4 call $take_extern local.set 1",
        "i32.load call $take_extern local.set 1 local.get 3 i32.load offset=4 call $take_extern local.set 0",
        "function 3: site 0 (the call at 0x60): operand 0 of `Call` at 0x68 is not what it was in the original: that of local 0 there, that of local 0 here",
    );
}

#[test]
fn one_is_not_taken_back() {
    caught(
        "i32.load offset=4 call $take_extern local.set 1",
        "drop ref.null extern local.set 1",
        "function 3: site 0 (the call at 0x60): when it is called again a reference is not taken back",
    );
    caught(
        "i32.load offset=4 call $take_extern local.set 1",
        "drop",
        "function 3: site 0 (the call at 0x60): when it is called again a reference is not taken back",
    );
}

#[test]
fn one_is_taken_twice() {
    caught(
        "local.get 3 i32.load offset=4 call $take_extern local.set 1",
        "local.get 3 i32.load call $take_extern local.set 1",
        "function 3: site 0 (the call at 0x60): a reference is taken that is not kept there",
    );
}

#[test]
fn it_is_taken_from_another_table() {
    caught(
        "i32.load offset=4 call $take_extern local.set 1 local.get 3 i32.load offset=8 call $take_function",
        "i32.load offset=8 call $take_extern local.set 1 local.get 3 i32.load offset=4 call $take_function",
        "function 3: site 0 (the call at 0x60): a reference is taken that is not kept there",
    );
}

#[test]
fn it_is_kept_where_there_is_no_frame() {
    caught(
        "i32.const 12 call $push local.tee 3",
        "local.get 0 call $keep_extern drop i32.const 12 call $push local.tee 3",
        "function 3: site 0 (the call at 0x60): a reference is kept, and its frame does not say where",
    );
}

#[test]
fn it_is_kept_while_it_is_rewound() {
    caught(
        "i32.const 12 call $pop local.set 3",
        "i32.const 12 call $pop local.set 3 local.get 0 call $keep_extern drop",
        "function 3: site 0 (the call at 0x60): a reference is kept while it is rewound",
    );
}

#[test]
fn a_table_is_used_while_nothing_is_suspended() {
    caught(
        "call $see return",
        "call $see i32.const 1 ref.null extern table.set $externs return",
        "function 3: in the place of `End` at 0x6a there is TableSet { table: 1 }",
    );
    caught(
        "call $see return",
        "call $see i32.const 1 global.set $externs_next return",
        "function 3: in the place of `End` at 0x6a there is GlobalSet { global_index: 3 }",
    );
    caught(
        "call $see return",
        "call $see ref.null extern call $keep_extern drop return",
        "function 3: in the place of `End` at 0x6a there is Call { function_index: 5 }",
    );
}

#[test]
fn a_null_is_lost() {
    caught(
        "local.get 0 ref.is_null if i32.const 0 return end global.get $externs_live",
        "global.get $externs_live",
        NOT_IN_TABLE_1,
    );
}

#[test]
fn a_table_is_not_looked_through_well() {
    for (from, to) in [
        // Place 0 would not be null.
        ("i32.const 1 global.set $externs_next end", "i32.const 0 global.set $externs_next end"),
        // The search would not end.
        (
            "global.get $externs_live i32.const 1 i32.shl",
            "global.get $externs_live i32.const 0 i32.shl",
        ),
        // A reference would be overwritten.
        (
            "global.get $externs_next table.get $externs ref.is_null i32.eqz",
            "global.get $externs_next table.get $externs ref.is_null",
        ),
        // The reference would be in no place.
        (
            "ref.null extern table.size $externs table.grow $externs i32.const -1 i32.eq if unreachable end",
            "ref.null extern table.size $externs table.grow $externs drop",
        ),
        // The table would keep the reference alive.
        ("local.get 0 ref.null extern table.set $externs)", ")"),
        // A reference that was already taken would be null.
        (
            "table.get $externs ref.is_null if unreachable end global",
            "table.get $externs drop global",
        ),
    ] {
        caught(from, to, NOT_IN_TABLE_1);
    }
}

#[test]
fn a_table_is_of_others_too() {
    let table = "(table $externs 16 externref)";
    caught(
        table,
        &format!("{table} (table $more 16 externref)"),
        "table 2 was added, and no functions keep references in it and take them back",
    );
    let globals = "(global $functions_live (mut i32) i32.const 0)";
    caught(
        globals,
        "(global $functions_live (mut i32) i32.const 1)",
        "table 2 was added, and it does not begin empty",
    );
    caught(
        "(global $externs_next (mut i32) i32.const 1)",
        "(global $externs_next (mut i32) i32.const 0)",
        "table 1 was added, and it does not begin empty",
    );
    let text = words(INSTRUMENTED);
    for (from, to, expected) in [
        ("$externs ", "$own ", NOT_IN_TABLE_1),
        (
            "$functions_live",
            "$externs_live",
            "table 2 was added, and its globals are of others, too",
        ),
    ] {
        let code = text.find("(func $take_extern").unwrap();
        let changed = format!("{}{}", &text[..code], text[code..].replace(from, to));
        assert_eq!(checked(&changed), Err(expected.to_owned()));
    }
}
