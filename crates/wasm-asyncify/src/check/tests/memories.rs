//! Errors in the place of frames, and in the exports of globals.

use super::*;
use crate::debug::Trail;
use crate::instrument::instrument;
use crate::module::{FunctionIndex, GlobalIndex, MemoryIndex};

const ORIGINAL: &str = r#"(module
    (import "env" "sleep" (func (param i32) (result i32)))
    (import "env" "__asyncify_state" (global (mut i32)))
    (import "env" "__asyncify_data" (global (mut i32)))
    (memory 1) (memory 1)
    (global (mut i32) (i32.const 0))
    (func (param i32) (result i32)
        (i32.add (local.get 0) (call 0 (global.get 2)))))"#;

/// The error if this text of the instrumented module is changed everywhere.
#[track_caller]
fn said(plan: &SuspendPlan, from: &str, to: &str) -> Result<(), String> {
    let original = wat::parse_str(ORIGINAL).unwrap();
    let made = instrument(&original, plan, &mut Trail::default()).unwrap();
    let text = words(&wasmprinter::print_bytes(made).unwrap());
    assert!(from.is_empty() || text.contains(from), "this is not there: {from}");
    let changed = if from.is_empty() { text } else { text.replace(from, to) };
    let changed = wat::parse_str(changed).unwrap();
    let valid = Validator::new_with_features(WasmFeatures::all()).validate_all(&changed);
    valid.expect("a change leaves the module valid, or everybody would notice");
    check(&original, &changed, plan).map_err(|wrong| wrong.to_string())
}

fn plan() -> SuspendPlan {
    SuspendPlan {
        functions: [FunctionIndex(1)].into(),
        topmost: [FunctionIndex(0)].into(),
        for_host: true,
        indirect: [(FunctionIndex(1), BTreeSet::new())].into(),
        memory: MemoryIndex(1),
        ..SuspendPlan::default()
    }
}

#[test]
fn frames_are_in_no_other_memory() {
    assert_eq!(said(&plan(), "", ""), Ok(()));
    let elsewhere = "function 1: site 0 (the call at 0x6a): memory is accessed that is not a frame";
    assert_eq!(said(&plan(), "i32.store 1 offset=4", "i32.store offset=4"), Err(elsewhere.into()));
    let first = SuspendPlan { memory: MemoryIndex(0), ..plan() };
    assert_eq!(said(&first, "", ""), Ok(()));
}

#[test]
fn the_state_is_the_global_that_is_imported() {
    let imported = SuspendPlan { imported_globals: Some(GlobalIndex(0)), ..plan() };
    assert_eq!(said(&imported, "", ""), Ok(()));
    let set = |global: &str| format!("i32.const 1 global.set {global} local.get 0");
    assert_eq!(
        said(&imported, &set("0"), &set("2")),
        Err("the host does not find what it needs".to_owned())
    );
}

#[test]
fn others_find_the_globals() {
    let exported = SuspendPlan { exports_globals: true, ..plan() };
    assert_eq!(said(&exported, "", ""), Ok(()));
    let export = |global| format!(r#"(export "__asyncify_state" (global {global}))"#);
    let missing = Err("the host does not find what it needs".to_owned());
    assert_eq!(said(&exported, &export(3), &export(4)), missing);
    assert_eq!(said(&exported, &export(3), ""), missing);
}
