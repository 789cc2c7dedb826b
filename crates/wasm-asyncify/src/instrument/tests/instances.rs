//! Suspended frames belong to a memory, and not to an instance. Two instances can share a memory, each with something
//! suspended, and a copy of the memory can continue in another instance.

use std::fs;
use std::process::Command;

use super::run::{in_all_forms, node};

/// `$base` is the address of `data`. The memory is shared, and there are waits at all depths: in a loop, and after
/// callees have returned.
const MODULE: &str = r#"(module
    (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
    (import "asyncify" "stop_unwind" (func $stop_unwind))
    (import "asyncify" "start_rewind" (func $start_rewind (param i32)))
    (import "asyncify" "stop_rewind" (func $stop_rewind))
    (import "host" "trace" (func $trace (param i32)))
    (import "host" "memory" (memory 1 1 shared))
    (import "host" "base" (global $base i32))
    (global $is_suspended (export "is_suspended") (mut i32) (i32.const 0))
    (global $is_rewinding (mut i32) (i32.const 0))
    (func $wait
      (if (global.get $is_rewinding)
        (then
          (global.set $is_rewinding (i32.const 0))
          (call $stop_rewind)
          (return)))
      (global.set $is_suspended (i32.const 1))
      (call $start_unwind (global.get $base)))
    (func (export "resume") (result i32)
      (if (global.get $is_suspended)
        (then
          (global.set $is_suspended (i32.const 0))
          (global.set $is_rewinding (i32.const 1))
          (call $start_rewind (global.get $base))))
      (call $program)
      (if (global.get $is_suspended) (then (call $stop_unwind)))
      (global.get $is_suspended))
    (func $down (param $n i32) (result i32) (local $i i32)
      (if (local.get $n)
        (then
          (local.set $i (call $down (i32.sub (local.get $n) (i32.const 1))))
          (call $wait)
          (call $trace (local.get $i))
          (return (i32.add (local.get $i) (local.get $n)))))
      (local.set $i (i32.const 3))
      (loop $again
        (call $wait)
        (call $trace (local.get $i))
        (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
      (global.get $base))
    (func $program
      (call $trace (call $down (i32.const 4)))
      (call $wait)
      (call $trace (i32.add (call $down (i32.const 2)) (call $down (i32.const 5))))))"#;

/// The beginning of every host below.
const HOST: &str = r"
    import { readFileSync } from 'node:fs';
    const module = new WebAssembly.Module(readFileSync(process.argv[1]));
    const words = (memory) => new Uint32Array(memory.buffer);
    const newMemory = () => new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const instance = (memory, base, trace = []) => {
      const host = { memory, base, trace: (value) => trace.push(value) };
      return { trace, ...new WebAssembly.Instance(module, { host }).exports };
    };
    const one = () => {
      const memory = newMemory();
      words(memory).set([64, 30_000], 4);
      return { memory, it: instance(memory, 16) };
    };
    const finish = (it) => { while (it.resume()); return it.trace.join(); };
    const expected = finish(one().it);";

/// Runs a host with the module in each form; the host prints `true`.
fn check(host: &str) {
    let wasm = wat::parse_str(MODULE).unwrap();
    for (form, wasm) in in_all_forms(&wasm).enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("module");
        fs::write(&path, wasm).unwrap();
        let mut command = Command::new(node());
        let output = command
            .args(["--input-type=module", "--eval", &format!("{HOST}{host}")])
            .arg(path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "true\n", "form {form}: {said}");
    }
}

#[test]
fn two_instances_suspend_in_one_memory() {
    check(
        r"
        const memory = newMemory();
        words(memory).set([64, 30_000], 4);
        words(memory).set([30_000, 65_536], 8);
        const [a, b] = [instance(memory, 16), instance(memory, 32)];
        let [goesOn, goesOnToo] = [true, true];
        for (let turn = 0; goesOn || goesOnToo; turn += 1) {
          if (goesOn && turn % 3 !== 0) goesOn = a.resume() !== 0;
          if (goesOnToo && turn % 2 === 0) goesOnToo = b.resume() !== 0;
        }
        // One adds 16, and the other 32.
        const other = b.trace.map((value) => (value > 15 ? value - 16 : value));
        const last = b.trace.length - 1;
        other[last] -= 16;
        console.log(a.trace.join() === expected && other.join() === expected);",
    );
}

#[test]
fn what_is_suspended_goes_on_in_another_instance_as_well() {
    check(
        r"
        let [copies, same] = [0, true];
        for (let waits = 1; ; waits += 1) {
          const { memory, it } = one();
          let goesOn = true;
          for (let count = 0; count < waits && goesOn; count += 1) goesOn = it.resume() !== 0;
          if (!goesOn) break;
          const copy = newMemory();
          words(copy).set(words(memory));
          const other = instance(copy, 16, [...it.trace]);
          other.is_suspended.value = it.is_suspended.value;
          same &&= finish(other) === expected && finish(it) === expected;
          copies += 1;
        }
        console.log(same && copies > 10);",
    );
}
