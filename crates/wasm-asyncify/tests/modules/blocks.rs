//! Blocks with parameters, suspended inside.

use wasm_asyncify::analysis::{Choice, Imports};
use wasm_asyncify::{Options, Output, Producer, transform};

use crate::host::{self, Waits};

/// Each function calls an import while operands are on the stack, or are passed to a block. Import 1 takes and
/// returns an i32.
const PROGRAM: &str = r#"(module
    (import "env" "1" (func $f (param i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "block") (result i32)
        (i32.const 1) (i32.const 2)
        (block (param i32 i32) (result i32) (i32.add (call $f)) (call $f)))
    (func (export "results") (result i32 i32)
        (i32.const 1)
        (block (param i32) (result i32 i32) (call $f) (call $f (i32.const 7))))
    (func (export "loop") (result i32) (local $n i32)
        (i32.const 10) (i32.const 20)
        (loop (param i32 i32) (result i32)
            (i32.add (call $f))
            (call $f (i32.const 3))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get $n) (i32.const 4)))
            (i32.add)))
    (func (export "branch") (result i32) (local $n i32)
        (i32.const 5)
        (loop (param i32) (result i32)
            (call $f)
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (if (param i32) (result i32) (i32.lt_u (local.get $n) (i32.const 3))
                (then (br 1 (call $f))))
            (call $f)))
    (func (export "else") (result i32)
        (i32.const 5)
        (if (param i32) (result i32) (i32.const 0)
            (then (call $f (i32.const 1)) (i32.add))
            (else (call $f))))
    (func (export "table") (result i32) (local $n i32)
        (i32.const 100)
        (block $out (param i32) (result i32)
            (loop $outer (param i32) (result i32)
                (call $f)
                (loop $inner (param i32) (result i32)
                    (call $f)
                    (local.set $n (i32.add (local.get $n) (i32.const 1)))
                    (br_table $inner $outer $inner $outer $out (local.get $n)))))))"#;

fn made(plain: &[u8]) -> Output {
    let options = Options {
        producer: Producer::Any,
        choice: Choice { imports: Imports::All, ..Choice::default() },
        driven_by_host: true,
        verify: true,
        ..Options::default()
    };
    transform(plain, &options).unwrap()
}

#[test]
fn what_waits_on_the_stack_or_is_passed_on_is_there_again() {
    let plain = wat::parse_str(PROGRAM).unwrap();
    let made = made(&plain);
    assert_eq!(made.instrumented, 6);
    let expected = host::run(&plain, Waits::Never).unwrap();
    let found = host::run(&made.module, Waits::PutAside).unwrap();
    assert_eq!(found.log, expected.log);
    let calls = found.log.iter().filter(|entry| entry.starts_with("import")).count();
    assert_eq!(found.suspended, calls);
    let ends: Vec<_> = found.log.iter().filter(|entry| !entry.starts_with("import")).collect();
    assert_eq!(ends.len(), 6);
    assert!(ends.iter().all(|end| end.contains("I32(")), "{ends:#?}");
}

/// The results have the types that the operands have, and the same positions on the stack.
#[test]
fn several_results_do_not_replace_what_the_call_is_made_with() {
    let text = r#"(module
        (import "env" "1" (func $f (param i32) (result i32)))
        (type $two (func (result i32 i32)))
        (type $takes (func (param i32 i32) (result i32 i32)))
        (memory (export "memory") 1)
        (table 3 funcref) (elem (i32.const 1) $two $takes)
        (func $two (type $two) (call $f (i32.const 10)) (call $f (i32.const 20)))
        (func $takes (type $takes) (call $f (local.get 0)) (call $f (local.get 1)))
        (func (export "callee") (result i32)
            (call_indirect (type $two) (i32.add (i32.const 1) (i32.const 0)))
            (i32.sub))
        (func (export "below") (result i32)
            (call $f (i32.const 3))
            (call_indirect (type $two) (call $f (i32.const 4)) (drop) (i32.const 1))
            (i32.sub) (i32.add))
        (func (export "arguments") (result i32)
            (call $f (i32.const 5)) (call $f (i32.const 6))
            (call_indirect (type $takes) (i32.const 2))
            (i32.sub)))"#;
    let plain = wat::parse_str(text).unwrap();
    let expected = host::run(&plain, Waits::Never).unwrap();
    let found = host::run(&made(&plain).module, Waits::PutAside).unwrap();
    assert_eq!(found.log, expected.log);
    assert_eq!((found.suspended, found.log.len()), (10, 13));
}

#[test]
fn what_is_in_a_try_is_checked_too() {
    let text = r#"(module
        (import "env" "1" (func $f (param i32) (result i32)))
        (memory 1) (tag $tag (param i32))
        (func (export "try") (result i32)
            (i32.const 1)
            (block $caught (result i32)
                (i32.const 2)
                (try_table (param i32) (result i32) (catch $tag $caught) (throw $tag (call $f))))
            (i32.add)))"#;
    assert_eq!(made(&wat::parse_str(text).unwrap()).instrumented, 1);
}
