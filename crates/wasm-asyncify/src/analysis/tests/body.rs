//! The origin of function pointers, in code without branches.

use super::super::calls::Origin::{Any, Entry, Slot};
use super::{read, through, through_of};
use crate::module::FunctionIndex;

/// The call of `$x`.
const CALL: &str = "(call_indirect (type $t) (local.get $x))";

#[test]
fn a_method_is_called_through_its_slot() {
    for (pointer, expected) in [
        ("(i32.load offset=12 (local.get $p))", Slot(12)),
        ("(i32.load (local.get $p))", Slot(0)),
        // Kept in a local meanwhile.
        ("(local.set $x (i32.load offset=12 (local.get $p))) (local.get $x)", Slot(12)),
        ("(local.tee $x (i32.load offset=12 (local.get $p)))", Slot(12)),
        // From a vtable that a fat pointer leads to, or another vtable.
        ("(i32.load offset=16 (i32.load offset=4 (local.get $p)))", Slot(16)),
        // From a vtable that a function returns.
        ("(i32.load offset=12 (call $g))", Slot(12)),
        // From one of two vtables.
        ("(i32.load offset=12 (select (local.get $p) (local.get $q) (call $g)))", Slot(12)),
    ] {
        assert_eq!(through_of(&format!("{pointer} (call_indirect (type $t))")), [expected]);
    }
}

#[test]
fn a_table_entry_is_known_if_it_is_constant() {
    for (pointer, expected) in [
        ("(i32.const 2)", Entry(2)),
        ("(local.set $x (i32.const 3)) (local.get $x)", Entry(3)),
        // A local's initial value.
        ("(local.get $x)", Entry(0)),
        ("(select (i32.const 2) (i32.const 2) (call $g))", Entry(2)),
        ("(select (i32.const 2) (i32.const 3) (call $g))", Any),
    ] {
        assert_eq!(through_of(&format!("{pointer} (call_indirect (type $t))")), [expected]);
    }
}

#[test]
fn all_other_pointers_can_be_to_anything() {
    for pointer in [
        "(local.get $p)",
        "(call $g)",
        "(i32.add (i32.load offset=12 (local.get $p)) (i32.const 0))",
        // Different slots.
        "(select (i32.load offset=12 (local.get $p)) (i32.load offset=16 (local.get $p)) (call $g))",
        "(select (i32.load offset=12 (local.get $p)) (i32.const 2) (call $g))",
        // Not from a vtable's beginning, or not known to be.
        "(i32.load offset=12 (i32.add (local.get $p) (i32.const 4)))",
        "(i32.load offset=12 (i32.const 1024))",
        "(i32.load offset=12 (select (local.get $p)
           (i32.add (local.get $q) (i32.const 4)) (call $g)))",
        "(i32.load offset=12 (local.tee $p (i32.add (local.get $p) (i32.const 4))))",
    ] {
        assert_eq!(through_of(&format!("{pointer} (call_indirect (type $t))")), [Any], "{pointer}");
    }
}

#[test]
fn two_pointers_are_loaded_at_once() {
    let vtable = |number: &str| {
        through_of(&format!(
            "(call_indirect (type $t) (i32.load offset=12 (i32.wrap_i64 {number})))"
        ))
    };
    assert_eq!(vtable("(i64.load (local.get $p))"), [Slot(12)]);
    assert_eq!(vtable("(i64.shr_u (i64.load (local.get $p)) (i64.const 32))"), [Slot(12)]);
    assert_eq!(vtable("(local.tee $l (i64.load (local.get $p)))"), [Slot(12)]);
    // Not a half.
    assert_eq!(vtable("(i64.shr_u (i64.load (local.get $p)) (i64.const 16))"), [Any]);
    assert_eq!(vtable("(i64.add (i64.load (local.get $p)) (i64.const 4))"), [Any]);
    // Half of two slots: it is unknown which of them.
    let method = "(call_indirect (type $t) (i32.wrap_i64 (i64.load offset=12 (local.get $p))))";
    assert_eq!(through_of(method), [Any]);
}

#[test]
fn memory_can_have_addresses_of_64_bits() {
    let program = read(
        "(module (type $t (func)) (table 1 funcref) (memory i64 1)
           (func $f (param $p i64)
             (call_indirect (type $t)
               (i32.wrap_i64 (i64.load offset=24 (i64.load offset=8 (local.get $p)))))))",
    );
    assert_eq!(through(&program), [Any]);
    let program = read(
        "(module (type $t (func)) (table i64 1 funcref) (memory i64 1)
           (func $f (param $p i64)
             (call_indirect (type $t) (i64.load offset=24 (i64.load offset=8 (local.get $p))))))",
    );
    assert_eq!(through(&program), [Slot(24)]);
}

#[test]
fn only_what_is_in_table_0_is_known() {
    let program = read(
        "(module (type $t (func)) (table 9 funcref) (table $other 9 funcref)
           (func $f (call_indirect $other (type $t) (i32.const 2))))",
    );
    assert_eq!(through(&program), [Any]);
}

#[test]
fn references_can_be_to_anything() {
    for code in [
        "(call_ref $t (local.get $r))",
        "(return_call_ref $t (local.get $r))",
        "(return_call_indirect (type $t) (i32.const 2))",
    ] {
        let program = read(&format!(
            "(module (type $t (func)) (table 9 funcref)
               (func $f (param $r (ref null $t)) {code}))"
        ));
        assert_eq!(through(&program), [Any]);
    }
}

#[test]
fn what_is_not_reached_is_not_called_indirectly() {
    let dead = format!("(return) {CALL}");
    assert_eq!(through_of(&dead), []);
    assert_eq!(through_of(&format!("(unreachable) (block (loop {CALL}))")), []);
    // Direct calls count nevertheless: the engine reads them, too.
    let program = read("(module (func $g) (func $f (return) (call $g)))");
    assert_eq!(
        Vec::from_iter(&program.functions[FunctionIndex(1)].calls.direct),
        [&FunctionIndex(0)]
    );
}

#[test]
fn tail_calls_are_calls() {
    let program = read(
        "(module (type $t (func))
           (func $f (return_call $g))
           (func $g (return_call $g)))",
    );
    let calls = &program.functions[FunctionIndex(0)].calls;
    let body = program.functions[FunctionIndex(0)].body.start as u64;
    // After the count of locals.
    assert_eq!(calls.tail_call, Some(body + 1));
    assert_eq!(Vec::from_iter(&calls.direct), [&FunctionIndex(1)]);
}

#[test]
fn indirect_calls_are_numbered_as_they_stand_reached_or_not() {
    let program = read(
        "(module (type $t (func)) (table 9 funcref) (memory 1)
           (func $f
             (call_indirect (type $t) (i32.const 1))
             (block (return) (call_indirect (type $t) (i32.const 2)))
             (block (br 0))
             (return_call_indirect (type $t) (i32.const 3))))",
    );
    let calls = &program.functions[FunctionIndex(0)].calls.indirect;
    let numbers: Vec<_> = calls.iter().map(|(number, call)| (*number, call.origin)).collect();
    assert_eq!(numbers, [(0, Entry(1)), (2, Any)]);
}
