//! The writes that are found in functions in text form.

use std::collections::BTreeSet;

use wasm_encoder::{DataSymbolDefinition, LinkingSection, Section, SymbolTable};
use wasmparser::SymbolFlags;

use super::*;
use crate::module::{FunctionIndex, ModuleInfo};

/// The module has a static of 8 bytes at 1024, whose state is at 1028; one of a single byte at 1040; the parts of
/// one at 1041 and 1042; and another symbol, at 1048. `$f` can be suspended in its calls of `$wait`.
fn found(locals: &str, code: &str) -> Result<BTreeMap<usize, Vec<Place>>, Failure<Lost>> {
    let mut wasm = wat::parse_str(format!(
        r#"(module
            (import "env" "wait" (func $wait))
            (import "env" "other" (func $other (param i32)))
            (import "env" "memset" (func $memset (param i32 i32 i32) (result i32)))
            (global $__tls_base (mut i32) (i32.const 0))
            (memory 1)
            (func $f (param $p i32) (local $x i32) {locals} {code})
            (data (i32.const 1024) "{}"))"#,
        "\\00".repeat(64)
    ))
    .unwrap();
    let mut symbols = SymbolTable::new();
    let base = format!("_ZN1a1A23{NAME}17h0123456789abcdefE");
    for (name, flags, offset, size) in [
        (base.clone(), 0, 0, 8),
        (base.replace("1A", "1B"), 0, 16, 1),
        (base.replace("1A", "1C") + ".0", 0, 17, 1),
        (base.replace("1A", "1C") + ".1", 0, 18, 1),
        ("_ZN1a5OTHER17h0123456789abcdefE".to_owned(), 0, 24, 8),
        (base.replace("1A", "1T"), SymbolFlags::TLS.bits(), 32, 8),
    ] {
        let data = DataSymbolDefinition { index: 0, offset, size };
        symbols.data(SymbolTable::WASM_SYM_BINDING_LOCAL | flags, &name, Some(data));
    }
    LinkingSection::new().symbol_table(&symbols).append_to(&mut wasm);
    let plan = SuspendPlan {
        functions: [FunctionIndex(3)].into(),
        topmost: [FunctionIndex(0)].into(),
        ..SuspendPlan::default()
    };
    Ok(find(&ModuleInfo::read(&wasm).unwrap(), &plan)?
        .remove(&FunctionIndex(3))
        .unwrap_or_default())
}

/// The states that are checked, once for each check.
#[track_caller]
fn states(code: &str) -> Vec<u64> {
    let found = found("(local $y i32)", code).unwrap();
    let places = found.into_values().flatten();
    places.map(|place| place.base.map_or(place.address, |_| 10_000 + place.address)).collect()
}

const LOOK: &str = "(i32.load8_u offset=1028 (i32.const 0))";
const WRITE: &str = "(i32.store8 offset=1028 (i32.const 0) (i32.const 1))
                     (i32.store offset=1024 (i32.const 0) (local.get $x))";
const NAME: &str = "__RUST_STD_INTERNAL_VAL";

#[test]
fn what_is_written_after_a_look_that_failed_and_a_wait_is_found() {
    let expected =
        found("", &format!("(block (br_if 0 (i32.eq {LOOK} (i32.const 1))) (call $wait) {WRITE})"));
    let state = Place { base: None, address: 1028 };
    // block, const, load, const, eq, br_if, call, const, const, store8
    assert_eq!(expected.unwrap(), BTreeMap::from([(9, vec![state])]));
}

#[test]
fn a_look_may_be_written_in_any_way() {
    for look in [
        "(br_if 0 (i32.eq LOOK (i32.const 1)))",
        "(br_if 0 (i32.eqz (i32.ne (i32.const 1) LOOK)))",
        "(br_if 0 (i32.eqz (i32.xor LOOK (i32.const 1))))",
        // As a bool.
        "(br_if 0 LOOK)",
        "(br_if 0 (i32.and LOOK (i32.const 1)))",
        "(br_if 0 (i32.gt_u LOOK (i32.const 0)))",
        // In a local, whose other bits are arbitrary.
        "(local.set $x LOOK) (br_if 0 (i32.eq (i32.and (local.get $x) (i32.const 255)) (i32.const 1)))",
        // The address in a local.
        "(local.set $x (i32.const 1024)) (br_if 0 (i32.load8_s offset=4 (local.get $x)))",
        "(br_if 0 (i32.load8_u (i32.add (i32.const 1024) (i32.const 4))))",
        // With a target for each state.
        "(block (br_table 1 0 (i32.sub LOOK (i32.const 1))))",
        "(block (br_table 0 1 0 LOOK))",
        // Two paths, on both of which the test has failed.
        "(br_if 0 LOOK) (if (local.get $p) (then (call $other (i32.const 0))))",
        // In a way that the pass does not follow.
        "(br_if 0 (i32.mul LOOK (i32.const 3)))",
        "(br_if 0 (select LOOK (i32.const 1) (local.get $p)))",
        "(local.set $x (i32.const 1)) (if (local.get $p) (then (local.set $x LOOK)))
         (br_if 0 (local.get $x))",
        "(br_if 0 (block (result i32) LOOK))",
    ] {
        let look = look.replace("LOOK", LOOK);
        let code = format!("(block {look} (call $wait) {WRITE})");
        assert_eq!(states(&code), [1028], "{look}");
        let code = format!("(block {look} (call $other (i32.const 0)) {WRITE})");
        assert!(states(&code).is_empty(), "nobody waits: {look}");
    }
    let code = format!("(if (i32.eqz {LOOK}) (then (call $wait) {WRITE}))");
    assert_eq!(states(&code), [1028]);
    let code = format!("(if {LOOK} (then) (else (call $wait) {WRITE}))");
    assert_eq!(states(&code), [1028]);
}

#[test]
fn what_no_initialiser_does_is_left_alone() {
    for code in [
        // The test did not fail, or may not have failed, or there is none.
        "(if LOOK (then (call $wait) WRITE))",
        "(if LOOK (then)) (call $wait) WRITE",
        "(call $wait) WRITE",
        // A test in each iteration of a loop that waits.
        "(loop (block (br_if 0 LOOK) WRITE) (call $wait) (br_if 0 (local.get $p)))",
        "(loop (call $wait) (block (br_if 0 LOOK) WRITE) (br 0))",
        // Another static, or another byte of this one.
        "(if (i32.eqz LOOK) (then (call $wait) (i32.store8 (i32.const 1052) (i32.const 1))))",
        "(if (i32.eqz (i32.load8_u (i32.const 1052)))
           (then (call $wait) (i32.store8 (i32.const 1052) (i32.const 1))))",
        "(if (i32.eqz LOOK) (then (call $wait) (i32.store (i32.const 1024) (i32.const 1))))",
        "(if (i32.eqz (i32.load8_u (i32.const 1029)))
           (then (call $wait) (i32.store8 (i32.const 1029) (i32.const 1))))",
        // std never resets the state of a live value to dead.
        "(if (i32.eqz LOOK) (then (call $wait) (i32.store8 (i32.const 1028) (i32.const 0))))",
        "(if (i32.eqz LOOK) (then (call $wait) (i32.store8 (i32.const 1028) (i32.const 3))))",
        // The tested value is no state of std's that leads to an initialiser: `Option<bool>`, taken.
        "(if (i32.eq LOOK (i32.const 2)) (then (call $wait)
           (if (i32.ne LOOK (i32.const 2)) (then (i32.store8 (i32.const 1028) (i32.const 2))))))",
        // A flag that has nothing beside it.
        "(if (i32.eqz (i32.load8_u (i32.const 1040)))
           (then (call $wait) (i32.store8 (i32.const 1040) (i32.const 1))))",
    ] {
        let code = code.replace("LOOK", LOOK).replace("WRITE", WRITE);
        assert!(states(&code).is_empty(), "{code}");
    }
}

#[test]
fn all_that_writes_the_state_is_a_write() {
    for (write, expected) in [
        // The state before the old value is dropped.
        ("(i32.store8 offset=1028 (i32.const 0) (i32.const 2))", [1028].as_slice()),
        ("(i32.store8 offset=1028 (i32.const 0) (local.get $p))", &[1028]),
        // Together with a part of the value.
        ("(i32.store16 (i32.const 1027) (i32.const 0x107))", &[1028]),
        ("(i32.store16 (i32.const 1027) (i32.const 0x007))", &[]),
        ("(i64.store (i32.const 1024) (i64.const 0x100000007))", &[1028]),
        ("(memory.fill (i32.const 1024) (i32.const 1) (i32.const 5))", &[1028]),
        ("(memory.fill (i32.const 1024) (i32.const 1) (i32.const 4))", &[]),
        ("(memory.fill (i32.const 1024) (i32.const 1) (local.get $p))", &[1028]),
        ("(drop (call $memset (i32.const 1024) (i32.const 1) (i32.const 5)))", &[1028]),
        // One check for two writes.
        (
            "(i32.store8 (i32.const 1028) (i32.const 2)) (i32.store8 (i32.const 1028) (i32.const 1))",
            &[1028],
        ),
        // On both paths.
        (
            "(if LOOK (then (i32.store8 (i32.const 1028) (i32.const 2)))
                   (else (i32.store8 (i32.const 1028) (i32.const 1))))",
            &[1028],
        ),
    ] {
        let write = write.replace("LOOK", LOOK);
        assert_eq!(states(&format!("(if (i32.eqz {LOOK}) (then (call $wait) {write}))")), expected);
    }
    let at = |address: u64, value: u32| {
        states(&format!(
            "(if (i32.eqz (i32.load8_u (i32.const {address})))
               (then (call $wait) (i32.store8 (i32.const {address}) (i32.const {value}))))"
        ))
    };
    // A part of a static with several parts; and a value of size 0 that is to be dropped.
    assert_eq!(at(1042, 1), [1042]);
    assert_eq!(at(1040, 2), [1040]);
}

#[test]
fn each_thread_can_have_a_copy() {
    let address = "(i32.add (global.get $__tls_base) (i32.const 32))";
    let code = format!(
        "(local.set $x {address})
         (if (i32.eqz (i32.load8_u offset=4 (local.get $x)))
           (then (call $wait) (i32.store8 offset=4 {address} (i32.const 1))))"
    );
    assert_eq!(states(&code), [10_036]);
}

#[test]
fn what_is_written_somewhere_after_a_wait_is_refused() {
    let choose = "(local.set $x (select (i32.const 1024) (i32.const 1040) (local.get $p)))";
    let write = "(i32.store8 offset=4 (local.get $x) (i32.const 1))";
    for code in [
        format!("(if (i32.eqz {LOOK}) (then (call $wait) {choose} {write}))"),
        format!("{choose} (if (i32.load8_u (local.get $x)) (then (call $wait) {write}))"),
        format!(
            "(local.set $x (i32.const 1024))
             (if (i32.eqz {LOOK}) (then (local.set $x (i32.const 1040))))
             (if (i32.eqz {LOOK}) (then (call $wait) {write}))"
        ),
    ] {
        let failure = found("", &code).unwrap_err();
        assert!(
            matches!(failure, Failure::Own(Lost { function: FunctionIndex(3) })),
            "{code}: {failure:?}"
        );
        let code = code.replace("(call $wait)", "");
        assert_eq!(found("", &code).unwrap(), BTreeMap::new(), "{code}");
    }
}

#[test]
fn functions_with_too_many_locals_and_loops_are_refused() {
    let locals = format!("(local {})", "i32 ".repeat(3_000));
    let code = |loops| format!("(drop {LOOK}) {}", "(loop)".repeat(loops));
    assert_eq!(found(&locals, &code(1)).unwrap(), BTreeMap::new());
    let failure = found(&locals, &code(1_400)).unwrap_err();
    assert!(matches!(failure, Failure::Own(Lost { function: FunctionIndex(3) })), "{failure:?}");
}

#[test]
fn functions_that_cannot_be_suspended_are_not_gone_through() {
    let code = format!("(if (i32.eqz {LOOK}) (then (call $wait) {WRITE}))");
    let wasm = wat::parse_str(format!(
        r#"(module (import "env" "wait" (func $wait)) (memory 1) (func (local $x i32) {code}))"#
    ));
    let plan = SuspendPlan {
        functions: BTreeSet::from([FunctionIndex(1)]),
        topmost: [FunctionIndex(0)].into(),
        ..SuspendPlan::default()
    };
    // Without symbols there are no statics to find.
    let wasm = wasm.unwrap();
    let module = ModuleInfo::read(&wasm).unwrap();
    assert_eq!(find(&module, &plan).unwrap(), BTreeMap::new());
    assert_eq!(states(&code), [1028]);
}
