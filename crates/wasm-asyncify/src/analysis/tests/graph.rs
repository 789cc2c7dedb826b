//! Which functions are instrumented.

use super::super::NoSuspend;
use super::super::barrier::Barrier;
use super::super::call_graph::Precision;
use super::super::choice::{Choice, Imports};
use super::super::graph::Analysis;
use super::{instrumented, read};
use crate::module::FunctionIndex;

/// A switch: `$resume` calls `$entry`, and `$suspend` suspends.
const SWITCH: &str = r#"
    (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
    (import "asyncify" "stop_unwind" (func $stop_unwind))
    (import "host" "call" (func $host))
    (type $t (func))
    (type $other (func (param i64)))
    (memory 1)
    (func $resume (call $entry) (call $stop_unwind))
    (func $suspend (call $start_unwind (i32.const 0)))"#;

fn instrumented_of(text: &str) -> Vec<String> {
    let program = read(&format!("(module {SWITCH} {text})"));
    instrumented(&program).into_iter().map(str::to_owned).collect()
}

#[test]
fn who_is_between_resume_and_suspend_is_instrumented() {
    let text = "
        (func $entry (call $a) (call $never_waits))
        (func $a (call $recursive) (call $host))
        (func $recursive (call $recursive) (call $b))
        (func $b (call $suspend))
        (func $never_waits (call $also_not))
        (func $also_not)
        (func $executor (call $poll))
        (func $poll (call $resume))
        (func $outside (call $b))";
    assert_eq!(instrumented_of(text), ["entry", "a", "recursive", "b"]);
}

#[test]
fn an_executor_in_a_coroutine_is_not_suspended_with_what_it_runs() {
    let text = "
        (func $entry (call $executor) (call $waits))
        (func $executor (call $resume))
        (func $waits (call $suspend))";
    assert_eq!(instrumented_of(text), ["entry", "waits"]);
}

#[test]
fn who_calls_what_the_host_suspends_in_is_instrumented_but_not_beyond_a_coroutine() {
    let text = r#"(module
        (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
        (import "asyncify" "stop_unwind" (func $stop_unwind))
        (import "env" "ask" (func $ask))
        (import "env" "tell" (func $tell))
        (func $main (call $outer) (call $executor) (call $tell))
        (func $outer (call $ask))
        (func $executor (call $resume))
        (func $resume (call $entry) (call $stop_unwind))
        (func $entry (call $ask) (call $suspend))
        (func $waits_outside (call $suspend))
        (func $suspend (call $start_unwind (i32.const 0))))"#;
    let program = read(text);
    let analysis = || Analysis::new(&program, &NoSuspend::default(), Precision::Types).unwrap();
    let named = |analysis: &Analysis| -> Vec<_> {
        analysis.instrumented().map(|index| program.symbol(index)).collect()
    };
    assert_eq!(named(&analysis()), ["entry"]);
    let suspending = |import: &str| Choice {
        imports: Imports::Matching(vec![import.to_owned()]),
        ..Choice::default()
    };
    let with_host = analysis().with_choice(&program, &suspending("env.ask"));
    assert_eq!(named(&with_host), ["main", "outer", "entry"]);
    assert_eq!(with_host.unmatched(), [""; 0]);
    let outer = program.named("outer").unwrap();
    assert_eq!(with_host.chain(&program, outer), "    outer\n      calls ask");
    let with_nothing = analysis().with_choice(&program, &suspending("ask"));
    assert_eq!(named(&with_nothing), ["entry"]);
    assert_eq!(with_nothing.unmatched(), ["ask"]);
}

#[test]
fn what_resume_calls_by_pointer_is_reached() {
    let text = r#"(module
        (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
        (import "asyncify" "start_rewind" (func $start_rewind (param i32)))
        (type $t (func)) (table 9 funcref) (elem (i32.const 1) func $entry $other_type)
        (func $resume (param i32)
          (call $start_rewind (i32.const 0)) (call_indirect (type $t) (local.get 0)))
        (func $suspend (call $start_unwind (i32.const 0)))
        (func $entry (call $suspend))
        (func $not_taken (call $suspend))
        (func $other_type (param i64) (call $suspend)))"#;
    assert_eq!(instrumented(&read(text)), ["entry"]);
}

#[test]
fn outside_calls_nobody_who_waits() {
    let text = "
        (func $entry (call $bysyncify_outside) (call $waits))
        (func $bysyncify_outside (call $reports) (call $stop_unwind))
        (func $reports (call $waits))
        (func $waits (call $suspend))";
    assert_eq!(instrumented_of(text), ["entry", "waits"]);
}

#[test]
fn an_indirect_call_is_of_everyone_it_can_be_of() {
    let indirect = |call: &str| {
        instrumented_of(&format!(
            "(table 9 funcref) (elem (i32.const 1) func $one $two $three)
             (func $entry (call_indirect {call}))
             (func $one (call $suspend))
             (func $two (call $suspend))
             (func $three (param i64) (call $suspend))
             (func $not_taken (call $suspend))"
        ))
    };
    assert_eq!(indirect("(type $t) (i32.load (i32.const 0))"), ["entry", "one", "two"]);
    assert_eq!(indirect("(type $t) (i32.load offset=4 (i32.const 0))"), ["entry", "one", "two"]);
    assert_eq!(indirect("(type $t) (i32.const 2)"), ["entry", "two"]);
    assert_eq!(indirect("(type $other) (i64.const 0) (i32.const 3)"), ["entry", "three"]);
    // No function is there, or none of that type.
    assert_eq!(indirect("(type $t) (i32.const 7)"), [""; 0]);
    assert_eq!(indirect("(type $other) (i64.const 0) (i32.const 1)"), [""; 0]);
    // Types are equal if they have the same structure.
    let again = "(param i64) (i64.const 0) (i32.load (i32.const 0))";
    assert_eq!(indirect(again), ["entry", "three"]);
}

#[test]
fn in_a_table_that_changes_anything_can_be_anywhere() {
    let text = "
        (table 9 funcref) (elem (i32.const 1) func $one $two)
        (func $entry (call_indirect (type $t) (i32.const 1)))
        (func $changes (table.copy (i32.const 1) (i32.const 2) (i32.const 1)))
        (func $one)
        (func $two (call $suspend))";
    assert_eq!(instrumented_of(text), ["entry", "two"]);
}

const PANICS: &str = r#"
    (table 9 funcref) (elem (i32.const 1) func $hook)
    (func $entry (call $panics) (call $waits))
    (func $panics (call $"_RNvCsb3QmZ2YcDK_7___rustc17rust_begin_unwind"))
    (func $"_RNvCsb3QmZ2YcDK_7___rustc17rust_begin_unwind"
      (call_indirect (type $t) (i32.const 1)) (unreachable))
    (func $hook (call $waits))
    (func $waits (call $suspend))"#;

#[test]
fn nothing_waits_in_a_panic() {
    assert_eq!(instrumented_of(PANICS), ["entry", "waits"]);
    let program = read(&format!("(module {SWITCH} {PANICS})"));
    let analysis = Analysis::new(&program, &NoSuspend::default(), Precision::Types).unwrap();
    let handler = program.named("_RNvCsb3QmZ2YcDK_7___rustc17rust_begin_unwind").unwrap();
    assert_eq!(Vec::from_iter(analysis.panics()), [handler]);
    // Unless a caller asks what would be if they did.
    let without = Analysis::without_barriers(&program, Precision::Types);
    assert_eq!(without.instrumented().count(), 5);
}

#[test]
fn the_names_of_all_ends_of_panics_are_known() {
    let barrier = |symbol: &str| {
        let program = read(&format!("(module (func $\"{symbol}\"))"));
        Analysis::new(&program, &NoSuspend::default(), Precision::Types)
            .unwrap()
            .barrier(FunctionIndex(0))
            .cloned()
    };
    for symbol in [
        "_RNvCsb3QmZ2YcDK_7___rustc17rust_begin_unwind",
        "_ZN3std9panicking11begin_panic17h0123456789abcdefE",
        "_ZN3std9panicking11begin_panic28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE",
        "std::panicking::begin_panic::<&str>",
        "_ZN3std9panicking15panic_with_hook17h0123456789abcdefE",
        "_ZN3std9panicking20rust_panic_with_hook17h0123456789abcdefE",
        "_ZN3std3sys9backtrace26__rust_end_short_backtrace17h0123456789abcdefE",
        "_ZN5alloc5alloc18handle_alloc_error17h0123456789abcdefE",
    ] {
        assert_eq!(barrier(symbol), Some(Barrier::Panic), "{symbol}");
    }
    for symbol in [
        // This function returns.
        "_ZN3std9panicking12catch_unwind17h0123456789abcdefE",
        "_ZN3std3sys9backtrace28__rust_begin_short_backtrace17h0123456789abcdefE",
        "std::panicking::begin_panics",
        "std::panicking::begin_panic::Payload::get",
        "mine::rust_begin_unwind",
    ] {
        assert_eq!(barrier(symbol), None, "{symbol}");
    }
}

#[test]
fn a_function_that_only_has_the_name_of_a_panic_handler_is_none() {
    let barrier = |functions: &str| {
        let program = read(&format!("(module {functions})"));
        Analysis::new(&program, &NoSuspend::default(), Precision::Types)
            .unwrap()
            .barrier(FunctionIndex(0))
            .cloned()
    };
    assert_eq!(barrier("(func $rust_begin_unwind (param i32))"), Some(Barrier::Panic));
    for none in [
        "(func $rust_begin_unwind)",
        "(func $rust_begin_unwind (param i32) (result i32) (i32.const 0))",
        // The compiler of this program mangles the handler's name.
        "(func $rust_begin_unwind (param i32))
         (func $_RNvCsb3QmZ2YcDK_7___rustc17rust_begin_unwind (param i32))",
    ] {
        assert_eq!(barrier(none), None, "{none}");
    }
}

#[test]
fn nothing_waits_in_what_is_assumed_not_to_suspend() {
    let program = read(&format!(
        "(module {SWITCH}
           (func $entry (call $core::fmt::write) (call $waits))
           (func $core::fmt::write (call $waits))
           (func $waits (call $suspend)))"
    ));
    let no_suspend = |paths: &[&str]| {
        let no_suspend = NoSuspend(paths.iter().map(|path| (*path).to_owned()).collect());
        Analysis::new(&program, &no_suspend, Precision::Types)
    };
    let names = |analysis: Analysis| {
        let found = analysis.instrumented().map(|index| program.symbol(index));
        found.collect::<Vec<_>>()
    };
    assert_eq!(names(no_suspend(&[]).unwrap()), ["entry", "core::fmt::write", "waits"]);
    assert_eq!(names(no_suspend(&["core::fmt"]).unwrap()), ["entry", "waits"]);
    assert_eq!(
        no_suspend(&["core::fmt", "core::net"]).unwrap_err().to_string(),
        "nothing in the program is called `core::net`, which is assumed not to suspend\n  \
         take it out of `Options::no_suspend`"
    );
}

#[test]
fn types_that_are_equal_when_the_program_runs_are_one() {
    let text = "
        (type $struct (struct (field i32)))
        (type $equal (struct (field i32)))
        (type $of_waits (func (param (ref null $struct))))
        (type $of_call (func (param (ref null $equal))))
        (type $result (sub (func (result anyref))))
        (type $subtype (sub $result (func (result i31ref))))
        (table 9 funcref) (elem (i32.const 1) func $waits $number $of_subtype)
        (func $entry (call $calls_equal) (call $calls_supertype))
        (func $calls_equal
          (call_indirect (type $of_call) (ref.null $equal) (i32.load (i32.const 0))))
        (func $calls_supertype
          (drop (call_indirect (type $result) (i32.load (i32.const 0)))))
        (func $waits (type $of_waits) (call $suspend))
        (func $number (param i32) (call $suspend))
        (func $of_subtype (type $subtype) (call $suspend) (ref.null i31))";
    let names = ["entry", "calls_equal", "calls_supertype", "waits", "of_subtype"];
    assert_eq!(instrumented_of(text), names);
}

#[test]
fn who_is_behind_what_never_suspends_is_told_from_who_is_nowhere() {
    let program = read(&format!(
        "(module {SWITCH}
           (func $entry (call $no_suspend) (call $waits))
           (func $no_suspend (call $behind) (call $waits))
           (func $behind (call $waits))
           (func $executor (call $nowhere) (call $resume))
           (func $nowhere (call $waits))
           (func $waits (call $suspend)))"
    ));
    let no_suspend = NoSuspend(vec!["no_suspend".to_owned()]);
    let analysis = Analysis::new(&program, &no_suspend, Precision::Types).unwrap();
    let behind = analysis.behind_no_suspend(&program).into_iter();
    assert_eq!(Vec::from_iter(behind.map(|index| program.symbol(index))), ["behind"]);
}
