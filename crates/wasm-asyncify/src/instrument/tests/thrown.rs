//! Exceptions after a wait, if functions are resumed one by one: they find the handlers of functions that were not
//! called again. Programs run in this form and in the other, if Node knows standard exceptions; `NODE` can name one
//! that does.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use golden::assert_golden;

use super::run::{check, knows, node};
use crate::analysis::{Analysis, NoSuspend, Precision, Program, SuspendPlan};
use crate::debug::Trail;
use crate::instrument::instrument;

/// `$throws` waits, and throws its argument plus one.
const THROWS: &str = "(func $throws (param $x i32) (result i32)
      (drop (call $wait (local.get $x)))
      (throw $error (i32.add (local.get $x) (i32.const 1))))
    (func $through (param $x i32) (result i32)
      (i32.mul (call $throws (local.get $x)) (i32.const 3)))";

#[track_caller]
fn check_throwing(waits: usize, program: &str) {
    let program = format!("{THROWS} {program}");
    if knows(&program) {
        check(waits, &program);
    }
}

#[test]
fn the_innermost_handler_catches_what_comes_through_others() {
    check_throwing(
        5,
        "(func $catches (param $x i32) (result i32) (local $kept i32)
          (local.set $kept (i32.mul (local.get $x) (i32.const 10)))
          (block $caught (result i32)
            (try_table (catch $error $caught)
              (local.set $kept (i32.add (local.get $kept) (call $through (local.get $x))))
              (call $trace (i32.const -1)))
            (i32.const -2))
          (i32.add (local.get $kept)))
        (func $program (local $x i32)
          (call $trace
            (block $caught (result i32)
              (try_table (catch $error $caught)
                (local.set $x (call $wait (i32.const 1)))
                (call $trace (call $catches (i32.const 2)))
                (call $trace (call $wait (i32.const 3)))
                (drop (call $through (local.get $x))))
              (i32.const -3)))
          (call $trace (call $wait (i32.const 4))))",
    );
}

#[test]
fn who_has_a_handler_for_something_else_lets_it_pass() {
    check_throwing(
        3,
        "(tag $other)
        (func $another (param $x i32) (result i32)
          (block $caught
            (try_table (catch $other $caught)
              (return (call $through (local.get $x)))))
          (i32.const -1))
        (func $outside (param $x i32) (result i32)
          (block $caught
            (try_table (catch_all $caught) (drop (call $wait (local.get $x)))))
          (i32.add (call $another (local.get $x)) (i32.const 5)))
        (func $program
          (call $trace
            (block $caught (result i32)
              (try_table (catch $error $caught) (drop (call $outside (i32.const 7))))
              (i32.const -2)))
          (call $trace (call $wait (i32.const 4))))",
    );
}

#[test]
fn handlers_in_loops_and_in_handlers_catch_once_each() {
    check_throwing(
        8,
        "(func $program (local $left i32) (local $sum i32)
          (local.set $left (i32.const 3))
          (loop $again
            (block $caught (result i32)
              (try_table (catch $error $caught)
                (block $inner (result i32)
                  (try_table (catch $error $inner)
                    (local.set $sum (i32.add (local.get $sum) (call $through (local.get $left)))))
                  (i32.const -1))
                (local.set $sum (i32.add (local.get $sum)))
                (call $trace (local.get $sum))
                (local.set $sum (i32.add (local.get $sum) (call $throws (local.get $sum)))))
              (i32.const -2))
            (call $trace)
            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (br_if $again (local.get $left)))
          (call $trace (call $wait (local.get $sum)))
          (drop (call $wait (i32.const 9))))",
    );
}

#[test]
fn an_exception_that_was_caught_may_wait_and_be_thrown_again() {
    check_throwing(
        4,
        "(func $cleans_up (param $x i32) (result i32) (local $thrown exnref)
          (block $caught (result exnref)
            (try_table (catch_all_ref $caught) (return (call $through (local.get $x))))
            (unreachable))
          (local.set $thrown)
          (call $trace (call $wait (i32.const 50)))
          (throw_ref (local.get $thrown)))
        (func $program
          (call $trace
            (block $caught (result i32)
              (try_table (catch $error $caught) (drop (call $cleans_up (i32.const 7))))
              (i32.const -2)))
          (drop (call $wait (i32.const 2)))
          (drop (call $wait (i32.const 3))))",
    );
}

#[test]
fn several_results_and_operands_wait_around_a_handler() {
    check_throwing(
        4,
        "(func $pair (param i32) (result i32 i64)
          (call $wait (local.get 0)) (i64.const 7))
        (func $program (local $long i64)
          (i32.const 5)
          (block $caught (result i32)
            (try_table (result i32 i64) (catch $error $caught)
              (i32.const 1000)
              (call $pair (i32.const 1))
              (local.set $long)
              (call $trace (i32.add))
              (call $pair (call $through (i32.const 2))))
            (local.set $long))
          (i32.add)
          (call $trace)
          (call $trace (i32.wrap_i64 (local.get $long)))
          (call $trace (call $wait (i32.const 3)))
          (block $caught (result i32)
            (try_table (result i32 i64) (catch $error $caught) (call $pair (i32.const 4)))
            (local.set $long))
          (call $trace))",
    );
}

/// The code that resumes the outermost function gets the exception.
#[test]
fn what_nobody_catches_comes_to_who_resumes() {
    let host = r"
        import { readFileSync } from 'node:fs';
        const wasm = readFileSync(process.argv[1]);
        const log = [];
        if (WebAssembly.validate(wasm)) {
          const module = new WebAssembly.Module(wasm);
          const { resume, memory, error, is_suspended } = new WebAssembly.Instance(module).exports;
          const run = () => { while (resume(3), is_suspended.value) log.push('waits'); };
          for (const again of [1, 2]) {
            try {
              run();
            } catch (thrown) {
              const is_free = new Uint32Array(memory.buffer)[4] === 64;
              log.push(`thrown ${thrown.getArg(error, 0)}`, is_free ? 'free' : 'kept');
            }
          }
        }
        console.log(log.join(', ') || 'unknown');";
    for flat in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("module");
        fs::write(&path, instrumented(include_str!("thrown.wat"), flat)).unwrap();
        let mut command = Command::new(node());
        let output = command.args(["--input-type=module", "--eval", host]).arg(path).output();
        let printed = String::from_utf8(output.unwrap().stdout).unwrap();
        if printed.trim() != "unknown" || std::env::var_os("NODE").is_some() {
            let once = "waits, waits, waits, thrown 7, free";
            assert_eq!(printed.trim(), format!("{once}, {once}"), "flat: {flat}");
        }
    }
}

/// Instruments all functions but `$entry` in fast form.
fn instrumented(text: &str, flat: bool) -> Vec<u8> {
    let wasm = wat::parse_str(text).unwrap();
    let program = Program::read(&wasm).unwrap();
    let analysis = Analysis::new(&program, &NoSuspend::default(), Precision::Types).unwrap();
    let plan = SuspendPlan::new(&program, &analysis);
    let by_type_only: BTreeSet<_> = program.named("entry").into_iter().collect();
    let plan = SuspendPlan { by_type_only, flat, ..plan };
    let instrumented = instrument(&wasm, &plan, &mut Trail::default()).unwrap();
    crate::check::check(&wasm, &instrumented, &plan).unwrap();
    instrumented
}

#[test]
fn whole_module() {
    // The checker's tests use this module, too.
    let instrumented = instrumented(include_str!("thrown.wat"), true);
    assert_golden!("thrown.expected.wat", wasmprinter::print_bytes(instrumented).unwrap());
}
