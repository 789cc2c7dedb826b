//! In Node, instrumented programs do what they do without ever being suspended.

use std::ffi::OsString;
use std::fs;
use std::process::Command;

use crate::analysis::{Analysis, NoSuspend, Precision, Program, SuspendPlan};
use crate::debug::Trail;
use crate::error::Failure;
use crate::inline::inline;
use crate::instrument::{Reason, Unsupported, instrument};
use crate::module::FunctionIndex;

/// A switch for one coroutine, `$program`, whose frames lie between 64 and 65536. `$wait` traces its
/// argument, waits, and returns 100 more.
const SWITCH: &str = r#"
    (global $is_suspended (mut i32) (i32.const 0))
    (global $is_rewinding (mut i32) (i32.const 0))
    (func $wait (param $value i32) (result i32)
      (if (global.get $is_rewinding)
        (then
          (global.set $is_rewinding (i32.const 0))
          (call $stop_rewind)
          (return (i32.add (local.get $value) (i32.const 100)))))
      (call $trace (local.get $value))
      (global.set $is_suspended (i32.const 1))
      (call $start_unwind (i32.const 16))
      (i32.const -1))
    (func $resume (export "resume") (result i32)
      (if (global.get $is_suspended)
        (then
          (global.set $is_suspended (i32.const 0))
          (global.set $is_rewinding (i32.const 1))
          (call $start_rewind (i32.const 16)))
        (else (i64.store (i32.const 16) (i64.const 0x1_0000_0000_0040))))
      (call $program)
      (if (global.get $is_suspended) (then (call $stop_unwind)))
      (global.get $is_suspended))
    (data (i32.const 16) "\40\00\00\00\00\00\01\00")"#;

/// The same without waits.
const NO_SWITCH: &str = r#"
    (func $wait (param $value i32) (result i32)
      (call $trace (local.get $value))
      (i32.add (local.get $value) (i32.const 100)))
    (func (export "resume") (result i32) (call $program) (i32.const 0))"#;

const HOST: &str = r#"
    import { readFileSync } from 'node:fs';
    const traces = process.argv.slice(1).map((file) => {
      const trace = [];
      const wasm = readFileSync(file);
      // Not all of Node knows what a new kind of exception handler is.
      if (!WebAssembly.validate(wasm)) return 'unknown';
      const asyncify = new Proxy({}, { get: () => () => {} });
      const host = {
        trace(value) {
          // A program that goes astray may do so for ever.
          if (trace.push(value) > 1000) throw new Error(`too much: ${trace.slice(0, 50)}`);
        },
      };
      const module = new WebAssembly.Module(wasm);
      const { resume } = new WebAssembly.Instance(module, { host, asyncify }).exports;
      let times = 1;
      while (resume() && times < 1000) times += 1;
      return `${times}: ${trace.join(' ')}`;
    });
    console.log(traces.join('\n'));"#;

/// Which functions get the compact form, by their indices.
pub(super) const FORMS: [fn(&FunctionIndex) -> bool; 4] =
    [|_| false, |_| true, |index| index.0 % 2 == 0, |index| index.0 % 2 == 1];

/// The Node to run programs in. If `NODE` is set in the environment, it names a new one, which knows exceptions as
/// references and GC.
pub(super) fn node() -> OsString {
    std::env::var_os("NODE").unwrap_or_else(|| "node".into())
}

/// Instruments a module in all ways that there are: with functions in each of [`FORMS`], resumed all at once and one
/// by one; not the latter if that is refused.
pub(super) fn in_all_forms(wasm: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let program = Program::read(wasm).unwrap();
    let analysis = Analysis::new(&program, &NoSuspend::default(), Precision::Types).unwrap();
    let plan = SuspendPlan::new(&program, &analysis);
    let forms = [false, true].into_iter().flat_map(|flat| FORMS.map(|form| (form, flat)));
    forms.filter_map(move |(is_compact, flat)| {
        let by_type_only = plan.functions.iter().copied().filter(is_compact).collect();
        let plan = SuspendPlan { by_type_only, flat, ..plan.clone() };
        let instrumented = match instrument(wasm, &plan, &mut Trail::default()) {
            Err(Failure::Own(Unsupported {
                reason: Reason::FlatTry | Reason::FlatReference,
                ..
            })) => return None,
            instrumented => instrumented.unwrap(),
        };
        crate::check::check(wasm, &instrumented, &plan).unwrap();
        Some(instrumented)
    })
}

/// The same with functions that are resumed one by one and inlined, if there is one that can be inlined.
fn inlined(wasm: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let program = Program::read(wasm).unwrap();
    let analysis = Analysis::new(&program, &NoSuspend::default(), Precision::Types).unwrap();
    let plan = SuspendPlan { flat: true, ..SuspendPlan::new(&program, &analysis) };
    FORMS.into_iter().filter_map(move |is_compact| {
        let by_type_only = plan.functions.iter().copied().filter(is_compact).collect();
        let mut plan = SuspendPlan { by_type_only, ..plan.clone() };
        let inlined = inline(wasm.to_vec(), &program, &mut plan).unwrap();
        let instrumented = match instrument(&inlined, &plan, &mut Trail::default()) {
            _ if inlined == wasm => return None,
            Err(Failure::Own(_)) => return None,
            instrumented => instrumented.unwrap(),
        };
        crate::check::check(&inlined, &instrumented, &plan).unwrap();
        Some(instrumented)
    })
}

/// For a program that waits, with functions in each of [`FORMS`]: how often it is entered, and its trace. Then the
/// same without waits. Addresses of its memory have 64 bits, or 32.
fn traces(program: &str, is_wide: bool) -> (Vec<String>, String) {
    let module = |switch: &str| {
        let text = format!(
            r#"(module
                (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
                (import "asyncify" "stop_unwind" (func $stop_unwind))
                (import "asyncify" "start_rewind" (func $start_rewind (param i32)))
                (import "asyncify" "stop_rewind" (func $stop_rewind))
                (import "host" "trace" (func $trace (param i32)))
                (type $unary (func (param i32) (result i32)))
                (table 4 funcref) (elem (i32.const 1) func $wait $twice)
                (memory 1) (tag $error (param i32))
                (func $twice (param $x i32) (result i32)
                  (i32.mul (call $wait (local.get $x)) (i32.const 2)))
                {switch} {program})"#
        );
        wat::parse_str(if is_wide { wide(text) } else { text }).unwrap()
    };
    let waiting = module(SWITCH);
    let modules = in_all_forms(&waiting).chain(inlined(&waiting)).chain([module(NO_SWITCH)]);
    let folder = tempfile::tempdir().unwrap();
    let write = |(number, wasm): (usize, Vec<u8>)| {
        let path = folder.path().join(number.to_string());
        fs::write(&path, wasm).unwrap();
        path
    };
    let mut node = Command::new(node());
    node.args(["--input-type=module", "--eval", HOST]).args(modules.enumerate().map(write));
    let output = node.output().expect("Node is on PATH");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    let mut traces: Vec<_> = printed.lines().map(str::to_owned).collect();
    let plain = traces.pop().unwrap();
    (traces, plain)
}

/// A module with the switch, with addresses of 64 bits.
fn wide(mut text: String) -> String {
    for (narrow, wide) in [
        ("_unwind (param i32)", "_unwind (param i64)"),
        ("_rewind (param i32)", "_rewind (param i64)"),
        ("(memory 1)", "(memory i64 1)"),
        ("_unwind (i32.const 16)", "_unwind (i64.const 16)"),
        ("_rewind (i32.const 16)", "_rewind (i64.const 16)"),
        (
            "(i64.store (i32.const 16) (i64.const 0x1_0000_0000_0040))",
            "(i64.store (i64.const 16) (i64.const 64)) (i64.store (i64.const 24) (i64.const 65536))",
        ),
        (
            r#"(i32.const 16) "\40\00\00\00\00\00\01\00""#,
            r#"(i64.const 16) "\40\00\00\00\00\00\00\00\00\00\01\00\00\00\00\00""#,
        ),
    ] {
        text = text.replace(narrow, wide);
    }
    text
}

/// Whether Node knows all features of a program. A Node that `NODE` names must know them.
pub(super) fn knows(program: &str) -> bool {
    std::env::var_os("NODE").is_some() || traces(program, false).1 != "unknown"
}

/// Checks that a program waits `waits` times, and otherwise does what it does without waits.
#[track_caller]
pub(super) fn check(waits: usize, program: &str) {
    check_in(waits, program, false);
    // Older versions of Node do not know such a memory.
    if std::env::var_os("NODE").is_some() || traces(program, true).1 != "unknown" {
        check_in(waits, program, true);
    }
}

#[track_caller]
fn check_in(waits: usize, program: &str, is_wide: bool) {
    let (waiting, plain) = traces(program, is_wide);
    let (_, expected) = plain.split_once(": ").unwrap();
    for (form, waiting) in waiting.iter().enumerate() {
        let (times, trace) = waiting.split_once(": ").unwrap();
        let found = (form, times, trace);
        assert_eq!(found, (form, (waits + 1).to_string().as_str(), expected));
        assert!(trace.split(' ').count() > waits, "something else is traced, too: {trace}");
    }
}

#[test]
fn operands_of_all_types_wait() {
    check(
        5,
        "(func $program (local $sum f64)
          (local.set $sum
            (f64.add
              (f64.convert_i64_s (i64.add (i64.const 0x7_0000_0000) (i64.extend_i32_s (call $wait (i32.const 1)))))
              (f64.promote_f32 (f32.add (f32.const 0.5) (f32.convert_i32_s (call $twice (i32.const 2)))))))
          (call $trace (i32.wrap_i64 (i64.trunc_f64_s (local.get $sum))))
          (call $trace
            (i32x4.extract_lane 2
              (i32x4.add
                (i32x4.splat (call $wait (i32.const 3)))
                (i32x4.replace_lane 2 (v128.const i32x4 1 2 3 4)
                  (call_indirect (type $unary) (i32.const 4)
                    (i32.sub (call $wait (i32.const 5)) (i32.const 103))))))))",
    );
}

#[test]
fn what_waits_is_called_again_through_a_table_with_its_arguments() {
    check(
        3,
        "(func $program
          (call $trace (call_indirect (type $unary) (i32.const 7) (i32.const 1)))
          (call $trace
            (i32.sub
              (call_indirect (type $unary) (i32.const 8) (i32.const 2))
              (call_indirect (type $unary) (i32.const 9) (i32.const 1)))))",
    );
}

#[test]
fn several_results_are_kept() {
    check(
        2,
        "(func $pair (param i32) (result i32 i64)
          (call $wait (local.get 0)) (i64.const 7))
        (func $program (local i64)
          (i32.const 5)
          (call $pair (i32.const 1)) (local.set 0) (call $trace)
          (call $pair (i32.const 2)) (local.set 0) i32.add (call $trace)
          (call $trace (i32.wrap_i64 (local.get 0))))",
    );
}

#[test]
fn loops_in_loops_are_entered_again() {
    check(
        18,
        "(func $program (local $i i32) (local $j i32) (local $sum i32)
          (local.set $i (i32.const 3))
          (loop $outer
            (i32.const 1000)
            (local.set $j (i32.const 2))
            (loop $inner
              (local.set $sum (i32.add (local.get $sum) (call $wait (local.get $j))))
              (if (i32.eq (local.get $j) (i32.const 1))
                (then (local.set $sum (i32.xor (local.get $sum) (call $twice (local.get $i)))))
                (else (call $trace (call $wait (i32.const 50)))))
              (local.set $j (i32.sub (local.get $j) (i32.const 1)))
              (br_if $inner (local.get $j)))
            (call $trace (i32.add (local.get $sum)))
            (call $trace (call $wait (local.get $i)))
            (local.set $i (i32.sub (local.get $i) (i32.const 1)))
            (br_if $outer (local.get $i)))
          (loop $never (call $trace (local.get $sum)) (drop (call $wait (i32.const 6)))
            (if (i32.eqz (local.get $sum)) (then (br $never))))
          (drop (call $wait (i32.const 7)))
          (loop $last (drop (call $wait (i32.const 8)))))",
    );
}

#[test]
fn branches_go_where_they_went() {
    check(
        6,
        "(func $choose (param $x i32) (result i32)
          (block $two (result i32)
            (block $one
              (block $zero
                (br_table $zero $one (call $wait (local.get $x)) )
                (unreachable))
              (return (call $wait (i32.const 20))))
            (drop (br_if $two (i32.const 8) (i32.eq (local.get $x) (i32.const -98))))
            (call $wait (local.get $x))))
        (func $program
          (call $trace (call $choose (i32.const -100)))
          (call $trace (call $choose (i32.const -99)))
          (call $trace (call $choose (i32.const -98)))
          (call $trace (call $wait (i32.const 1))))",
    );
}

#[test]
fn tail_calls_wait() {
    check(
        3,
        "(func $down (param $n i32) (result i32)
          (call $trace (call $wait (local.get $n)))
          (if (local.get $n)
            (then (return_call $down (i32.sub (local.get $n) (i32.const 1)))))
          (i32.const 77))
        (func $program (call $trace (call $down (i32.const 2))))",
    );
}

#[test]
fn handlers_catch_what_is_thrown_after_a_wait() {
    check(
        5,
        "(func $throws (param $x i32)
          (drop (call $wait (local.get $x))) (throw $error (i32.add (local.get $x) (i32.const 1))))
        (func $program (local $kept i32)
          (local.set $kept (i32.const 9))
          try
            try
              (call $throws (i32.const 1))
              (call $trace (i32.const -1))
            catch $error
              (call $trace)
              (call $trace (local.get $kept))
            end
            (local.set $kept (call $wait (i32.const 2)))
            try (result i32)
              (local.set $kept (i32.const 10))
              (call $throws (i32.const 3))
              (call $wait (i32.const -1))
            catch $error
              (i32.add (local.get $kept))
            end
            (call $trace)
            (loop $again
              try
                (call $throws (local.get $kept))
              catch_all
                (local.set $kept (i32.sub (local.get $kept) (i32.const 5)))
                (br_if $again (local.get $kept))
              end)
            (throw $error (i32.const 4))
          catch $error
            (call $trace)
          end)",
    );
}

#[test]
fn handlers_of_the_new_kind_do_too() {
    let program = "(func $throws (param $x i32)
          (drop (call $wait (local.get $x))) (throw $error (i32.add (local.get $x) (i32.const 1))))
        (func $program (local $kept i32)
          (local.set $kept (i32.const 9))
          (call $trace
            (block $caught (result i32)
              (try_table (catch $error $caught)
                (local.set $kept (call $wait (i32.const 1)))
                (call $throws (i32.const 2))
                (local.set $kept (i32.const -1)))
              (call $wait (i32.const -2))))
          (call $trace (local.get $kept))
          (call $trace (call $wait (i32.const 3))))";
    if knows(program) {
        check(3, program);
    }
}
