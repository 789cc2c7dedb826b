//! References that are alive while a program is suspended: in Node, with several coroutines at once, in each form.
//! Each coroutine does what it does without waits.

use std::fs;
use std::process::Command;

use super::run::{in_all_forms, node};

mod objects;
mod types;

/// A switch for [`COROUTINES`] coroutines, which run `$program` with their number. The frames of each
/// have 1 kB. `$wait` traces its argument, waits, and returns 100 more.
const SWITCH: &str = r#"
    (global $data (mut i32) (i32.const 0))
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
      (call $start_unwind (global.get $data))
      (i32.const -1))
    (func (export "resume") (param $which i32) (result i32) (local $base i32)
      (local.set $base (i32.mul (i32.add (local.get $which) (i32.const 1)) (i32.const 1024)))
      (global.set $data (local.get $base))
      (if (i32.load (local.get $base))
        (then
          (global.set $is_rewinding (i32.const 1))
          (call $start_rewind (local.get $base)))
        (else
          (i32.store (local.get $base) (i32.add (local.get $base) (i32.const 16)))
          (i32.store offset=4 (local.get $base) (i32.add (local.get $base) (i32.const 1024)))))
      (call $program (local.get $which))
      (if (global.get $is_suspended)
        (then
          (global.set $is_suspended (i32.const 0))
          (call $stop_unwind)
          (return (i32.const 1))))
      (i32.const 0))"#;

/// The same without waits.
const NO_SWITCH: &str = r#"
    (func $wait (param $value i32) (result i32)
      (call $trace (local.get $value))
      (i32.add (local.get $value) (i32.const 100)))
    (func (export "resume") (param i32) (result i32)
      (call $program (local.get 0)) (i32.const 0))"#;

/// Runs coroutines in turn, and prints what each traced. References are printed by the names that they were made
/// with.
const HOST: &str = r#"
    import { readFileSync } from 'node:fs';
    const COROUTINES = 3;
    for (const file of process.argv.slice(1)) {
      const wasm = readFileSync(file);
      // Not all of Node knows all that programs can do.
      if (!WebAssembly.validate(wasm)) { console.log('unknown'); continue; }
      const traces = [];
      let which;
      const trace = (value) => {
        if (traces[which].push(value) > 9999) throw new Error('too much');
      };
      const asyncify = new Proxy({}, { get: () => () => {} });
      const host = {
        trace,
        make: (name) => ({ name: `${which}.${name}` }),
        see: (made) => trace(made === null ? 'null' : made.name),
      };
      const module = new WebAssembly.Module(wasm);
      const { resume, ...tables } = new WebAssembly.Instance(module, { host, asyncify }).exports;
      const waiting = [];
      for (which = 0; which < COROUTINES; which += 1) {
        traces[which] = [];
        if (resume(which)) waiting.push(which);
      }
      while (waiting.length > 0) {
        // The one that came last is not the one that goes first, nor the other way round.
        which = waiting.splice(traces.flat().length % waiting.length, 1)[0];
        if (resume(which)) waiting.push(which);
      }
      const kept = Object.values(tables).map((table) => {
        const places = Array.from({ length: table.length }, (_, at) => table.get(at));
        return `${places.filter((it) => it !== null).length} of ${table.length}`;
      });
      console.log([...traces.map((trace) => trace.join(' ')), ...kept].join('; '));
    }"#;

/// The output of a program that waits, with functions in each form; and without waits.
fn printed(program: &str) -> (Vec<String>, String) {
    let module = |switch: &str| {
        let text = format!(
            r#"(module
                (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
                (import "asyncify" "stop_unwind" (func $stop_unwind))
                (import "asyncify" "start_rewind" (func $start_rewind (param i32)))
                (import "asyncify" "stop_rewind" (func $stop_rewind))
                (import "host" "trace" (func $trace (param i32)))
                (import "host" "make" (func $make (param i32) (result externref)))
                (import "host" "see" (func $see (param externref)))
                (memory 1) (tag $error (param i32))
                {switch} {program})"#
        );
        wat::parse_str(text).unwrap()
    };
    let waiting = module(SWITCH);
    let modules = in_all_forms(&waiting).map(|wasm| with_exports(&wasm));
    let modules = modules.chain([module(NO_SWITCH)]);
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
    let mut printed: Vec<_> = printed.lines().map(str::to_owned).collect();
    let plain = printed.pop().unwrap();
    (printed, plain)
}

/// The module with its tables exported, if JavaScript may see their contents.
fn with_exports(wasm: &[u8]) -> Vec<u8> {
    let text = wasmprinter::print_bytes(wasm).unwrap();
    let exports = ["extern", "func", "any"].map(|kind| {
        let table = format!(" 16 {kind}ref)");
        let at = text.lines().filter(|line| line.trim_start().starts_with("(table "));
        let number = at.clone().position(|line| line.ends_with(&table));
        number.map(|number| format!("(export \"{kind}\" (table {number}))")).unwrap_or_default()
    });
    let end = text.rfind(')').unwrap();
    wat::parse_str(format!("{}{})", &text[..end], exports.concat())).unwrap()
}

/// Checks that a program does the same with waits and without. Afterwards its tables must be empty, with `most`
/// places at most.
#[track_caller]
fn check(expected: &str, most: u32, program: &str) {
    let (waiting, plain) = printed(program);
    if plain == "unknown" && std::env::var_os("NODE").is_none() {
        eprintln!("skipped: this Node is too old, and none is given in `NODE`");
        return;
    }
    assert_eq!(plain.split("; ").next().unwrap(), expected);
    for (form, waiting) in waiting.iter().enumerate() {
        let rest = waiting.strip_prefix(&plain);
        let rest = rest.unwrap_or_else(|| panic!("{form}: {waiting}\ninstead of {plain}"));
        for table in rest.split("; ").skip(1) {
            let places = table.strip_prefix("0 of ").map(|places| places.parse::<u32>().unwrap());
            assert!(places.is_some_and(|places| places <= most), "{form}: {table}");
        }
    }
}

#[test]
fn locals_and_parameters() {
    check(
        "1 0.7 null 2 0.7 102 0.8",
        32,
        "(func $program (param $which i32) (local $x externref) (local $null externref)
          (local.set $x (call $make (i32.const 7)))
          (drop (call $wait (i32.const 1)))
          (call $see (local.get $x))
          (call $see (local.get $null))
          (call $passed (local.get $x) (call $make (i32.const 8))))
        (func $passed (param $x externref) (param $y externref) (local $number i32)
          (local.set $number (call $wait (i32.const 2)))
          (call $see (local.get $x))
          (call $trace (local.get $number))
          (call $see (local.get $y)))",
    );
}

#[test]
fn operands_and_results() {
    check(
        "1 101 2 0.4 0.3 0.5 0.6",
        32,
        "(func $several (param i32 externref) (result externref i32 externref)
          (local.get 1)
          (call $wait (local.get 0))
          (call $make (i32.const 5)))
        (func $one (param i32) (result externref)
          (drop (call $wait (local.get 0)))
          (call $make (i32.const 4)))
        (func $program (param $which i32) (local $five externref)
          (call $make (i32.const 6))
          (call $several (i32.const 1) (call $make (i32.const 3)))
          (local.set $five)
          (call $trace)
          (call $one (i32.const 2))
          (call $see)
          (call $see)
          (call $see (local.get $five))
          (call $see))",
    );
}

#[test]
fn functions() {
    check(
        "1 2 101 3 102 101 7",
        32,
        "(type $unary (func (param i32) (result i32)))
        (table $called 2 funcref) (elem declare func $wait $add)
        (func $add (param i32) (result i32) (i32.add (local.get 0) (i32.const 100)))
        (func $program (param $which i32) (local $x funcref) (local $null funcref)
          (local.set $x (ref.func $add))
          (local.set $null (ref.null func))
          (table.set $called (i32.const 0) (ref.func $wait))
          (drop (call_indirect $called (type $unary) (i32.const 1) (i32.const 0)))
          (i32.const 1)
          (local.get $x)
          (drop (call $wait (i32.const 2)))
          (table.set $called)
          (call $trace (call_indirect $called (type $unary) (i32.const 1) (i32.const 1)))
          (drop (call $wait (i32.const 3)))
          (table.set $called (i32.const 1) (local.get $x))
          (call $trace (call_indirect $called (type $unary) (i32.const 2) (i32.const 1)))
          (call $trace (i32.add (i32.const 100) (ref.is_null (local.get $null))))
          (call $trace (i32.const 7)))",
    );
}

#[test]
fn loops_and_branches() {
    check(
        "0 0.0 1 0.0 0.1 2 0.1 0.2 3 0.2 0.3 9 0.4",
        32,
        "(func $program (param $which i32)
            (local $i i32) (local $last externref) (local $new externref)
          (loop $again
            (local.set $new (call $make (local.get $i)))
            (drop (call $wait (local.get $i)))
            (if (local.get $i) (then (call $see (local.get $last))))
            (call $see (local.get $new))
            (local.set $last (local.get $new))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $i) (i32.const 4))))
          (call $see
            (block $chosen (result externref)
              (br_if $chosen (call $make (local.get $i)) (call $wait (i32.const 9)))
              (drop)
              (ref.null extern))))",
    );
}

/// Three references are alive at each of 1000 waits of three coroutines. All of them are in 16 places
/// at most, half of them free.
#[test]
fn places_are_free_afterwards() {
    let program = "(func $program (param $which i32) (local $i i32) (local $x externref)
          (local.set $x (call $make (i32.const 7)))
          (loop $again
            (drop (call $make (i32.const 8)) (drop (call $wait (i32.const 1))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $i) (i32.const 1000))))
          (call $see (local.get $x)))";
    check(&format!("{}0.7", "1 ".repeat(1000)), 32, program);
}

/// Eight references in each of three coroutines need 64 places, because half of them stay free.
#[test]
fn tables_grow() {
    check(
        "8 7 6 5 4 3 2 1 0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8",
        64,
        "(func $program (param $which i32) (call $down (i32.const 8)))
        (func $down (param $n i32) (local $x externref)
          (local.set $x (call $make (local.get $n)))
          (drop (call $wait (local.get $n)))
          (if (local.get $n) (then
            (call $down (i32.sub (local.get $n) (i32.const 1)))
            (call $see (local.get $x)))))",
    );
}

/// A program that keeps a copy of suspended frames, and resumes that too, traps: the references are gone.
#[test]
fn a_frame_is_rewound_but_once() {
    let wasm = wat::parse_str(
        r#"(module
        (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
        (import "asyncify" "start_rewind" (func $start_rewind (param i32)))
        (import "asyncify" "stop_rewind" (func $stop_rewind))
        (import "asyncify" "stop_unwind" (func $stop_unwind))
        (memory 1)
        (global $is_rewinding (mut i32) (i32.const 0))
        (global $pointers (mut i64) (i64.const 0))
        (func $wait
          (if (global.get $is_rewinding)
            (then (global.set $is_rewinding (i32.const 0)) (call $stop_rewind))
            (else (call $start_unwind (i32.const 16)))))
        (func $holds (param externref) (result externref) (call $wait) (local.get 0))
        (func (export "wait") (param externref)
          (i64.store (i32.const 16) (i64.const 0x1_0000_0000_0040))
          (drop (call $holds (local.get 0)))
          (call $stop_unwind)
          (global.set $pointers (i64.load (i32.const 16))))
        (func (export "resume") (result externref)
          (i64.store (i32.const 16) (global.get $pointers))
          (global.set $is_rewinding (i32.const 1))
          (call $start_rewind (i32.const 16))
          (call $holds (ref.null extern))))"#,
    );
    for instrumented in in_all_forms(wasm.as_ref().unwrap()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("module");
        fs::write(&path, instrumented).unwrap();
        let host = r"
            import { readFileSync } from 'node:fs';
            const module = new WebAssembly.Module(readFileSync(process.argv[1]));
            const { wait, resume } = new WebAssembly.Instance(module).exports;
            const kept = {};
            wait(kept);
            console.log(resume() === kept);
            try { resume(); } catch (error) { console.log(error.message); }";
        let output = Command::new(node())
            .args(["--input-type=module", "--eval", host])
            .arg(path)
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        assert_eq!(printed, "true\nunreachable\n", "{}", String::from_utf8_lossy(&output.stderr));
    }
}
