//! What a debug build tells debuggers is true.

use std::collections::BTreeSet;

use cargo_bysyncify::Recipe;
use wasm_asyncify::Compact;

use crate::lines::{Call, assert_well_formed, calls};
use crate::{DEBUG, Profile, compile, made};

#[test]
fn each_call_is_of_the_line_that_it_was_of() {
    // Without an optimisation there are few lists of ranges and locations.
    let of_4: &[_] = &["-Cdebug-assertions", "-g"];
    let of_5: &[_] = &["-g", "-Copt-level=1", "-Cdwarf-version=5"];
    let forms = [Compact::None, Compact::ByTypeOnly, Compact::All];
    for (rustc, compact) in forms.into_iter().flat_map(|form| [(of_4, form), (of_5, form)]) {
        let compiled = compile("host_boundary", Profile { rustc, ..DEBUG });
        let before = calls(&compiled);
        let locations = assert_well_formed(&compiled);
        assert!(locations > 100 || rustc == of_4, "{locations}");
        let recipe = Recipe { checks: true, compact, debug_info: true, ..Recipe::default() };
        let made = made(&compiled, &recipe);
        assert_eq!(assert_well_formed(&made), locations);
        let after = calls(&made);
        // What was added comes first, and last what the guards need.
        let first = after.iter().position(|(name, _)| *name == before[0].0).unwrap();
        let mut compared = 0;
        for ((name, before), (new_name, after)) in before.iter().zip(&after[first..]) {
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
        assert!(compared > 1000, "{compared}");
    }
}

/// A call may be there twice. Then it is of the same line.
fn assert_none_is_elsewhere(name: &str, before: &[Call], after: &[Call]) {
    let callees: BTreeSet<_> = before.iter().map(|call| &call.callee).collect();
    for call in after.iter().filter(|call| callees.contains(&call.callee)) {
        assert!(before.contains(call), "{name}: {call:?} is new");
    }
}
