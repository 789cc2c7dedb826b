//! The checker accepts what is right and finds what is wrong: in a module that was instrumented, and then
//! changed by hand. How it was instrumented does not matter, so it is kept as text.

use std::collections::BTreeSet;

use wasmparser::{Validator, WasmFeatures};

use super::*;
use crate::module::FunctionIndex;

mod arrival;
mod code;
mod flat;
mod frames;
mod memories;
mod only_frame;
mod put_aside;
mod references;
mod thrown;

const ORIGINAL: &str = include_str!("tests/original.wat");
const INSTRUMENTED: &str = include_str!("tests/instrumented.wat");

fn plan() -> SuspendPlan {
    SuspendPlan {
        functions: [4, 5].map(FunctionIndex).into(),
        topmost: [FunctionIndex(3)].into(),
        indirect: [(FunctionIndex(4), BTreeSet::new()), (FunctionIndex(5), [0].into())].into(),
        ..SuspendPlan::default()
    }
}

fn checked(instrumented: &str) -> Result<(), Failure<Wrong>> {
    let (original, instrumented) =
        (wat::parse_str(ORIGINAL).unwrap(), wat::parse_str(instrumented).unwrap());
    let valid = Validator::new_with_features(WasmFeatures::all()).validate_all(&instrumented);
    valid.expect("a change leaves the module valid, or everybody would notice");
    check(&original, &instrumented, &plan())
}

/// A module and its instrumented form. Functions 5 to 7 are resumed one by one; 4 is the topmost function.
struct OneByOne {
    original: &'static str,
    instrumented: &'static str,
}

impl OneByOne {
    /// Checks this instead of the instrumented form.
    fn check(&self, instrumented: &str) -> Result<(), String> {
        let (original, instrumented) =
            (wat::parse_str(self.original).unwrap(), wat::parse_str(instrumented).unwrap());
        let plan = SuspendPlan {
            functions: [5, 6, 7].map(FunctionIndex).into(),
            topmost: [FunctionIndex(4)].into(),
            flat: true,
            ..SuspendPlan::default()
        };
        check(&original, &instrumented, &plan).map_err(|failure| failure.to_string())
    }

    /// The error if this text, which occurs once, is changed.
    #[track_caller]
    fn caught(&self, from: &str, to: &str) -> String {
        let text = words(self.instrumented);
        assert_eq!(text.matches(from).count(), 1, "this is not there once: {from}");
        self.check(&text.replacen(from, to, 1)).expect_err("it is wrong now")
    }
}

/// A text without comments, on one line.
fn words(text: &str) -> String {
    let lines = text.lines().map(|line| line.split(";; ").next().unwrap_or_default());
    lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

/// The error if this text, which occurs once, is changed.
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

/// The result of the check for a function that nothing may be suspended through, with these instructions after
/// its call.
fn barrier(after: &str) -> Result<(), String> {
    let original = r#"(module
        (import "env" "f" (func $f)) (import "asyncify" "start_unwind" (func (param i32)))
        (memory 1) (func $panics (call $f)))"#;
    let instrumented = format!(
        r#"(module
            (import "env" "f" (func $f))
            (memory 1) (global $state (mut i32) (i32.const 0)) (global $data (mut i32) (i32.const 0))
            (func (param i32)
              (global.set $state (i32.const 1)) (global.set $data (local.get 0))
              (if (i32.gt_u (i32.load (global.get $data)) (i32.load offset=4 (global.get $data)))
                (then (unreachable))))
            (func $ends (unreachable))
            (func $panics (call $f) {after}))"#
    );
    let modules = [original, &instrumented].map(|text| wat::parse_str(text).unwrap());
    let barriers = [(FunctionIndex(2), crate::analysis::CheckedBarrier::Panic)].into();
    let plan = SuspendPlan { barriers, ..SuspendPlan::default() };
    check(&modules[0], &modules[1], &plan).map_err(|wrong| wrong.to_string())
}

#[test]
fn a_panic_stops_what_is_suspended_in_it() {
    let stops = "(if (i32.eq (global.get $state) (i32.const 1)) (then (call $ends)))";
    assert_eq!(barrier(stops), Ok(()));
    let runs_on = "function 2: nothing may be suspended through it, and there is `End` at 0x5a when \
                   something is";
    assert_eq!(barrier(""), Err(runs_on.to_owned()));
    let always = "function 2: what saves and restores frames does `Unreachable` while nothing is \
                  suspended, before `End` at 0x45";
    assert_eq!(barrier("(call $ends)"), Err(always.to_owned()));
}
