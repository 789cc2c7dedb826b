//! Functions that are resumed one by one: what they look like, and what a wait saves. What they do is tested in
//! [`run`](super::run), where all programs run in this form, too.

use std::fs;
use std::process::Command;

use golden::assert_golden;

use super::run::in_all_forms;
use crate::analysis::{Analysis, NoSuspend, Precision, Program, SuspendPlan};
use crate::debug::Trail;
use crate::instrument::instrument;
use crate::module::FunctionIndex;

/// A switch for `$program`. The bounds of its frames are at 16, in exported memory.
const SWITCH: &str = r#"
    (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
    (import "asyncify" "stop_unwind" (func $stop_unwind))
    (import "asyncify" "start_rewind" (func $start_rewind (param i32)))
    (import "asyncify" "stop_rewind" (func $stop_rewind))
    (import "host" "trace" (func $trace (param i32)))
    (memory (export "memory") 1)
    (global $is_suspended (mut i32) (i32.const 0))
    (global $is_rewinding (mut i32) (i32.const 0))
    (func $wait
      (if (global.get $is_rewinding)
        (then
          (global.set $is_rewinding (i32.const 0))
          (call $stop_rewind)
          (return)))
      (global.set $is_suspended (i32.const 1))
      (call $start_unwind (i32.const 16)))
    (func $resume (export "resume") (result i32)
      (if (global.get $is_suspended)
        (then
          (global.set $is_suspended (i32.const 0))
          (global.set $is_rewinding (i32.const 1))
          (call $start_rewind (i32.const 16))))
      (call $program)
      (if (global.get $is_suspended) (then (call $stop_unwind)))
      (global.get $is_suspended))
    (data (i32.const 16) "\40\00\00\00\00\00\01\00")"#;

fn module(program: &str) -> Vec<u8> {
    wat::parse_str(format!("(module $demo {SWITCH} {program})")).unwrap()
}

/// How many bytes are saved after each wait: in all, and in the newest segment. The module's frames lie from 64 to
/// `end`.
fn saved(wasm: &[u8], end: u32) -> (Vec<[u32; 2]>, Vec<i32>) {
    let host = r"
        import { readFileSync } from 'node:fs';
        const module = new WebAssembly.Module(readFileSync(process.argv[1]));
        const trace = [];
        const host = { trace: (value) => trace.push(value) };
        const { resume, memory } = new WebAssembly.Instance(module, { host }).exports;
        const words = new Uint32Array(memory.buffer);
        words[5] = Number(process.argv[2]);
        const saved = [];
        while (resume()) {
          const newest = words[words[5] / 4 - 1];
          saved.push([words[4] - 64, words[4] - newest]);
          if (saved.length > 9999) throw new Error('too much');
        }
        console.log(words[4] === 64, saved.flat().join(), trace.join());";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("module");
    fs::write(&path, wasm).unwrap();
    let mut node = Command::new("node");
    node.args(["--input-type=module", "--eval", host]).arg(path).arg(end.to_string());
    let output = node.output().expect("Node is on PATH");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    let words: Vec<_> = printed.trim().split(' ').collect();
    let [is_all_free, saved, trace] = words[..] else { panic!("{printed}") };
    assert_eq!(is_all_free, "true", "when it is done nothing is saved any more");
    let numbers: Vec<u32> = saved.split(',').map(|it| it.parse().unwrap()).collect();
    let trace = trace.split(',').map(|it| it.parse().unwrap()).collect();
    (numbers.chunks(2).map(|pair| [pair[0], pair[1]]).collect(), trace)
}

/// The forms in which functions are resumed one by one.
fn flat(wasm: &[u8]) -> Vec<Vec<u8>> {
    in_all_forms(wasm).skip(4).collect()
}

#[test]
fn a_wait_saves_what_was_resumed_and_no_more() {
    // Forty callers; a hundred waits in a loop; then one wait in each caller, after its callee has returned.
    let wasm = module(
        "(func $down (param $n i32) (result i32) (local $i i32)
           (if (local.get $n)
             (then
               (local.set $i (call $down (i32.sub (local.get $n) (i32.const 1))))
               (call $wait)
               (return (i32.add (local.get $i) (local.get $n)))))
           (local.set $i (i32.const 100))
           (loop $again
             (call $wait)
             (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
           (i32.const 7))
         (func $program (call $trace (call $down (i32.const 40))))",
    );
    for (form, wasm) in flat(&wasm).iter().enumerate() {
        let (saved, trace) = saved(wasm, 0x1_0000);
        assert_eq!(trace, [7 + 40 * 41 / 2]);
        assert_eq!(saved.len(), 140);
        let (first, newest) = (saved[0], saved[1..].iter().map(|[_, newest]| *newest));
        assert_eq!(first[0], first[1], "the first one saves all");
        assert!(first[0] > 40 * 8, "{first:?}");
        // A frame of 4 words at most, and a link of 3.
        assert!(newest.clone().all(|newest| newest <= 28), "form {form}: {saved:?}");
        let most = saved.iter().map(|[all, _]| *all).max().unwrap();
        assert!(most <= first[0] + 28, "form {form}: {saved:?}");
    }
}

#[test]
fn what_is_saved_is_never_more_than_twice_what_lives() {
    // A function that stays on the stack makes deep calls again and again, and they return.
    let wasm = module(
        "(func $deep (param $n i32) (result i32)
           (if (i32.eqz (local.get $n)) (then (call $wait) (return (i32.const 1))))
           (i32.add (call $deep (i32.sub (local.get $n) (i32.const 1))) (local.get $n)))
         (func $stays (param $n i32) (result i32) (local $i i32) (local $sum i32)
           (if (local.get $n)
             (then (return (i32.add
               (call $stays (i32.sub (local.get $n) (i32.const 1))) (local.get $n)))))
           (local.set $i (i32.const 30))
           (loop $again
             (local.set $sum (i32.add (local.get $sum) (call $deep (local.get $i))))
             (call $wait)
             (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
           (local.get $sum))
         (func $program (call $trace (call $stays (i32.const 10))))",
    );
    let mut eager = Vec::new();
    for wasm in in_all_forms(&wasm).take(4) {
        let end_is_unused = 0x1_0000;
        eager.push(saved(&wasm, end_is_unused));
    }
    for (form, wasm) in flat(&wasm).iter().enumerate() {
        let (saved, trace) = saved(wasm, 0x1_0000);
        let (of_eager, trace_of_eager) = &eager[form];
        assert_eq!(&trace, trace_of_eager);
        // Besides, each frame has its number, and each segment a link.
        let most = of_eager.iter().map(|[all, _]| *all).max().unwrap();
        let depth = 10 + 30 + 2;
        for [all, _] in &saved {
            assert!(*all <= 2 * (most + 4 * depth) + 12 * depth, "form {form}: {all} {most}");
        }
    }
}

#[test]
fn who_sets_the_frames_back_ends_the_program() {
    // Each wait sets `start` back, and so loses all frames but its own.
    let program = "(func $down (param $n i32) (result i32)
           (if (local.get $n)
             (then
               (drop (call $down (i32.sub (local.get $n) (i32.const 1))))
               (call $wait)
               (return (local.get $n))))
           (call $wait)
           (i32.const 7))
         (func $program (call $trace (call $down (i32.const 3))))";
    let wasm = wat::parse_str(format!("(module $demo {SWITCH} {program})").replace(
        "(call $start_unwind (i32.const 16))",
        "(i32.store (i32.const 16) (i32.const 64)) (call $start_unwind (i32.const 16))",
    ));
    for wasm in flat(&wasm.unwrap()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("module");
        fs::write(&path, wasm).unwrap();
        let host = r"
            import { readFileSync } from 'node:fs';
            const module = new WebAssembly.Module(readFileSync(process.argv[1]));
            const host = { trace: (value) => console.log(value) };
            const { resume } = new WebAssembly.Instance(module, { host }).exports;
            try {
              for (let times = 0; times < 9 && resume(); times += 1) console.log('waits');
            } catch (error) {
              console.log(error.message);
            }";
        let mut node = Command::new("node");
        let output = node.args(["--input-type=module", "--eval", host]).arg(path).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "waits\nunreachable\n");
    }
}

#[test]
fn an_operand_that_was_read_from_a_local_is_saved_as_that() {
    // The bytes of the function's number and of the local.
    for (operand, bytes) in
        [("(local.get 0)", 8), ("(local.tee 0 (i32.const 5))", 8), ("(i32.eqz (local.get 0))", 12)]
    {
        let wasm = format!(
            r#"(module
                (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
                (memory 1)
                (func $wait (param i32) (call $start_unwind (i32.const 16)))
                (func $program (param i32) (result i32) (call $wait {operand}) (local.get 0)))"#
        );
        let wasm = wat::parse_str(wasm).unwrap();
        let plan = SuspendPlan {
            functions: [FunctionIndex(2)].into(),
            topmost: [FunctionIndex(1)].into(),
            flat: true,
            ..SuspendPlan::default()
        };
        let instrumented = instrument(&wasm, &plan, &mut Trail::default()).unwrap();
        crate::check::check(&wasm, &instrumented, &plan).unwrap();
        let text = wasmprinter::print_bytes(instrumented).unwrap();
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        let push = lines.iter().position(|line| *line == "call $asyncify_push").unwrap();
        assert_eq!(lines[push - 1], format!("i32.const {bytes}"), "{operand}");
    }
}

#[test]
fn whole_module() {
    // The checker's tests use this module, too.
    let wasm = wat::parse_str(include_str!("flat.wat")).unwrap();
    let program = Program::read(&wasm).unwrap();
    let analysis = Analysis::new(&program, &NoSuspend::default(), Precision::Types).unwrap();
    let plan = SuspendPlan::new(&program, &analysis);
    let by_type_only = program.named("entry").into_iter().collect();
    let plan = SuspendPlan { by_type_only, flat: true, ..plan };
    let instrumented = instrument(&wasm, &plan, &mut Trail::default()).unwrap();
    crate::check::check(&wasm, &instrumented, &plan).unwrap();
    let text = wasmprinter::print_bytes(instrumented).unwrap();
    assert_golden!("flat.expected.wat", text);
}
