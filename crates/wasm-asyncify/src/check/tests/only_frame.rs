//! Errors in a function that takes its frame itself if no other is saved.

use super::{SuspendPlan, check, words};
use crate::debug::Trail;
use crate::instrument::instrument;
use crate::module::FunctionIndex;

/// A program with our switch: `$entry` waits, and so does `$other`. Frames of both have 12 bytes.
const ORIGINAL: &str = r#"(module
    (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
    (import "asyncify" "start_rewind" (func $start_rewind (param i32)))
    (memory 1)
    (table 3 3 funcref)
    (elem (i32.const 1) func $entry $other)
    (global $bysyncify_stack_limit (mut i32) (i32.const 0))
    (global $bysyncify_stack_reserve (mut i32) (i32.const 0))
    (func $suspend (param i32) (call $start_unwind (i32.const 16)))
    (func $entry (param i32 f32) (result i32)
      (call $suspend (i32.eqz (local.get 0))) (i32.add (local.get 0) (i32.const 1)))
    (func $other (param i32 f32) (result i32)
      (call $suspend (i32.eqz (local.get 0))) (i32.sub (local.get 0) (i32.const 1)))
    (func $bysyncify_resume
      (call $start_rewind (i32.const 16))
      (drop (call_indirect (param i32 f32) (result i32)
        (i32.const 0) (f32.const 0) (i32.const 1)))))"#;

const BEGINNING: &str = "a rewind that begins in it does not resume what is suspended";
const TAKEN: &str = "when its frame is the only one it is not taken rightly";

struct Case {
    plan: SuspendPlan,
    original: Vec<u8>,
    instrumented: String,
}

impl Case {
    /// A program in fast form, or in compact form.
    fn new(original: &str, is_compact: bool) -> Self {
        let original = wat::parse_str(original).unwrap();
        let by_type_only = if is_compact { [3, 4].map(FunctionIndex).into() } else { [].into() };
        let plan = SuspendPlan {
            functions: [3, 4].map(FunctionIndex).into(),
            topmost: [FunctionIndex(2)].into(),
            flat: true,
            by_type_only,
            ..SuspendPlan::default()
        };
        let instrumented = instrument(&original, &plan, &mut Trail::default()).unwrap();
        check(&original, &instrumented, &plan).unwrap();
        let instrumented = words(&wasmprinter::print_bytes(instrumented).unwrap());
        let without_depths = instrumented.split(' ').filter(|word| !word.starts_with("(;@"));
        let instrumented = without_depths.collect::<Vec<_>>().join(" ");
        Self { plan, original, instrumented }
    }

    /// The error if this text, which occurs once in `$entry`, is changed.
    #[track_caller]
    fn caught(&self, from: &str, to: &str) -> String {
        let (before, rest) = self.instrumented.split_once("(func $entry").unwrap();
        let (entry, after) = rest.split_once("(func $other").unwrap();
        assert_eq!(entry.matches(from).count(), 1, "this is not there once: {from}: {entry}");
        let entry = entry.replacen(from, to, 1);
        let changed = wat::parse_str(format!("{before}(func $entry{entry}(func $other{after}"));
        let wrong = check(&self.original, &changed.unwrap(), &self.plan);
        let wrong = wrong.expect_err("it is wrong now").to_string();
        let of_entry = wrong.strip_prefix("function 3: ").unwrap_or_else(|| panic!("{wrong}"));
        of_entry.split_once("): ").map_or(of_entry, |(_, of_site)| of_site).to_owned()
    }

    /// The instruction that reads the address of the frame in this form.
    fn frame(&self) -> &'static str {
        match self.instrumented.contains("local.tee 3 i32.const 12 i32.add") {
            true => "local.get 3",
            false => "global.get $asyncify_frame",
        }
    }
}

fn both_forms() -> [Case; 2] {
    [false, true].map(|is_compact| Case::new(ORIGINAL, is_compact))
}

#[test]
fn a_frame_that_is_not_the_only_one_is_left_to_the_dispatcher() {
    for case in both_forms() {
        let frame = case.frame();
        // It does not test where the segment ends, or tests for another size or another end.
        let ends = "i32.const 12 i32.add global.get $asyncify_data i32.load i32.eq i32.eqz br_if 0";
        for instead in [
            "drop".to_owned(),
            ends.replace("12", "8"),
            ends.replace("i32.load", "i32.load offset=4"),
            ends.replace(" i32.eqz", ""),
            ends.replace("i32.eq ", "i32.ge_u "),
            ends.replace("br_if 0", "drop"),
        ] {
            assert_eq!(case.caught(ends, &instead), BEGINNING, "{instead}");
        }
        // It does not test the number, or tests for that of the other function.
        let number = format!("{frame} i32.load i32.const 0 i32.ne br_if 0");
        for instead in [
            String::new(),
            number.replace("i32.const 0", "i32.const 1"),
            number.replace("i32.ne", "i32.eq"),
            number.replace("i32.load", "i32.load offset=4"),
            number.replace("br_if 0", "drop"),
        ] {
            assert_eq!(case.caught(&number, &instead), BEGINNING, "{instead}");
        }
        // It looks for the segment elsewhere, or for a frame that is not where the segment begins.
        let newest = "i32.const 4 i32.sub i32.load";
        assert_eq!(case.caught(newest, "i32.const 8 i32.sub i32.load"), BEGINNING);
        assert_eq!(case.caught(newest, &format!("{newest} i32.const 4 i32.add")), BEGINNING);
        // It pops something before that is known.
        let set = frame.replace("get", "set");
        let found = match frame {
            "local.get 3" => "local.tee 3".to_owned(),
            _ => format!("{set} {frame}"),
        };
        let gives_back = format!("{set} global.get $asyncify_data {frame} i32.store {frame}");
        let asks = "i32.const 12 i32.add global.get $asyncify_data i32.load i32.eq";
        let changed = format!("{gives_back} {asks}");
        assert_eq!(case.caught(&format!("{found} {asks}"), &changed), BEGINNING);
    }
}

#[test]
fn the_only_frame_is_taken_as_the_dispatcher_takes_it() {
    for case in both_forms() {
        let frame = case.frame();
        let start = format!("global.get $asyncify_data {frame} i32.store");
        let left = |bytes| format!("when it is called again {bytes} bytes of its frame are left");
        assert_eq!(case.caught(&start, ""), left(12));
        let behind = format!("global.get $asyncify_data {frame} i32.const 4 i32.add i32.store");
        assert_eq!(case.caught(&start, &behind), left(4));
        // It does not lower the limit, or lowers it to a wrong address.
        let lowers =
            "global.get $bysyncify_stack_reserve i32.add global.set $bysyncify_stack_limit";
        for instead in [
            "drop".to_owned(),
            format!("i32.const 4 i32.add {lowers}"),
            "global.set $bysyncify_stack_limit".to_owned(),
            lowers.replace("i32.add", "i32.sub"),
        ] {
            assert_eq!(case.caught(lowers, &instead), TAKEN, "{instead}");
        }
        // It restores another word, or calls the dispatcher nevertheless.
        let set = frame.replace("get", "set");
        let behind = format!("{frame} i32.const 4 i32.add {set}");
        let restored = case.caught(&behind, "");
        let (what, _) = restored.split_once(": ").unwrap();
        assert_eq!(what, "when it is called again, operand 0 is not what it was");
        let state = "i32.const 3 global.set $asyncify_state br 1 end";
        let resumes = case.caught(state, "i32.const 3 global.set $asyncify_state end");
        let (what, _) = resumes.split_once(" at ").unwrap();
        assert_eq!(what, "when it is rewound there is `Call`");
    }
}

#[test]
fn where_the_dispatcher_lowers_no_limit_nobody_does() {
    let case = Case::new(&ORIGINAL.replace("$bysyncify_stack_limit", "$limit"), false);
    let state = "i32.const 3 global.set $asyncify_state";
    let found = case.caught(state, &format!("i32.const 0 global.set $limit {state}"));
    let (what, _) = found.split_once(" at ").unwrap();
    assert_eq!(what, "when it is rewound there is `GlobalSet`");
}
