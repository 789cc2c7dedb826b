//! Calls on a coroutine's stack.

use std::collections::BTreeSet;

use super::super::choice::{Choice, Imports};
use super::super::on_stack::Place;
use super::super::{Analysis, NoSuspend, Precision};
use super::read;

const SWITCH: &str = r#"
    (import "asyncify" "stop_unwind" (func $stop_unwind))
    (import "env" "ask" (func $ask))
    (import "env" "tell" (func $tell))
    (type $t (func (param i32)))
    (type $u (func (param i64)))
    (func $resume (call $entry) (call $stop_unwind))
    (func $panics (@name "std::panicking::begin_panic") (call $host))
    (func $host)"#;

/// Each call on a stack that is resumed, in words. `$ask` suspends for the host, if it `suspends`.
fn calls(text: &str, suspends: bool) -> BTreeSet<String> {
    let program = read(&format!("(module {SWITCH} {text})"));
    let imports = if suspends { vec!["env.ask".to_owned()] } else { Vec::new() };
    let choice = Choice { imports: Imports::Matching(imports), ..Choice::default() };
    let analysis = Analysis::new(&program, &NoSuspend::default(), Precision::Types).unwrap();
    let on_stack = analysis.with_choice(&program, &choice).on_stack(&program);
    let name = |place: &Place| match place {
        Place::Function(index) => program.symbol(*index),
        Place::Indirect(ty) => program.types[ty.at()].params()[0].to_string(),
        Place::Foreign => "foreign".to_owned(),
    };
    let functions = on_stack.calls().keys().filter_map(|place| match place {
        Place::Function(index) => Some(*index),
        _ => None,
    });
    assert_eq!(functions.collect::<BTreeSet<_>>(), *on_stack.functions());
    let of = |(caller, callees): (&Place, &BTreeSet<Place>)| -> Vec<String> {
        callees.iter().map(|callee| format!("{} > {}", name(caller), name(callee))).collect()
    };
    on_stack.calls().iter().flat_map(of).collect()
}

#[track_caller]
fn assert_calls(text: &str, suspends: bool, expected: &[&str]) {
    let expected: BTreeSet<String> = expected.iter().map(|it| (*it).to_owned()).collect();
    assert_eq!(calls(text, suspends), expected);
}

#[test]
fn calls_of_a_type_are_of_all_that_have_it_and_who_panics_leaves() {
    assert_calls(
        "(table 4 funcref)
         (elem (i32.const 0) $a $b $other)
         (func $entry (call_indirect (type $t) (i32.const 0) (i32.const 0)) (call $panics))
         (func $a (param i32) (call $c))
         (func $b (param i32) (call $resume))
         (func $other (param i64))
         (func $c (call $c))
         (func $not_called (call $c))",
        false,
        &["entry > i32", "i32 > a", "i32 > b", "a > c", "c > c"],
    );
}

#[test]
fn what_suspends_for_the_host_can_call_back_on_the_same_stack() {
    let text = r#"
        (func $entry (call $ask) (call $tell))
        (func $exported (export "exported") (call $d))
        (func $d)"#;
    assert_calls(text, false, &["entry > ask", "entry > tell"]);
    let called_back = ["ask > foreign", "foreign > exported", "exported > d"];
    assert_calls(text, true, &[&["entry > ask", "entry > tell"][..], &called_back].concat());
}

#[test]
fn what_is_in_a_table_of_the_hosts_may_be_in_another_module() {
    assert_calls(
        r#"(table (export "table") 4 funcref)
           (elem (i32.const 0) $a)
           (func $entry (call_indirect (type $u) (i64.const 0) (i32.const 0)))
           (func $a (param i32))
           (func $exported (export "exported"))"#,
        false,
        &["entry > i64", "i64 > foreign", "foreign > a", "foreign > exported"],
    );
}
