//! The functions whose address is taken, and the contents of the table.

use std::collections::BTreeMap;

use super::super::program::Program;
use super::read;
use crate::module::FunctionIndex;

/// The names of the functions whose address is taken.
fn taken(program: &Program) -> Vec<&str> {
    let taken = program.functions.values().filter(|function| function.address_taken.is_taken());
    taken.filter_map(|function| function.name.as_deref()).collect()
}

#[test]
fn everyone_who_can_be_called_indirectly_is_found() {
    let program = read(
        "(module
           (table $table 9 funcref)
           (table $other 1 funcref (ref.func $in_another_table))
           (global funcref (ref.func $in_a_global))
           (elem (i32.const 1) func $active)
           (elem (table $other) (i32.const 0) funcref (ref.null func) (ref.func $expression))
           (elem func $passive)
           (elem declare func $declared $referred)
           (func $active) (func $expression) (func $passive) (func $declared) (func $referred)
           (func $in_another_table) (func $in_a_global)
           (func $never (drop (ref.func $referred))))",
    );
    assert_eq!(
        taken(&program),
        [
            "active",
            "expression",
            "passive",
            "declared",
            "referred",
            "in_another_table",
            "in_a_global",
        ]
    );
}

#[test]
fn a_host_that_has_the_table_can_put_into_it_what_it_has() {
    let functions = r#"(func $exported (export "f")) (func $own)"#;
    for table in [r#"(table (export "t") 1 funcref)"#, r#"(import "e" "t" (table 1 funcref))"#] {
        let program = read(&format!("(module {table} {functions})"));
        assert_eq!(taken(&program), ["exported"]);
        assert!(program.table_changes);
    }
    let program = read(&format!("(module (table 1 funcref) {functions})"));
    assert!(taken(&program).is_empty() && !program.table_changes);
}

#[test]
fn entries_of_the_table_are_known() {
    let program = read(
        "(module (table 9 funcref)
           (elem (i32.const 1) func $a $b)
           (elem (i32.const 2) funcref (ref.func $c) (ref.null func) (ref.func $a))
           (func $a) (func $b) (func $c))",
    );
    assert_eq!(
        program.table,
        BTreeMap::from([(1, 0), (2, 2), (4, 0)].map(|(at, it)| (at, FunctionIndex(it))))
    );
    assert!(!program.table_changes);
}

#[test]
fn whatever_can_change_the_table_is_noticed() {
    for code in [
        "(table.set (i32.const 0) (ref.null func))",
        "(drop (table.grow (ref.null func) (i32.const 1)))",
        "(table.fill (i32.const 0) (ref.null func) (i32.const 1))",
        "(table.copy (i32.const 0) (i32.const 1) (i32.const 1))",
        "(table.init $passive (i32.const 0) (i32.const 0) (i32.const 0))",
    ] {
        let text = format!("(module (table 9 funcref) (elem $passive func) (func {code}))");
        assert!(read(&text).table_changes, "{code}");
    }
    for element in [
        "(elem (table $other) (i32.const 1) func $a)",
        "(elem func $a)",
        "(elem (global.get $base) func $a)",
        "(elem (offset (i32.add (i32.const 1) (global.get $base))) func $a)",
    ] {
        let text = format!(
            r#"(module (import "e" "b" (global $base i32)) (table 9 funcref)
                 (table $other 9 funcref) {element} (func $a))"#
        );
        assert!(read(&text).table_changes, "{element}");
    }
}
