//! What a debug build tells debuggers is true.

use std::collections::BTreeSet;

use cargo_bysyncify::Recipe;
use wasm_asyncify::Compact;

use crate::lines::{Call, calls};
use crate::{DEBUG, Profile, compile, made};

#[test]
fn each_call_is_of_the_line_that_it_was_of() {
    let profile = Profile { rustc: &["-Cdebug-assertions", "-g"], ..DEBUG };
    let compiled = compile("host_boundary", profile);
    let before = calls(&compiled);
    for compact in [Compact::None, Compact::ByTypeOnly, Compact::All] {
        let recipe = Recipe { checks: true, compact, debug_info: true, ..Recipe::default() };
        let after = calls(&made(&compiled, &recipe));
        let mut compared = 0;
        for ((name, before), (new_name, after)) in before.iter().zip(&after) {
            assert_eq!(name, new_name);
            // These are ours.
            if name.starts_with("bysyncify_") {
                continue;
            }
            compared += before.iter().filter(|call| call.place.is_some()).count();
            let mut rest = after.iter();
            for call in before {
                assert!(rest.any(|other| other == call), "{name}: {call:?} is missing");
            }
            assert_none_is_elsewhere(name, before, after);
        }
        assert!(compared > 2000, "{compared}");
    }
}

/// A call may be there twice. Then it is of the same line.
fn assert_none_is_elsewhere(name: &str, before: &[Call], after: &[Call]) {
    let callees: BTreeSet<_> = before.iter().map(|call| &call.callee).collect();
    for call in after.iter().filter(|call| callees.contains(&call.callee)) {
        assert!(before.contains(call), "{name}: {call:?} is new");
    }
}
