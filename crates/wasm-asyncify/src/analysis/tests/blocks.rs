//! The origin of function pointers, if it depends on the path that is taken.

use super::super::calls::Origin::{Any, Slot};
use super::through_of;

const SLOT_12: &str = "(local.set $x (i32.load offset=12 (local.get $p)))";
const SLOT_16: &str = "(local.set $x (i32.load offset=16 (local.get $p)))";
const CALL: &str = "(call_indirect (type $t) (local.get $x))";

#[test]
fn an_if_leaves_what_either_branch_does() {
    let branches = |then: &str, other: &str| {
        through_of(&format!("{SLOT_12} (if (call $g) (then {then}) (else {other})) {CALL}"))
    };
    assert_eq!(branches("", ""), [Slot(12)]);
    assert_eq!(branches(SLOT_12, SLOT_12), [Slot(12)]);
    assert_eq!(branches(SLOT_16, SLOT_16), [Slot(16)]);
    assert_eq!(branches(SLOT_16, ""), [Any]);
    assert_eq!(branches("", SLOT_16), [Any]);
    // The second branch begins with the state at the beginning of the first.
    assert_eq!(branches(SLOT_16, CALL), [Any, Slot(12)]);
    // A branch that does not reach the end.
    assert_eq!(branches(&format!("{SLOT_16} (return)"), ""), [Slot(12)]);
    assert_eq!(branches("", &format!("{SLOT_16} (unreachable)")), [Slot(12)]);
    let without_else = format!("{SLOT_12} (if (call $g) (then {SLOT_16})) {CALL}");
    assert_eq!(through_of(&without_else), [Any]);
}

#[test]
fn each_way_out_of_a_block_counts() {
    let block = |code: &str| through_of(&format!("{SLOT_12} (block (block {code})) {CALL}"));
    assert_eq!(block(SLOT_16), [Slot(16)]);
    assert_eq!(block(&format!("(br_if 0 (call $g)) {SLOT_16}")), [Any]);
    assert_eq!(block(&format!("(br_if 1 (call $g)) {SLOT_16}")), [Any]);
    assert_eq!(block(&format!("{SLOT_16} (br_if 0 (call $g))")), [Slot(16)]);
    assert_eq!(block(&format!("(br 0) {SLOT_16}")), [Slot(12)]);
    // Any target of a table, not only the last.
    let switch = |targets: &str| {
        through_of(&format!(
            "{SLOT_12} (block $c (block $b (block $a (br_table {targets} (call $g)))
               {SLOT_16} (br $c)) {SLOT_16}) {CALL}"
        ))
    };
    assert_eq!(switch("$a $b"), [Slot(16)]);
    assert_eq!(switch("$a $c"), [Any]);
    assert_eq!(switch("$c $a"), [Any]);
}

#[test]
fn what_follows_a_block_is_reached_if_something_leads_there() {
    assert_eq!(
        through_of(&format!("{SLOT_12} (block (br_if 0 (call $g)) (return)) {CALL}")),
        [Slot(12)]
    );
    assert_eq!(through_of(&format!("{SLOT_12} (block (return)) {CALL}")), []);
    assert_eq!(through_of(&format!("{SLOT_12} (loop (br 0)) {CALL}")), []);
}

#[test]
fn the_result_of_a_block_is_unknown() {
    for block in ["(block (result i32)", "(loop (result i32)", "(if (result i32) (call $g) (then"] {
        let end = if block.starts_with("(if") { ") (else (i32.const 2)))" } else { ")" };
        let value = "(i32.load offset=12 (local.get $p))";
        let code = format!("(call_indirect (type $t) {block} {value} {end})");
        assert_eq!(through_of(&code), [Any], "{block}");
        // The same for an address.
        let code = format!("(call_indirect (type $t) (i32.load {block} (local.get $p) {end}))");
        assert_eq!(through_of(&code), [Any], "{block}");
    }
    // The same for the block's parameter. Operands below it do not change.
    let code = "(i32.load offset=12 (local.get $p)) (local.get $q)
        (block (param i32) (call_indirect (type $t))) (call_indirect (type $t))";
    assert_eq!(through_of(code), [Any, Slot(12)]);
}

#[test]
fn a_loop_may_begin_with_what_it_ended_with() {
    let repeated =
        |code: &str| through_of(&format!("{SLOT_12} (loop {CALL} {code} (br_if 0 (call $g)))"));
    assert_eq!(repeated(""), [Slot(12)]);
    // This takes a second pass.
    assert_eq!(repeated(SLOT_12), [Slot(12)]);
    assert_eq!(repeated(SLOT_16), [Any]);
    assert_eq!(repeated("(local.set $x (call $g))"), [Any]);
    // Values that come back on another path, and from an inner loop.
    assert_eq!(repeated(&format!("{SLOT_16} (br_if 0 (call $g)) {SLOT_12}")), [Any]);
    assert_eq!(repeated(&format!("(loop {SLOT_16} (br_if 1 (call $g)) {SLOT_12})")), [Any]);
    assert_eq!(repeated(&format!("(loop {SLOT_16} (br_if 0 (call $g)))")), [Any]);
    assert_eq!(
        repeated(&format!("{SLOT_16} (if (call $g) (then (return))) {SLOT_12}")),
        [Slot(12)]
    );
    // The loop only exits; or it exits and never repeats.
    let once = format!("{SLOT_12} (loop {CALL} {SLOT_16}) {CALL}");
    assert_eq!(through_of(&once), [Slot(12), Slot(16)]);
    // A pointer that moves through a table of pointers.
    let moving = "(loop (call_indirect (type $t) (i32.load offset=12 (local.get $p)))
        (local.set $p (i32.add (local.get $p) (i32.const 4))) (br_if 0 (call $g)))";
    assert_eq!(through_of(moving), [Any]);
}

#[test]
fn two_loops_are_not_taken_for_each_other() {
    let first = format!("{SLOT_12} (loop (loop) {CALL} {SLOT_16} (br_if 0 (call $g)))");
    assert_eq!(through_of(&first), [Any]);
    let second = format!("{SLOT_12} (loop (br_if 0 (call $g))) (loop {CALL} {SLOT_16} (br 0))");
    assert_eq!(through_of(&second), [Any]);
}

#[test]
fn nothing_is_known_where_an_exception_is_caught() {
    let caught = |code: &str| through_of(&format!("{SLOT_12} {code}"));
    assert_eq!(caught(&format!("try {SLOT_16} (drop (call $g)) catch_all {CALL} end")), [Any]);
    assert_eq!(caught(&format!("try {SLOT_16} catch $tag {CALL} end")), [Any]);
    assert_eq!(caught(&format!("try {SLOT_16} catch_all return end {CALL}")), [Slot(16)]);
    assert_eq!(caught(&format!("try {SLOT_16} delegate 0 {CALL}")), [Slot(16)]);
    // The handler is reached only by catching.
    let thrown = "(try_table (catch_all 0) (throw $tag))";
    assert_eq!(caught(&format!("(block {thrown} (return)) {CALL}")), [Any]);
    let thrown = format!("(try_table (catch $tag 0) {SLOT_16} (drop (call $g)))");
    assert_eq!(caught(&format!("(block {thrown} {SLOT_16}) {CALL}")), [Any]);
    assert_eq!(caught(&format!("(loop {CALL} (try_table (catch $tag 0) {SLOT_16}))")), [Any]);
}
