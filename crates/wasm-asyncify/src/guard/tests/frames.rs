//! What `frames::read` finds in functions.

use wasmparser::{FunctionBody, Parser, Payload};

use crate::guard::frames::{Frame, read, scan};
use crate::module::{FunctionIndex, GlobalIndex};

/// Reads a function with one parameter, which has the stack pointer in its only local.
fn frame(code: &str) -> Frame {
    with_body(code, |body| read(body, 1, GlobalIndex(0)).unwrap())
}

/// The size of its frame, if branches are followed.
fn size(code: &str) -> Option<u64> {
    with_body(code, |body| scan(body, 1, GlobalIndex(0), true).unwrap().size)
}

fn with_body<T>(code: &str, read: impl Fn(&FunctionBody<'_>) -> T) -> T {
    let text = format!(
        "(module
           (tag $tag)
           (type $t (func))
           (table 1 funcref)
           (global $sp (mut i32) (i32.const 0))
           (func $f (param $n i32) (local $fp i32) {code}))"
    );
    let wasm = wat::parse_str(text).unwrap();
    let body = Parser::new(0).parse_all(&wasm).find_map(|payload| match payload.unwrap() {
        Payload::CodeSectionEntry(body) => Some(body),
        _ => None,
    });
    read(&body.unwrap())
}

const DOWN: &str = "global.get $sp i32.const 48 i32.sub local.tee $fp global.set $sp ";
const UP: &str = "local.get $fp i32.const 48 i32.add global.set $sp ";

#[track_caller]
fn assert_frame(code: &str, lowers: &[bool], size: Option<u64>) {
    let Frame { lowers: found, size: found_size, .. } = frame(code);
    assert_eq!((found.as_slice(), found_size), (lowers, size), "{code}");
}

#[test]
fn prologue_goes_down_and_epilogue_up() {
    assert_frame("", &[], Some(0));
    assert_frame(&format!("{DOWN} call $f {UP}"), &[true, false], Some(48));
    // Without optimisation constants are in locals, too.
    assert_frame(
        "(local i32 i32) global.get $sp local.set 2 i32.const 48 local.set 3 local.get 2 \
         local.get 3 i32.sub local.set $fp local.get $fp global.set $sp \
         (block local.get $fp i32.const 48 local.set 2 local.get 2 i32.add global.set $sp)",
        &[true, false],
        Some(48),
    );
    // The epilogue is in a block, in a loop, or after a branch; or a caught panic is thrown again.
    let within = [
        format!("(block {UP})"),
        format!("(loop {UP})"),
        format!("local.get 0 (if (then {UP}))"),
        "try call $f catch_all local.get $fp global.set $sp end".to_owned(),
    ];
    for code in within {
        assert_frame(&format!("{DOWN} {code}"), &[true, false], Some(48));
    }
}

#[test]
fn aligned_frame_may_be_larger() {
    let down = "global.get $sp local.tee $fp i32.const 48 i32.sub i32.const -64 i32.and \
                global.set $sp";
    assert_frame(&format!("{down} local.get $fp global.set $sp"), &[true, false], Some(111));
    // No alignment.
    let down = down.replace("-64", "-63");
    assert_frame(&down, &[true], None);
}

#[test]
fn what_is_not_known_may_be_anywhere() {
    let any = "local.get $n global.set $sp";
    assert_frame(any, &[true], None);
    let variable = "global.get $sp local.get $n i32.sub global.set $sp";
    assert_frame(variable, &[true], None);
    assert_frame(&format!("{DOWN} {variable} {UP}"), &[true, true, false], None);
    // On a path to here it may have been another value.
    let assigned = "local.get $n local.set $fp";
    let ways = [
        format!("{DOWN} (block {assigned}) {UP}"),
        format!("{DOWN} local.get 0 (if (then {assigned})) {UP}"),
        format!("{DOWN} local.get 0 (if (then {assigned}) (else {UP}))"),
        format!("{DOWN} try {assigned} call $f catch_all {UP} end"),
        format!("{DOWN} (loop {UP} {assigned} br 0)"),
        format!("{DOWN} (loop (block {UP}) (block (block {assigned}) br 1))"),
        format!("call $f {DOWN} {UP}"),
        format!("(loop {DOWN} br 0)"),
        // Half of the address space is no frame.
        "global.get $sp i32.const -2147483648 i32.sub global.set $sp".to_owned(),
    ];
    for code in ways {
        let Frame { size, .. } = frame(&code);
        assert_eq!(size, None, "{code}");
    }
}

#[test]
fn what_was_set_on_some_ways_only_was_not_set() {
    let down = format!("local.get 0 (if (then {DOWN}))");
    let again = "(local i32) global.get $sp local.tee 2 i32.const 48 i32.sub local.set 2";
    assert_frame(
        &format!("{again} {down} local.get 2 global.set $sp local.get 2 global.set $sp"),
        &[true, true, false],
        Some(48),
    );
}

#[test]
fn of_two_frames_the_larger_counts() {
    let more = "local.get $fp i32.const 100 i32.sub global.set $sp";
    assert_frame(&format!("{DOWN} {more} {UP}"), &[true, true, false], Some(148));
}

#[test]
fn what_is_called_before_the_prologue_is_called_early() {
    let early = |code: &str| {
        let Frame { early, .. } = frame(code);
        (early.direct.contains(&FunctionIndex(0)), early.indirect)
    };
    let indirect = "i32.const 0 call_indirect (type $t)";
    let call = "local.get 0 call $f";
    // Before the prologue, on a path around it, or in a loop's second iteration after it was skipped.
    for code in [
        format!("{call} {DOWN} {UP}"),
        format!("local.get 0 (if (then {DOWN} {UP})) {call}"),
        format!("local.get 0 (if (then {DOWN} {UP}) (else {call}))"),
        format!("(block local.get 0 br_if 0 {DOWN} {UP}) {call}"),
        format!("(loop {call} {DOWN} {UP} br 0)"),
        format!("try {DOWN} {UP} catch_all {call} end"),
        "local.get 0 return_call $f".to_owned(),
        // Whether that moved the pointer down is not known.
        format!("local.get $n global.set $sp {call}"),
        // No frame.
        call.to_owned(),
    ] {
        assert_eq!(early(&code), (true, false), "{code}");
    }
    // Where the pointer was moved down, it is within the limit, and so is its earlier value.
    for code in [
        format!("{DOWN} {call} {UP}"),
        format!("{DOWN} {UP} {call}"),
        format!("{DOWN} local.get 0 (if (then {call}) (else {UP})) {call}"),
        format!("{DOWN} (loop {call} {UP} br 0)"),
    ] {
        assert_eq!(early(&code), (false, false), "{code}");
    }
    assert_eq!(early(&format!("{indirect} {DOWN} {UP}")), (false, true));
    assert_eq!(early(&format!("{DOWN} {indirect} {UP} {call}")), (false, false));
    assert_eq!(early("i32.const 0 return_call_indirect (type $t)"), (false, true));
    assert_eq!(early("unreachable call_ref $t"), (false, true));
    assert_eq!(early("unreachable return_call_ref $t"), (false, true));
}

#[test]
fn locals_on_ways_that_do_not_return_do_not_matter_if_branches_are_followed() {
    let assigned = "local.get $n local.set $fp";
    let is_n = "local.get $n";
    for code in [
        format!("{DOWN} (block {is_n} br_if 0 {assigned} unreachable) {UP}"),
        format!("{DOWN} (block {is_n} br_if 0 (block {is_n} br_if 0 {assigned} return)) {UP}"),
        format!("{DOWN} {is_n} (if (then {assigned} unreachable)) {UP}"),
        format!("{DOWN} {is_n} (if (then {assigned} unreachable) (else)) {UP}"),
        format!("{DOWN} (block (block (block {is_n} br_table 1 0 1) {assigned} unreachable)) {UP}"),
        format!("{DOWN} (block (loop {is_n} br_if 1 br 0) {assigned}) {UP}"),
    ] {
        assert_eq!(frame(&code).size, None, "{code}");
        assert_eq!(size(&code), Some(48), "{code}");
    }
    for code in [
        format!("{DOWN} (block {assigned}) {UP}"),
        format!("{DOWN} (block {assigned} {is_n} br_if 0 unreachable) {UP}"),
        format!("{DOWN} (block {assigned} br 0) {UP}"),
        format!("{DOWN} (block (block {assigned} br 1)) {UP}"),
        format!("{DOWN} (block (block {assigned} {is_n} br_table 0 1) unreachable) {UP}"),
        format!("{DOWN} (block (block {assigned} {is_n} br_table 1 0) unreachable) {UP}"),
        format!("{DOWN} {is_n} (if (then {assigned}) (else unreachable)) {UP}"),
        format!("{DOWN} {is_n} (if (then unreachable) (else {assigned})) {UP}"),
        format!("{DOWN} {is_n} (if (then {assigned})) {UP}"),
        format!("{DOWN} (block {is_n} br_if 0 {assigned} {UP} unreachable) {UP}"),
        format!("{DOWN} (loop {UP} {assigned} br 0)"),
        format!("{DOWN} (block (loop {is_n} br_if 1 {assigned} br 0)) {UP}"),
    ] {
        assert_eq!(size(&code), None, "{code}");
    }
    let late = format!("(block {is_n} br_if 0 {DOWN} unreachable) {DOWN} {UP}");
    assert_eq!(size(&late), Some(48));
}
